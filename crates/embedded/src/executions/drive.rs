//! Drives executions: calls functions, waits for timers, and commits what comes of it.
//!
//! A few drivers share the executions. A driver looks at whatever happened since it looked last, takes each execution
//! concerned through the interpreter, and has all that comes of it written by one command. So what an execution costs is
//! its steps, and not the waking of a task and a place in the writer's channel for each of them.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use asl::{EventKind, TaskId};
use foldhash::fast::RandomState;
use futures_util::FutureExt;
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use ports::StoreError;
use ports::clock::Clock;
use tokio::sync::mpsc::UnboundedReceiver;

use super::ReadyExecution;
use super::finish::{give_up, give_up_unwritable, note_finished};
use super::integrations::{FunctionCall, call_function};
use super::journal::{Advanced, Advances};
use super::run::{Identity, ReplayError, Run, Segment};
use super::timers::Timers;
use crate::Engine;
use crate::error::Chain;

/// How long to wait before a write is tried again that the store could not make.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// After so many tries that it failed at, the store is not asked again to write what came of an execution.
const MAX_TRIES: u32 = 10;
/// An execution that waits longer than this for a timer, and for nothing else, leaves memory meanwhile.
const PARK_AFTER_MS: i64 = 10_000;
/// How much is looked at before what came of it is committed.
const AT_ONCE: usize = 64;

/// What a driver has under way ends with this.
enum Happened {
    /// A function answered a task of the execution in this slot.
    Answered(u64, TaskId, EventKind),
    /// The writer did, at this try.
    Committed(Vec<Outcome>, u32, Result<Vec<Advanced>, StoreError>),
    /// The execution in this slot was ended, for its outcome can't be written.
    GivenUp(u64),
    /// The pause before something is tried again that the store could not do is over.
    Rested(Rested),
    /// Nothing that matters any more.
    Nothing,
}

/// What is tried again.
enum Rested {
    /// At this try.
    Commit(Vec<Outcome>, u32),
    TakeUp(ReadyExecution),
}

/// What came of the execution in a slot.
type Outcome = (u64, Box<Segment>);

type UnderWay = Pin<Box<dyn Future<Output = Happened> + Send>>;

/// An execution that is driven.
#[derive(Default)]
struct Live {
    /// How it stands; `None` while that is being committed.
    segment: Option<Box<Segment>>,
    /// What happened meanwhile.
    happened: VecDeque<EventKind>,
    /// The tasks whose functions are being called.
    calls: Vec<(TaskId, AbortHandle)>,
}

/// Drives its share of the executions.
pub(super) struct Driver {
    engine: Engine,
    ready: UnboundedReceiver<ReadyExecution>,
    /// The most driven at once; more wait.
    limit: usize,
    /// Executions by slot. Each time one is taken up it gets another, so no late answer meets the wrong one.
    live: HashMap<u64, Live, RandomState>,
    last_slot: u64,
    timers: Timers,
    under_way: FuturesUnordered<UnderWay>,
    /// What is to be committed next.
    batch: Vec<Outcome>,
    stopping: bool,
}

impl Driver {
    pub(super) fn new(engine: Engine, ready: UnboundedReceiver<ReadyExecution>, limit: usize) -> Self {
        Self {
            engine,
            ready,
            limit,
            live: HashMap::default(),
            last_slot: 0,
            timers: Timers::default(),
            under_way: FuturesUnordered::new(),
            batch: Vec::new(),
            stopping: false,
        }
    }

    /// Drives until the engine stops and what is in hand is committed.
    pub(super) async fn run(mut self) {
        let engine = self.engine.clone();
        let mut stopping = std::pin::pin!(engine.stopping());
        loop {
            self.wake_due();
            self.submit();
            if self.stopping {
                self.leave_waiting();
                if self.under_way.is_empty() {
                    return;
                }
            }
            let timer = self.timers.next(engine.time());
            let mut found = Vec::new();
            tokio::select! {
                biased;
                () = &mut stopping, if !self.stopping => self.stopping = true,
                () = std::future::poll_fn(|context| self.poll_happened(&mut found, context)) => {}
                () = timer => {}
            }
            for happened in found {
                self.take(happened);
            }
        }
    }

