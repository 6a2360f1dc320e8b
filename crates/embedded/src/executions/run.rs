//! An execution from one commit to the next.
//!
//! A [`Segment`] gathers what happens: each event goes through the interpreter, tasks that this engine can answer or
//! write by itself are answered on the spot, and so on until only function calls and timers are left. All of it is
//! then committed at once. A write's outcome is taken for granted meanwhile; when the commit finds that a write is
//! refused, the segment goes back to just before it and the task fails there.

use std::collections::VecDeque;
use std::sync::Arc;

use asl::{Effect, EventKind, Outcome, Snapshot, Start, Step, TaskCall, TaskId, Value};
use domain::Timestamp;
use ports::trace::TraceId;
use rusqlite::{Connection, OptionalExtension};

use super::integrations::{CallKind, FunctionCall, Overlay, Prepared, Refusal, Write, prepare, strike};
use super::journal::{Advance, Entries, Entry, EntryKind, Finish, event, mix};
use super::machine::{Machine, Pinned};
use crate::Engine;
use crate::observe::spans::{self, Attempt};

/// What an execution was started with; never changes.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) input: String,
    pub(crate) trace: Arc<str>,
    /// The same, read once; `None` when it is none.
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) started_at: Timestamp,
}

impl Identity {
    pub(crate) fn new(name: String, input: String, trace: Arc<str>, started_at: Timestamp) -> Self {
        Self {
            name,
            input,
            trace_id: TraceId::parse(&trace),
            trace,
            started_at,
        }
    }

    /// Chance for the whole execution.
    fn seed(&self) -> u64 {
        self.name
            .bytes()
            .fold(mix(self.started_at.as_ms() as u64), |seed, byte| {
                mix(seed ^ u64::from(byte))
            })
    }

    /// The input as the interpreter takes it.
    fn parsed_input(&self) -> Value {
        serde_json::from_str(&self.input).unwrap_or(Value::Null)
    }

    fn start(&self, machine: &Machine, input: Value) -> Start {
        Start {
            execution_arn: machine.execution_arn(&self.name).into(),
            execution_name: self.name.as_str().into(),
            machine_arn: machine.arn.clone(),
            machine_name: machine.name.clone(),
            role_arn: machine.role_arn.clone(),
            input,
            at: self.started_at.to_jiff(),
            seed: self.seed(),
        }
    }
}

/// An execution as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) key: i64,
    pub(crate) identity: Arc<Identity>,
    pub(crate) pinned: Arc<Pinned>,
    pub(crate) snapshot: Snapshot,
    /// Events applied since the start.
    events: u64,
    /// Journal rows written.
    rows: i64,
    /// The last event's time; time never runs backwards for an execution.
    at: i64,
    /// Functions to call once this is committed.
    functions: Vec<(TaskId, FunctionCall)>,
    /// Tasks to look at once this is committed.
    deferred: Vec<TaskCall>,
}

/// Why an execution can't be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// There's none with this key.
    #[error("there is no such execution")]
    Missing,
    /// Its definition is gone or can't be read any more.
    #[error("its definition can't be read any more")]
    Definition,
    /// Its journal isn't what this program writes.
    #[error("its journal is damaged: {0}")]
    Damaged(String),
    /// The interpreter of this release takes it another way than the one that wrote it.
    #[error(
        "its journal leads to {replayed} history events, {written} were written: it was run by another release"
    )]
    Diverged {
        /// What the replay had.
        replayed: u64,
        /// What the journal says.
        written: u64,
    },
}

impl Run {
    /// The run under the key that its row was given.
    pub(crate) fn under(self, key: i64) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn trace(&self) -> &Arc<str> {
        &self.identity.trace
    }

