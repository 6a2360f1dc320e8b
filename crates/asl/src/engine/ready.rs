//! The branches that can go on, in turn.

use std::collections::VecDeque;

use crate::snapshot::BranchId;

/// A queue whose first place takes no memory of its own: most executions have one branch.
#[derive(Default)]
pub(super) struct Ready {
    /// Empty only when there are no others either.
    first: Option<BranchId>,
    others: VecDeque<BranchId>,
}

impl Ready {
    pub(super) fn push_back(&mut self, id: BranchId) {
        if self.first.is_none() {
            self.first = Some(id);
        } else {
            self.others.push_back(id);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<BranchId> {
        let id = self.first.take()?;
        self.first = self.others.pop_front();
        Some(id)
    }
}