    /// Ready when something has happened; gathers it.
    fn poll_happened(&mut self, found: &mut Vec<Happened>, context: &mut Context<'_>) -> Poll<()> {
        let mut taken_up = false;
        let mut room = self.limit.saturating_sub(self.live.len()).min(AT_ONCE);
        while room > 0
            && !self.stopping
            && let Poll::Ready(Some(ready)) = self.ready.poll_recv(context)
        {
            room -= 1;
            taken_up = true;
            self.take_up(ready);
        }
        // After that: a call that was begun just now has to be polled, or nothing would wake it.
        while found.len() < AT_ONCE
            && let Poll::Ready(Some(happened)) = self.under_way.poll_next_unpin(context)
        {
            found.push(happened);
        }
        // What was taken up may wait for a timer, which is not among those that are waited for now.
        if found.is_empty() && !taken_up {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Answered(slot, task, answer) => {
                if let Some(live) = self.live.get_mut(&slot) {
                    live.calls.retain(|(call, _)| *call != task);
                    self.happen(slot, answer);
                }
            }
            Happened::Committed(outcomes, _, Ok(advanced)) => {
                for ((slot, segment), advanced) in outcomes.into_iter().zip(advanced) {
                    self.advanced(slot, segment, advanced);
                }
            }
            Happened::Committed(outcomes, tries, Err(error)) => self.not_written(outcomes, tries, error),
            Happened::GivenUp(slot) => self.leave(slot),
            Happened::Rested(_) if self.stopping => {}
            Happened::Rested(Rested::Commit(outcomes, tries)) => self.commit(outcomes, tries),
            Happened::Rested(Rested::TakeUp(ready)) => self.take_up(ready),
            Happened::Nothing => {}
        }
    }

    /// Begins to drive an execution.
    fn take_up(&mut self, ready: ReadyExecution) {
        let run = match ready {
            ReadyExecution::Loaded(key, handed) => handed.take().map(|run| run.under(key)),
            ReadyExecution::Stored(key) => match self.read_back(key) {
                Ok(run) => run,
                Err(error) => {
                    tracing::error!(event_type = "execution_not_read", execution = key, error = %Chain(&error));
                    return self.rest(Rested::TakeUp(ReadyExecution::Stored(key)));
                }
            },
        };
        let Some(run) = run else {
            return self.engine.executor().leave();
        };
        self.last_slot += 1;
        self.live.insert(self.last_slot, Live::default());
        self.go_on(self.last_slot, Segment::open(run));
    }

    /// Reads an execution back; `None` when there's none, or when it can't be read by this release.
    fn read_back(&mut self, key: i64) -> Result<Option<Run>, StoreError> {
        let machine = self.engine.executor().machine();
        let replayed = self
            .engine
            .readers()
            .read(|connection| Run::replay(connection, machine, key, None))?;
        match replayed {
            Ok(run) => Ok(Some(run)),
            Err(ReplayError::Missing) => Ok(None),
            Err(error) => {
                tracing::error!(event_type = "execution_not_resumed", execution = key, error = %Chain(&error));
                let engine = self.engine.clone();
                self.under_way.push(Box::pin(async move {
                    give_up(&engine, key, &error).await;
                    Happened::Nothing
                }));
                Ok(None)
            }
        }
    }

    /// Something happened to an execution.
    fn happen(&mut self, slot: u64, kind: EventKind) {
        let Some(live) = self.live.get_mut(&slot) else {
            return;
        };
        let Some(segment) = live.segment.take() else {
            return live.happened.push_back(kind);
        };
        self.timers.disarm(slot);
        let segment = segment.happen(&self.engine, kind, self.engine.time().now());
        self.go_on(slot, segment);
    }

    /// Goes on until there is something to commit or to wait for.
    fn go_on(&mut self, slot: u64, mut segment: Box<Segment>) {
        loop {
            segment = segment.call_deferred(&self.engine, self.engine.time().now());
            if segment.is_dirty() {
                return self.batch.push((slot, segment));
            }
            if segment.has_deferred() {
                continue;
            }
            if self.stopping {
                return self.leave(slot);
            }
            for (task, function) in segment.take_functions() {
                self.call(slot, Arc::clone(&segment.run().identity), task, function);
            }
            let next = self
                .live
                .get_mut(&slot)
                .and_then(|live| live.happened.pop_front());
            let Some(kind) = next else {
                return self.wait(slot, segment);
            };
            segment = segment.happen(&self.engine, kind, self.engine.time().now());
        }
    }

    fn call(&mut self, slot: u64, identity: Arc<Identity>, task: TaskId, function: FunctionCall) {
        let Some(live) = self.live.get_mut(&slot) else {
            return;
        };
        let (call, handle) = abortable(call_function(self.engine.clone(), identity, task, function));
        live.calls.push((task, handle));
        // Mapped and not awaited: an async block would hold the call twice, once as what it was given.
        self.under_way.push(Box::pin(call.map(move |answer| match answer {
            Ok(answer) => Happened::Answered(slot, task, answer),
            Err(_) => Happened::Nothing,
        })));
    }