    /// When a timer fires next.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        self.snapshot.wake_at().map(|at| {
            // Timers are exact to the nanosecond, the engine's clock to the millisecond: round up, or it fires early.
            let at_ms = at.as_millisecond();
            let cut = jiff::Timestamp::from_millisecond(at_ms).is_ok_and(|cut| cut < at);
            Timestamp::from_ms(at_ms + i64::from(cut))
        })
    }

    /// Reads an execution back by replaying its journal; `observe`, if there is one, sees each step with its history.
    pub(crate) fn replay(
        connection: &Connection,
        machine: &Machine,
        key: i64,
        mut observe: Option<&mut dyn FnMut(&Step)>,
    ) -> rusqlite::Result<Result<Self, ReplayError>> {
        let row = connection
            .prepare_cached(
                "SELECT name, definition, input, trace, started_at FROM executions WHERE key = ?1",
            )?
            .query_row([key], |row| {
                let started_at = Timestamp::from_ms(row.get(4)?);
                let identity = Identity::new(row.get(0)?, row.get(2)?, row.get(3)?, started_at);
                Ok((identity, row.get::<_, i64>(1)?))
            })
            .optional()?;
        let Some((identity, definition)) = row else {
            return Ok(Err(ReplayError::Missing));
        };
        let Some(pinned) = machine.pinned(connection, definition)? else {
            return Ok(Err(ReplayError::Definition));
        };
        let (seed, started_at) = (identity.seed(), identity.started_at);
        let start = identity.start(machine, identity.parsed_input());
        let step = match &mut observe {
            None => asl::start_without_history(&pinned.definition, start),
            Some(observe) => {
                let step = asl::start(&pinned.definition, start);
                observe(&step);
                step
            }
        };
        let mut run = Self {
            key,
            identity: Arc::new(identity),
            pinned,
            snapshot: step.snapshot,
            events: 0,
            rows: 0,
            at: started_at.as_ms(),
            functions: Vec::new(),
            deferred: Vec::new(),
        };
        let mut rows = connection.prepare_cached(
            "SELECT events, last_event_id, -1 AS seq FROM executions WHERE key = ?1 AND events IS NOT NULL
                 UNION ALL SELECT events, last_event_id, seq FROM journal WHERE execution = ?1 ORDER BY seq",
        )?;
        let mut rows = rows.query([key])?;
        while let Some(row) = rows.next()? {
            let (entries, written): (String, i64) = (row.get(0)?, row.get(1)?);
            let written = u64::try_from(written).unwrap_or(0);
            let entries: Vec<Entry> = match serde_json::from_str(&entries) {
                Ok(entries) => entries,
                Err(error) => return Ok(Err(ReplayError::Damaged(error.to_string()))),
            };
            for entry in entries {
                run.at = entry.0;
                let (definition, event) = (&run.pinned.definition, event(entry, seed, run.events));
                let step = match &mut observe {
                    None => asl::step_without_history(definition, run.snapshot, event),
                    Some(observe) => {
                        let step = asl::step(definition, run.snapshot, event);
                        observe(&step);
                        step
                    }
                };
                run.snapshot = step.snapshot;
                run.events += 1;
            }
            run.rows += 1;
            if run.snapshot.events() != written {
                return Ok(Err(ReplayError::Diverged {
                    replayed: run.snapshot.events(),
                    written,
                }));
            }
        }
        run.deferred = run.snapshot.open_calls(&run.pinned.definition);
        Ok(Ok(run))
    }
}

/// What happens to an execution between two commits. It is handed from one to the next many times, so in a box.
pub(crate) struct Segment {
    run: Run,
    entries: Entries,
    writes: Arc<Vec<Write>>,
    marks: Vec<Option<Box<Mark>>>,
    /// Events that follow from what the engine answered by itself.
    pending: VecDeque<EntryKind>,
    outcome: Option<Outcome>,
    dirty: bool,
    may_write: bool,
}

/// How things stood just before the outcome of a write was taken for granted that may be refused.
struct Mark {
    run: Run,
    entries: usize,
    pending: VecDeque<EntryKind>,
    task: TaskId,
}

impl Segment {
    /// Starts an execution, up to its first function call, timer or write. `input` is what the identity has as text.
    pub(crate) fn start(
        engine: &Engine,
        identity: Identity,
        input: Value,
        overlay: Overlay<'_>,
    ) -> Box<Self> {
        let machine = engine.executor().machine();
        let step = asl::start_without_history(&machine.current.definition, identity.start(machine, input));
        let at = identity.started_at.as_ms();
        let Step {
            snapshot, effects, ..
        } = step;
        let run = Run {
            key: 0,
            identity: Arc::new(identity),
            pinned: Arc::clone(&machine.current),
            snapshot,
            events: 0,
            rows: 0,
            at,
            functions: Vec::new(),
            deferred: Vec::new(),
        };
        let mut segment = Self::open(run);
        segment.dirty = true;
        segment.may_write = false;
        segment.absorb(engine, effects, overlay);
        segment.settle(engine, overlay)
    }

    /// Goes on from a commit.
    pub(crate) fn open(run: Run) -> Box<Self> {
        // Only an execution that is over without having called anything is not known to be over yet.
        let outcome = run.snapshot.outcome().cloned();
        Box::new(Self {
            run,
            entries: Entries::default(),
            writes: Arc::default(),
            marks: Vec::new(),
            pending: VecDeque::new(),
            dirty: outcome.is_some(),
            outcome,
            may_write: true,
        })
    }

    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// Whether there's anything to commit.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Something happened at `now`.
    pub(crate) fn happen(mut self: Box<Self>, engine: &Engine, kind: EventKind, now: Timestamp) -> Box<Self> {
        self.run.at = self.run.at.max(now.as_ms());
        self.pending.extend(entry_kind(kind));
        self.settle(engine, None)
    }

    /// Looks at the tasks that had to wait for a commit.
    pub(crate) fn call_deferred(mut self: Box<Self>, engine: &Engine, now: Timestamp) -> Box<Self> {
        self.run.at = self.run.at.max(now.as_ms());
        let deferred = std::mem::take(&mut self.run.deferred);
        self.absorb(engine, deferred.into_iter().map(Effect::Call).collect(), None);
        self.settle(engine, None)
    }

