//! The step function: takes a snapshot and an event to the next snapshot, the history in between and the effects.
//!
//! Branches that can go on stand in a queue; each in turn goes through one state, so that branches advance side by
//! side. A step that has done its share leaves the rest in the snapshot, whose `wake_at` then asks to go on at once.

mod answer;
mod chance;
mod context;
mod decide;
mod fail;
mod flow;
mod map;
mod parallel;
mod simple;
mod task;
mod view;
mod wait;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::history::{ErrorDetails, HistoryEvent, HistoryEventKind, Payload};
use crate::limits::{MAX_HISTORY_EVENTS, MAX_UNRECORDED_EVENTS, STEP_BYTES, STEP_EVENTS, Size};
use crate::model::{Machine, State};
use crate::snapshot::{Activity, Branch, BranchId, Execution, Slot, Version};
use crate::{Definition, Effect, Event, EventKind, Outcome, Snapshot, Start, Step};

use chance::Chance;
pub(crate) use task::open_calls;

/// Starts an execution.
///
/// The input is refused with a failed execution, not with a panic, when it is larger than 256 KiB as JSON text or
/// nested deeper than [`MAX_PAYLOAD_DEPTH`](crate::limits::MAX_PAYLOAD_DEPTH).
pub fn start(definition: &Definition, start: Start) -> Step {
    start_with(definition, start, Recording::Kept)
}

/// As [`start`], but the step's history stays empty.
///
/// Events are counted and numbered all the same, so that the snapshots are those that [`start`] and [`step`] give: a
/// caller that keeps the events can tell the history later by taking the execution through them once more.
pub fn start_without_history(definition: &Definition, start: Start) -> Step {
    start_with(definition, start, Recording::Dropped)
}

fn start_with(definition: &Definition, start: Start, recording: Recording) -> Step {
    let machine = definition.machine();
    let input: Payload = Arc::new(start.input);
    let timeout_s = machine
        .timeout_s
        .and_then(|timeout_s| i64::try_from(timeout_s).ok());
    let snapshot = Snapshot {
        version: Version,
        definition: definition.fingerprint(),
        execution: Execution {
            arn: start.execution_arn.into(),
            name: start.execution_name.into(),
            machine_arn: start.machine_arn.into(),
            machine_name: start.machine_name.into(),
            role_arn: start.role_arn.into(),
            started_at: start.at,
            deadline: timeout_s
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
        branches: Vec::with_capacity(1),
        outcome: None,
    };
    let mut engine = Engine::new(machine, snapshot, start.at, start.seed, recording);
    engine.snapshot.branches.push(Branch {
        id: 0,
        parent: None,
        state: machine.start,
        input: input.clone(),
        input_size: Size { bytes: 0, depth: 0 },
        variables: Map::new(),
        variable_bytes: 0,
        last_event: 0,
        entered_event: 0,
        entered_at: start.at,
        retries: Vec::new(),
        unrecorded: false,
        activity: Activity::Enter,
    });
    let role_arn = engine.snapshot.execution.role_arn.clone();
    engine.record(
        0,
        HistoryEventKind::ExecutionStarted {
            input: input.clone(),
            role_arn,
        },
    );
    match engine.admit(&input) {
        Some(size) => {
            if let Some(branch) = engine.snapshot.branch_mut(0) {
                branch.input_size = size;
            }
            engine.ready.push_back(0);
        }
        None => engine.finish_failed(&Failure::too_large("input").fatal()),
    }
    engine.run()
}

/// Takes an execution one event further.
///
/// An event that is out of date changes nothing: one for a task that nobody waits for, or for an execution that is
/// over, gives the same snapshot back with no history and no effects.
pub fn step(definition: &Definition, snapshot: Snapshot, event: Event) -> Step {
    step_with(definition, snapshot, event, Recording::Kept)
}

/// As [`step`], but the step's history stays empty; see [`start_without_history`].
pub fn step_without_history(definition: &Definition, snapshot: Snapshot, event: Event) -> Step {
    step_with(definition, snapshot, event, Recording::Dropped)
}

fn step_with(definition: &Definition, snapshot: Snapshot, event: Event, recording: Recording) -> Step {
    let mut engine = Engine::new(definition.machine(), snapshot, event.at, event.seed, recording);
    if engine.snapshot.outcome.is_some() {
        return engine.into_step();
    }
    if engine.snapshot.definition != definition.fingerprint() {
        engine.finish_failed(&Failure::runtime(
            "The execution was started with another definition.",
        ));
        return engine.into_step();
    }
    let deadline = engine.snapshot.execution.deadline;
    if deadline.is_some_and(|deadline| deadline <= event.at)
        && !matches!(event.kind, EventKind::Aborted { .. })
    {
        engine.time_out();
        return engine.into_step();
    }
    match event.kind {
        EventKind::TaskSucceeded { task, output } => engine.task_succeeded(task, output),
        EventKind::TaskFailed { task, error, cause } => {
            engine.task_failed(task, Failure::reported(error, cause));
        }
        EventKind::TaskSubmitted { task, output } => engine.task_submitted(task, output),
        EventKind::Heartbeat { task } => engine.heartbeat(task),
        EventKind::Woken => engine.wake(),
        EventKind::Aborted { error, cause } => engine.abort(error, cause),
    }
    engine.run()
}

/// Whether a step gives out the history events that it numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recording {
    Kept,
    Dropped,
}

