//! Telling the history, and ending the execution.

use super::{Engine, Recording};
use crate::failure::Failure;
use crate::history::{ErrorDetails, HistoryEvent, HistoryEventKind};
use crate::limits::{MAX_HISTORY_EVENTS, MAX_UNRECORDED_EVENTS};
use crate::snapshot::{Activity, BranchId, Slot};
use crate::{Effect, Outcome, Value};

impl Engine<'_> {
    /// Adds an event to the history of a branch and gives its id. When the history is full the execution fails
    /// instead.
    pub(super) fn record(&mut self, id: BranchId, kind: HistoryEventKind) -> u64 {
        self.record_with(id, || kind)
    }

    /// As [`record`](Self::record), for an event that costs something to make: it is made only when it is kept.
    pub(super) fn record_with(&mut self, id: BranchId, kind: impl FnOnce() -> HistoryEventKind) -> u64 {
        let Some(branch) = self.snapshot.branch(id) else {
            return 0;
        };
        if self.snapshot.outcome.is_some() {
            return branch.last_event;
        }
        if branch.unrecorded {
            return self.count_unrecorded(branch.last_event);
        }
        if self.snapshot.last_event >= MAX_HISTORY_EVENTS - 1 {
            let cause =
                format!("The execution reached the maximum number of history events ({MAX_HISTORY_EVENTS}).");
            let last_event = branch.last_event;
            self.finish_failed(&Failure::runtime(cause));
            return last_event;
        }
        let previous_event_id = branch.last_event;
        let event = self.append(previous_event_id, kind);
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.last_event = event;
        }
        event
    }

    fn count_unrecorded(&mut self, last_event: u64) -> u64 {
        self.events += 1;
        self.snapshot.unrecorded_events = self.snapshot.unrecorded_events.saturating_add(1);
        if self.snapshot.unrecorded_events > MAX_UNRECORDED_EVENTS {
            let cause =
                format!("The children of the Map states had more than {MAX_UNRECORDED_EVENTS} events.");
            self.finish_failed(&Failure::runtime(cause));
        }
        last_event
    }

    fn append(&mut self, previous_event_id: u64, kind: impl FnOnce() -> HistoryEventKind) -> u64 {
        self.events += 1;
        let id = self.snapshot.last_event.saturating_add(1);
        self.snapshot.last_event = id;
        if self.recording == Recording::Kept {
            self.history.push(HistoryEvent {
                timestamp: self.at,
                id,
                previous_event_id,
                kind: kind(),
            });
        }
        id
    }

    /// Ends the execution.
    fn finish(&mut self, last_event: HistoryEventKind, outcome: Outcome) {
        if self.snapshot.outcome.is_some() {
            return;
        }
        for branch in std::mem::take(&mut self.snapshot.branches) {
            if let Activity::Task(task) = branch.activity {
                self.emit(Effect::Cancel(task.id));
            }
        }
        let previous = self.snapshot.last_event;
        self.append(previous, || last_event);
        self.snapshot.execution.input = Slot::Empty;
        self.snapshot.outcome = Some(outcome.clone());
        self.emit(Effect::Finished(outcome));
    }

    pub(super) fn finish_failed(&mut self, failure: &Failure) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let outcome = Outcome::Failed {
            error: text(&failure.error),
            cause: text(&failure.cause),
        };
        self.finish(HistoryEventKind::ExecutionFailed(failure.details()), outcome);
    }

    pub(super) fn finish_succeeded(&mut self, output: Value) {
        let kind = HistoryEventKind::ExecutionSucceeded {
            output: output.clone(),
        };
        self.finish(kind, Outcome::Succeeded { output });
    }

    pub(super) fn abort(&mut self, error: String, cause: String) {
        let present = |text: &String| (!text.is_empty()).then(|| text.clone());
        let details = ErrorDetails {
            error: present(&error),
            cause: present(&cause),
        };
        self.finish(
            HistoryEventKind::ExecutionAborted(details),
            Outcome::Aborted { error, cause },
        );
    }

    pub(super) fn time_out(&mut self) {
        let error = "States.Timeout".to_owned();
        let details = ErrorDetails {
            error: Some(error.clone()),
            cause: None,
        };
        let outcome = Outcome::TimedOut {
            error,
            cause: String::new(),
        };
        self.finish(HistoryEventKind::ExecutionTimedOut(details), outcome);
    }
}