    /// Waits for a function or a timer.
    fn wait(&mut self, slot: u64, segment: Box<Segment>) {
        let Some(live) = self.live.get_mut(&slot) else {
            return;
        };
        let (key, wake_at, alone) = (segment.run().key, segment.run().wake_at(), live.calls.is_empty());
        if let (true, Some(at)) = (alone, wake_at)
            && at.as_ms() - self.engine.time().now().as_ms() > PARK_AFTER_MS
        {
            self.timers.park(key, at);
            return self.leave(slot);
        }
        live.segment = Some(segment);
        if let Some(at) = wake_at {
            self.timers.arm(slot, at, alone);
        }
    }

    /// Wakes what waited for a moment that has come.
    fn wake_due(&mut self) {
        let now = self.engine.time().now();
        while let Some(key) = self.timers.take_parked(now) {
            self.engine.executor().push(ReadyExecution::Stored(key));
        }
        while let Some(slot) = self.timers.take_due(now) {
            self.happen(slot, EventKind::Woken);
        }
    }

    /// Has the batch committed.
    fn submit(&mut self) {
        if !self.batch.is_empty() {
            let outcomes = std::mem::take(&mut self.batch);
            self.commit(outcomes, 1);
        }
    }

    fn commit(&mut self, outcomes: Vec<Outcome>, tries: u32) {
        let advances = outcomes.iter().map(|(_, segment)| segment.advance()).collect();
        let engine = self.engine.clone();
        self.under_way.push(Box::pin(async move {
            let advanced = engine.writer().execute(Advances { advances }).await;
            Happened::Committed(outcomes, tries, advanced)
        }));
    }

    /// What came of an execution is committed, or one of its writes was refused.
    fn advanced(&mut self, slot: u64, segment: Box<Segment>, advanced: Advanced) {
        match advanced {
            Err((at, refusal)) => {
                let segment = segment.refused(&self.engine, at, refusal);
                self.batch.push((slot, segment));
            }
            Ok(()) => match segment.finish() {
                Some(finish) => {
                    note_finished(&self.engine, &segment.run().identity, &finish);
                    self.leave(slot);
                }
                None => self.go_on(slot, Segment::open(segment.committed())),
            },
        }
    }

    /// The store could not write the batch. Each is tried by itself, so that one alone doesn't hold up the others; one
    /// that was by itself is tried again later. If the store has room and time and still fails, it is given up in the end.
    fn not_written(&mut self, outcomes: Vec<Outcome>, tries: u32, error: StoreError) {
        if outcomes.len() > 1 {
            for outcome in outcomes {
                self.commit(vec![outcome], 1);
            }
            return;
        }
        for (_, segment) in &outcomes {
            tracing::error!(event_type = "execution_not_written", execution = segment.run().identity.name, error = %Chain(&error));
        }
        let engine = self.engine.clone();
        let next = match error {
            StoreError::Failed(_) => tries.saturating_add(1),
            StoreError::Full(_) | StoreError::Busy => tries,
        };
        self.under_way.push(Box::pin(async move {
            if next > MAX_TRIES
                && let Some((slot, segment)) = outcomes.first()
            {
                let Run { key, identity, .. } = segment.run();
                match give_up_unwritable(&engine, *key, identity, &error).await {
                    Ok(()) => return Happened::GivenUp(*slot),
                    Err(error) => {
                        tracing::error!(event_type = "execution_not_given_up", execution = identity.name, error = %Chain(&error));
                    }
                }
            }
            rested(&engine, Rested::Commit(outcomes, next)).await
        }));
    }

    /// Tries it again after a pause, unless the engine stops meanwhile.
    fn rest(&mut self, what: Rested) {
        let engine = self.engine.clone();
        self.under_way
            .push(Box::pin(async move { rested(&engine, what).await }));
    }

    /// The execution is no longer driven here: it ended, waits long, or goes on at the next start.
    fn leave(&mut self, slot: u64) {
        if let Some(live) = self.live.remove(&slot) {
            live.calls.iter().for_each(|(_, call)| call.abort());
            self.timers.disarm(slot);
            self.engine.executor().leave();
        }
    }

    /// Leaves what only waits for a timer.
    fn leave_waiting(&mut self) {
        let waiting: Vec<u64> = self
            .live
            .iter()
            .filter(|(_, live)| live.segment.is_some() && live.calls.is_empty())
            .map(|(slot, _)| *slot)
            .collect();
        waiting.into_iter().for_each(|slot| self.leave(slot));
    }
}

/// Comes back with it after a pause, unless the engine stops meanwhile.
async fn rested(engine: &Engine, what: Rested) -> Happened {
    tokio::select! {
        () = tokio::time::sleep(RETRY_AFTER) => Happened::Rested(what),
        () = engine.stopping() => Happened::Nothing,
    }
}
