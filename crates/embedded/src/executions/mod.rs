//! Executions of the state machine, durable and resumed at start.
//!
//! The interpreter is pure, so an execution is what happened to it from outside: its input and the events in the
//! journal. Its state and its history follow from those by replay and are not stored. [`run`] takes an execution from one
//! commit to the next, [`drive`] does so until it ends, [`integrations`] are the services that tasks call.

mod begin;
mod drive;
mod finish;
mod history;
mod integrations;
mod journal;
mod machine;
mod redrive;
mod run;
mod timers;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use asl::Definition;
use ports::StoreError;
use rusqlite::Connection;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

pub(crate) use begin::notification;
pub(crate) use history::{Story, read_story};
pub(crate) use integrations::{Prepared, Write};
pub(crate) use journal::{Finish, status_name};
pub(crate) use machine::LoadError;
pub(crate) use redrive::redrive_execution;
pub(crate) use run::{Identity, Run};

use crate::open::Names;
use crate::{Engine, Settings};
use drive::Driver;
use machine::Machine;

/// So many executions in a row have the same driver: what it writes of them at once lies on few pages.
const IN_A_ROW: usize = 16;

/// An execution that waits to be driven.
#[derive(Debug, Clone)]
pub(crate) enum ReadyExecution {
    /// With all that is known of it, under this key.
    Loaded(i64, Handed),
    /// By its key; it is read from the journal.
    Stored(i64),
}

impl ReadyExecution {
    fn key(&self) -> i64 {
        match self {
            Self::Loaded(key, _) | Self::Stored(key) => *key,
        }
    }
}

/// A run on its way from who commits it to who drives it. The command that commits it keeps it too, for it may have to be
/// applied again; only one takes it out in the end, and without a copy.
#[derive(Debug, Clone)]
pub(crate) struct Handed(Arc<Mutex<Option<Run>>>);

impl Handed {
    fn new(run: Run) -> Self {
        Self(Arc::new(Mutex::new(Some(run))))
    }

    /// The run; `None` when it was taken before.
    fn take(&self) -> Option<Run> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Drives executions, a bounded number at once.
pub(crate) struct Executor {
    machine: Machine,
    /// Leads to each driver.
    ready: Vec<UnboundedSender<ReadyExecution>>,
    /// What the drivers will take from, until they are started.
    waiting: Mutex<Vec<UnboundedReceiver<ReadyExecution>>>,
    /// Executions that are driven or wait to be.
    open: AtomicUsize,
    /// How many may be before new orders wait in the queue.
    room: usize,
    has_room: Notify,
}

impl Executor {
    /// Reads and checks the state machine.
    pub(crate) fn read(settings: &Settings) -> Result<Definition, LoadError> {
        Machine::read(settings)
    }

    /// With the state machine that was read.
    pub(crate) fn load(
        connection: &Connection,
        settings: &Settings,
        names: &Names,
        definition: Definition,
    ) -> rusqlite::Result<Self> {
        let machine = Machine::load(connection, settings, names, definition)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let drivers = cores.min(settings.limits.concurrent_executions).max(1);
        let (ready, waiting) = (0..drivers).map(|_| mpsc::unbounded_channel()).unzip();
        Ok(Self {
            machine,
            ready,
            waiting: Mutex::new(waiting),
            open: AtomicUsize::new(0),
            room: settings.limits.concurrent_executions,
            has_room: Notify::new(),
        })
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Has the execution driven.
    pub(crate) fn push(&self, execution: ReadyExecution) {
        self.open.fetch_add(1, Ordering::Relaxed);
        let driver = execution.key().unsigned_abs() as usize / IN_A_ROW % self.ready.len();
        // The driver lives as long as anything is to be driven.
        let _ = self.ready[driver].send(execution);
    }

    /// How many executions are driven or wait to be.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// An execution is no longer driven: it ended, or waits for a timer.
    fn leave(&self) {
        let before = self.open.fetch_sub(1, Ordering::Relaxed);
        if before <= self.room {
            self.has_room.notify_one();
        }
    }

    /// Waits until so few executions are open that more may be started. Until then, orders wait in their queue.
    pub(crate) async fn wait_for_room(&self) {
        loop {
            let has_room = self.has_room.notified();
            if self.open() < self.room {
                return;
            }
            has_room.await;
        }
    }
}

/// Takes up the executions that are open and starts to drive.
pub(crate) async fn spawn(engine: &Engine, workers: &mut JoinSet<()>) -> Result<(), StoreError> {
    let open: Vec<i64> = engine
        .readers()
        .read_blocking(|connection| {
            connection
                .prepare("SELECT key FROM executions WHERE status = 0 ORDER BY key")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .await?;
    for key in open {
        engine.executor().push(ReadyExecution::Stored(key));
    }
    let mut waiting = engine
        .executor()
        .waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let limit = engine.settings().limits.concurrent_executions / waiting.len().max(1);
    for ready in waiting.drain(..) {
        workers.spawn(Driver::new(engine.clone(), ready, limit.max(1)).run());
    }
    Ok(())
}