    /// The functions to call, once.
    pub(crate) fn take_functions(&mut self) -> Vec<(TaskId, FunctionCall)> {
        std::mem::take(&mut self.run.functions)
    }

    pub(crate) fn has_deferred(&self) -> bool {
        !self.run.deferred.is_empty()
    }

    /// What has to be committed.
    pub(crate) fn advance(&self) -> Advance {
        Advance {
            execution: self.run.key,
            seq: self.run.rows,
            entries: self.entries(),
            last_event_id: self.last_event_id(),
            writes: Arc::clone(&self.writes),
            finish: self.finish(),
        }
    }

    pub(crate) fn entries(&self) -> Entries {
        self.entries.clone()
    }

    pub(crate) fn last_event_id(&self) -> i64 {
        i64::try_from(self.run.snapshot.events()).unwrap_or(i64::MAX)
    }

    pub(crate) fn finish(&self) -> Option<Finish> {
        self.outcome
            .as_ref()
            .map(|outcome| Finish::new(outcome, Timestamp::from_ms(self.run.at)))
    }

    /// It is committed.
    pub(crate) fn committed(self: Box<Self>) -> Run {
        Run {
            rows: self.run.rows + 1,
            ..self.run
        }
    }

    /// The `at`th write was refused: goes back to it, and its task fails.
    pub(crate) fn refused(mut self: Box<Self>, engine: &Engine, at: usize, refusal: Refusal) -> Box<Self> {
        Arc::make_mut(&mut self.writes).truncate(at);
        self.marks.truncate(at + 1);
        let Some(mark) = self.marks.pop().flatten() else {
            return self;
        };
        self.run = mark.run;
        self.entries.back_to(mark.entries);
        self.pending = mark.pending;
        self.outcome = None;
        self.pending
            .push_front(EntryKind::Failed(mark.task.0, refusal.error, refusal.cause));
        self.settle(engine, None)
    }

    /// Takes every pending event through the interpreter.
    fn settle(mut self: Box<Self>, engine: &Engine, overlay: Overlay<'_>) -> Box<Self> {
        let seed = self.run.identity.seed();
        while let Some(kind) = self.pending.pop_front() {
            let entry = Entry(self.run.at, kind);
            self.entries.push(&entry);
            let event = event(entry, seed, self.run.events);
            let step = asl::step_without_history(&self.run.pinned.definition, self.run.snapshot, event);
            self.run.snapshot = step.snapshot;
            self.run.events += 1;
            self.dirty = true;
            self.absorb(engine, step.effects, overlay);
        }
        self
    }

    fn absorb(&mut self, engine: &Engine, effects: Vec<Effect>, overlay: Overlay<'_>) {
        for effect in effects {
            match effect {
                Effect::Call(call) => self.call(engine, call, overlay),
                Effect::Cancel(task) => {
                    self.run.functions.retain(|(open, _)| *open != task);
                    self.run.deferred.retain(|open| open.task != task);
                }
                Effect::Finished(outcome) => self.outcome = Some(outcome),
            }
        }
    }

    fn call(&mut self, engine: &Engine, call: TaskCall, overlay: Overlay<'_>) {
        let waits = match CallKind::of(&call.resource) {
            CallKind::Function => false,
            // A read would not see what this segment is about to write.
            CallKind::Read => !self.writes.is_empty(),
            CallKind::Write => !self.may_write,
        };
        if waits {
            return self.run.deferred.push(call);
        }
        let at = Timestamp::from_ms(self.run.at);
        let (task, fault) = (call.task, engine.settings().faults.strike(&call.state));
        let attempt = Attempt::of(&call);
        let mut prepared = prepare(engine, &self.run, call, &attempt, overlay, at);
        if let Some(fault) = fault {
            prepared = strike(prepared, task, fault);
        }
        spans::integrated(engine, self.run.identity.trace_id, &attempt, &prepared);
        match prepared {
            Prepared::Function(function) => self.run.functions.push((task, function)),
            Prepared::Answered(answer) => self.pending.extend(entry_kind(answer)),
            Prepared::Write(write, answer) => {
                self.marks.push(write.may_be_refused().then(|| {
                    Box::new(Mark {
                        run: self.run.clone(),
                        entries: self.entries.mark(),
                        pending: self.pending.clone(),
                        task,
                    })
                }));
                Arc::make_mut(&mut self.writes).push(write);
                self.pending.extend(entry_kind(answer));
            }
        }
    }
}

/// An event as the journal has it; those that nothing here causes have none.
fn entry_kind(kind: EventKind) -> Option<EntryKind> {
    match kind {
        EventKind::TaskSucceeded { task, output } => Some(EntryKind::Succeeded(task.0, output)),
        EventKind::TaskFailed { task, error, cause } => Some(EntryKind::Failed(task.0, error, cause)),
        EventKind::Woken => Some(EntryKind::Woken),
        EventKind::TaskSubmitted { .. } | EventKind::Heartbeat { .. } | EventKind::Aborted { .. } => None,
    }
}