/// One step while it is being made.
struct Engine<'d> {
    machine: &'d Machine,
    snapshot: Snapshot,
    at: Timestamp,
    chance: Chance,
    recording: Recording,
    history: Vec<HistoryEvent>,
    effects: Vec<Effect>,
    /// The branches that can go on, in turn.
    ready: VecDeque<BranchId>,
    /// How many bytes of payload went through states in this step.
    bytes: usize,
    /// How many events this step had, in the history or not.
    events: usize,
}

impl<'d> Engine<'d> {
    fn new(
        machine: &'d Machine,
        snapshot: Snapshot,
        at: Timestamp,
        seed: u64,
        recording: Recording,
    ) -> Engine<'d> {
        Engine {
            machine,
            snapshot,
            at,
            chance: Chance::new(seed),
            recording,
            history: Vec::new(),
            effects: Vec::new(),
            ready: VecDeque::new(),
            bytes: 0,
            events: 0,
        }
    }

    fn into_step(self) -> Step {
        Step {
            snapshot: self.snapshot,
            history: self.history,
            effects: self.effects,
        }
    }

    /// Takes every branch that is ready through its states until all wait, the execution is over, or the step has done
    /// its share.
    fn run(mut self) -> Step {
        while self.snapshot.outcome.is_none() && !self.has_done_its_share() {
            let Some(id) = self.ready.pop_front() else { break };
            self.advance(id);
        }
        self.into_step()
    }

    fn has_done_its_share(&self) -> bool {
        self.events >= STEP_EVENTS || self.bytes >= STEP_BYTES
    }

    /// Takes one branch through one state.
    fn advance(&mut self, id: BranchId) {
        let Some(branch) = self.snapshot.branch(id) else {
            return;
        };
        let result = match branch.activity {
            Activity::Enter => self.enter(id),
            Activity::Retry => self.attempt(id),
            Activity::Wait { .. }
            | Activity::BackOff { .. }
            | Activity::Task(_)
            | Activity::Parallel(_)
            | Activity::Map(_) => Ok(()),
        };
        if let Err(failure) = result {
            self.fail_state(id, failure);
        }
    }

    fn enter(&mut self, id: BranchId) -> Result<(), Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        let Some(branch) = self.snapshot.branch(id) else {
            return Ok(());
        };
        let kind = HistoryEventKind::StateEntered {
            state: state.state_type(),
            name: state.name.clone(),
            input: branch.input.clone(),
        };
        let event = self.record(id, kind);
        let at = self.at;
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.entered_event = event;
            branch.entered_at = at;
            branch.retries.clear();
        }
        self.count_visit(state);
        self.attempt(id)
    }

    /// The state that a branch is in.
    fn state(&self, id: BranchId) -> Option<&'d State> {
        self.machine.states.get(self.snapshot.branch(id)?.state as usize)
    }

    /// Adds an event to the history of a branch and gives its id. When the history is full the execution fails
    /// instead.
    fn record(&mut self, id: BranchId, kind: HistoryEventKind) -> u64 {
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

    fn append(&mut self, previous_event_id: u64, kind: HistoryEventKind) -> u64 {
        self.events += 1;
        let id = self.snapshot.last_event.saturating_add(1);
        self.snapshot.last_event = id;
        if self.recording == Recording::Kept {
            self.history.push(HistoryEvent {
                timestamp: self.at,
                id,
                previous_event_id,
                kind,
            });
        }
        id
    }

    /// Ends the execution.
    fn finish(&mut self, outcome: Outcome, last_event: HistoryEventKind) {
        if self.snapshot.outcome.is_some() {
            return;
        }
        for branch in std::mem::take(&mut self.snapshot.branches) {
            if let Activity::Task(task) = branch.activity {
                self.effects.push(Effect::Cancel(task.id));
            }
        }
        let previous = self.snapshot.last_event;
        self.append(previous, last_event);
        self.snapshot.execution.input = Slot::Empty;
        self.snapshot.outcome = Some(outcome.clone());
        self.effects.push(Effect::Finished(outcome));
    }

    fn finish_failed(&mut self, failure: &Failure) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let outcome = Outcome::Failed {
            error: text(&failure.error),
            cause: text(&failure.cause),
        };
        self.finish(outcome, HistoryEventKind::ExecutionFailed(failure.details()));
    }

    fn finish_succeeded(&mut self, output: &Payload) {
        let outcome = Outcome::Succeeded {
            output: Value::clone(output),
        };
        self.finish(
            outcome,
            HistoryEventKind::ExecutionSucceeded {
                output: output.clone(),
            },
        );
    }

    fn abort(&mut self, error: String, cause: String) {
        let present = |text: &String| (!text.is_empty()).then(|| text.clone());
        let details = ErrorDetails {
            error: present(&error),
            cause: present(&cause),
        };
        self.finish(
            Outcome::Aborted { error, cause },
            HistoryEventKind::ExecutionAborted(details),
        );
    }

    fn time_out(&mut self) {
        let error = "States.Timeout".to_owned();
        let details = ErrorDetails {
            error: Some(error.clone()),
            cause: None,
        };
        let outcome = Outcome::TimedOut {
            error,
            cause: String::new(),
        };
        self.finish(outcome, HistoryEventKind::ExecutionTimedOut(details));
    }

    /// Measures a payload and counts it towards the step's share; `None` when it is larger or deeper than a payload may
    /// be.
    fn admit(&mut self, payload: &Value) -> Option<Size> {
        let size = Size::of(payload)?;
        self.bytes += size.bytes;
        Some(size)
    }
}

/// A snapshot that does not fit its definition although its fingerprint does: it was altered from outside.
fn stray_branch() -> Failure {
    Failure::runtime("The snapshot names a state that the definition does not have.")
}
