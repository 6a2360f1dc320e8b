//! The first snapshot of an execution.

use jiff::SignedDuration;

use super::Engine;
use crate::failure::Failure;
use crate::history::HistoryEventKind;
use crate::payload::Variables;
use crate::snapshot::{Activity, Branch, Execution, Slot, Version};
use crate::{Definition, Snapshot, Start};

/// An execution that is about to enter its first state.
pub(super) fn snapshot(definition: &Definition, start: Start) -> Snapshot {
    let machine = definition.machine();
    let input = start.input;
    let timeout = machine
        .timeout_s
        .and_then(|timeout_s| i64::try_from(timeout_s).ok());
    Snapshot {
        version: Version,
        definition: definition.fingerprint(),
        execution: Execution {
            arn: start.execution_arn,
            name: start.execution_name,
            machine_arn: start.machine_arn,
            machine_name: start.machine_name,
            role_arn: start.role_arn,
            started_at: start.at,
            deadline: timeout
                .and_then(|timeout_s| start.at.checked_add(SignedDuration::from_secs(timeout_s)).ok()),
            input: if machine.reads_execution_input {
                Slot::Holds(input.clone())
            } else {
                Slot::Empty
            },
        },
        last_event: 0,
        unrecorded_events: 0,
        last_task: 0,
        last_branch: 0,
        visits: Vec::new(),
        branches: vec![Branch {
            id: 0,
            parent: None,
            state: machine.start,
            input,
            input_bytes: 0,
            variables: Variables::new(),
            variable_bytes: 0,
            last_event: 0,
            entered_event: 0,
            entered_at: start.at,
            retries: Vec::new(),
            unrecorded: false,
            activity: Activity::Enter,
        }],
        outcome: None,
    }
}

impl Engine<'_> {
    /// Tells the history that the execution started, and lets it go on if its input may be a payload.
    pub(super) fn begin(&mut self) {
        let Some(input) = self.snapshot.branch(0).map(|root| root.input.clone()) else {
            return;
        };
        let role_arn = self.snapshot.execution.role_arn.clone();
        self.record_with(0, || HistoryEventKind::ExecutionStarted {
            input: input.clone(),
            role_arn,
        });
        let size = self.admit(&input);
        match (size, self.snapshot.branch_mut(0)) {
            (Some(size), Some(root)) => {
                root.input_bytes = size.bytes;
                self.ready.push_back(0);
            }
            (None, _) | (_, None) => self.finish_failed(&Failure::too_large("input").fatal()),
        }
    }
}
