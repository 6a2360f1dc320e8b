//! Fault injection: makes a task fail, or fail after it has done its work, or kills the writer between two commits.
//!
//! A public tool for tests, as a saga engine owes its users: what must hold whatever fails can be tried here step by step.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What goes wrong, once each.
#[derive(Debug, Default)]
pub struct Faults {
    pub(crate) halt_after_commits: Option<u64>,
    armed: AtomicBool,
    tasks: Mutex<HashMap<String, TaskFault>>,
}

/// How a task goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskFault {
    /// It fails and has done nothing.
    Fail,
    /// It does its work and fails then, as when its answer is lost.
    LoseAnswer,
}

/// The error that an injected fault has.
pub(crate) const INJECTED: &str = "InjectedFault";

impl Faults {
    /// The writer dies right after that many commits without a word to anybody, as a killed process does.
    #[must_use]
    pub fn halting_after(commits: u64) -> Self {
        Self {
            halt_after_commits: Some(commits),
            ..Self::default()
        }
    }

    /// Makes the next task of the state of this name go wrong.
    pub fn inject(&self, state: &str, fault: TaskFault) {
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(state.to_owned(), fault);
        self.armed.store(true, Ordering::Release);
    }

    /// Whether every fault that was injected has struck.
    #[must_use]
    pub fn all_struck(&self) -> bool {
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    pub(crate) fn strike(&self, state: &str) -> Option<TaskFault> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(state)
    }
}
