//! The step function: takes a snapshot and an event to the next snapshot, the history in between and the effects.
//!
//! Branches that can go on stand in a queue; each in turn goes through one state, so that branches advance side by
//! side. A step that has done its share leaves the rest in the snapshot, whose `wake_at` then asks to go on at once.

mod answer;
mod begin;
mod chance;
mod context;
mod decide;
mod fail;
mod flow;
mod map;
mod parallel;
mod ready;
mod record;
mod simple;
mod task;
mod view;
mod wait;

use crate::Value;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::history::{HistoryEvent, HistoryEventKind};
use crate::limits::{self, STEP_BYTES, STEP_EVENTS};
use crate::model::{Machine, State};
use crate::snapshot::{Activity, BranchId};
use crate::value::Extent;
use crate::{Definition, Effect, Event, EventKind, Snapshot, Start, Step};

use chance::Chance;
use ready::Ready;
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
    let (at, seed) = (start.at, start.seed);
    let snapshot = begin::snapshot(definition, start);
    let mut engine = Engine::new(definition.machine(), snapshot, at, seed, recording);
    engine.begin();
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
    ready: Ready,
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
            ready: Ready::default(),
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

    /// Adds something that the caller must do.
    fn emit(&mut self, effect: Effect) {
        // Nearly every step has one effect, which is large, and a vector begins with room for four.
        if self.effects.is_empty() {
            self.effects.reserve_exact(1);
        }
        self.effects.push(effect);
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
        let input = branch.input.clone();
        let event = self.record_with(id, || HistoryEventKind::StateEntered {
            state: state.state_type(),
            name: state.name.clone(),
            input,
        });
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

    /// Measures a payload and counts it towards the step's share; `None` when it is larger or deeper than a payload may
    /// be.
    fn admit(&mut self, payload: &Value) -> Option<Extent> {
        let extent = limits::measure(payload)?;
        self.bytes += extent.bytes;
        Some(extent)
    }
}

/// A snapshot that does not fit its definition although its fingerprint does: it was altered from outside.
fn stray_branch() -> Failure {
    Failure::runtime("The snapshot names a state that the definition does not have.")
}
