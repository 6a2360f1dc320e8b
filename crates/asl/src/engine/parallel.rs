//! The Parallel state.

use super::Engine;
use crate::Value;
use crate::failure::Failure;
use crate::history::HistoryEventKind as Event;
use crate::model::StateIndex;
use crate::payload::Variables;
use crate::snapshot::{Activity, Branch, BranchId, Parent, Results};

impl Engine<'_> {
    pub(super) fn start_parallel(&mut self, id: BranchId, starts: &[StateIndex]) -> Result<(), Failure> {
        let input = self.effective_input(id)?;
        let size = self
            .admit(&input)
            .ok_or_else(|| Failure::too_large("Parameters").fatal())?;
        self.record(id, Event::ParallelStateStarted);
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.activity = Activity::Parallel(Results::of(starts.len()));
        }
        for (index, start) in (0_u32..).zip(starts) {
            let child = self.add_branch(Parent { branch: id, index }, *start, input.clone(), size.bytes);
            if let Some(child) = child {
                self.ready.push_back(child);
            }
        }
        Ok(())
    }

    /// Adds a branch inside another one's state; its history goes on from there.
    pub(super) fn add_branch(
        &mut self,
        parent: Parent,
        start: StateIndex,
        input: Value,
        input_bytes: usize,
    ) -> Option<BranchId> {
        let outer = self.snapshot.branch(parent.branch)?;
        let (last_event, unrecorded) = (outer.last_event, outer.unrecorded);
        let id = self.snapshot.last_branch.checked_add(1)?;
        self.snapshot.last_branch = id;
        self.snapshot.branches.push(Branch {
            id,
            parent: Some(parent),
            state: start,
            input,
            input_bytes,
            variables: Variables::new(),
            variable_bytes: 0,
            last_event,
            entered_event: last_event,
            entered_at: self.at,
            retries: Vec::new(),
            unrecorded,
            activity: Activity::Enter,
        });
        Some(id)
    }

    pub(super) fn parallel_branch_succeeded(&mut self, id: BranchId, parent: Parent, output: Value) {
        self.remove(id);
        if let Err(failure) = self.keep_branch_result(parent, output) {
            self.fail_state(parent.branch, failure);
        }
    }

    /// Keeps a branch's result, and leaves the Parallel state with the last one.
    fn keep_branch_result(&mut self, parent: Parent, output: Value) -> Result<(), Failure> {
        let Some(state) = self.state(parent.branch) else {
            return Ok(());
        };
        let activity = self
            .snapshot
            .branch_mut(parent.branch)
            .map(|outer| &mut outer.activity);
        let Some(Activity::Parallel(results)) = activity else {
            return Ok(());
        };
        results
            .keep(parent.index, output)
            .ok_or_else(|| Failure::too_large(&state.name).fatal())?;
        if !results.are_complete() {
            return Ok(());
        }
        let result = results.take();
        self.record(parent.branch, Event::ParallelStateSucceeded);
        self.complete_state(parent.branch, result)
    }

    pub(super) fn parallel_branch_failed(&mut self, id: BranchId, parent: Parent, failure: Failure) {
        self.remove(id);
        match self.state(parent.branch) {
            Some(state) => self.fail_container(parent.branch, state, failure),
            None => self.finish_failed(&failure),
        }
    }
}
