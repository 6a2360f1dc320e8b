//! A data directory, and engines on it: one after the other, each closed or killed.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use embedded::time::{ManualTime, Time};
use embedded::{Engine, Faults, OpenError, Settings};
use ports::function::Handler;
use ports::metrics::Metrics;
use ports::operations::{ExecutionDetail, Operations, QueueInfo, QueueMessage};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::{does, until};

/// Functions by name.
pub type Handlers = HashMap<String, Arc<dyn Handler>>;

/// The functions that the engine calls by itself, each content with whatever comes, but for those given.
pub fn handlers<const N: usize>(own: [(&str, Arc<dyn Handler>); N]) -> Handlers {
    let quiet = ["order-processing", "order-notification", "order-analytics"];
    let mut handlers: Handlers = quiet.map(|name| (name.to_owned(), does())).into();
    handlers.extend(own.map(|(name, handler)| (name.to_owned(), handler)));
    handlers
}

type Edit = dyn Fn(&mut Settings) + Send + Sync;

/// A data directory with what its engines are told.
pub struct Setup {
    dir: TempDir,
    /// The clock of all its engines.
    pub time: ManualTime,
    edits: Vec<Arc<Edit>>,
}

/// Counts nothing.
pub struct NoMetrics;

impl Metrics for NoMetrics {
    fn count(&self, _: &'static str, _: &[(&'static str, &str)], _: u64) {}
    fn observe(&self, _: &'static str, _: &[(&'static str, &str)], _: f64) {}
}

impl Setup {
    /// An empty directory, the template that is built in, and a clock that stands still.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            time: ManualTime::at("2026-01-15T09:30:00.000Z".parse().unwrap()),
            edits: Vec::new(),
        }
    }

    /// Changes what the next engines are told.
    pub fn with(mut self, edit: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        self.edits.push(Arc::new(edit));
        self
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn now(&self) -> Timestamp {
        use ports::clock::Clock;
        Time::Manual(self.time.clone()).now()
    }

    pub fn settings(&self) -> Settings {
        let (system, _) = template::System::built_in().unwrap();
        let mut settings = Settings::from_system(&system, self.dir.path().to_owned()).unwrap();
        settings.time = Time::Manual(self.time.clone());
        self.edits.iter().for_each(|edit| edit(&mut settings));
        settings
    }

    /// Opens an engine that doesn't work yet.
    pub async fn try_open(&self) -> Result<Engine, OpenError> {
        // No two processes open a directory in the same millisecond; ids count on that.
        self.time.advance(Duration::from_millis(1));
        Engine::open(self.settings(), Arc::new(NoMetrics)).await
    }

    /// Opens an engine that doesn't work yet.
    pub async fn open(self) -> Running {
        let engine = self.try_open().await.unwrap();
        Running { engine, setup: self }
    }

    /// Opens an engine and lets it work with these functions.
    pub async fn start(self, handlers: Handlers) -> Running {
        let running = self.open().await;
        running.engine.start(handlers).await.unwrap();
        running
    }

    /// Opens an engine whose writer dies right after so many commits.
    pub async fn open_and_halt(self, commits: u64) -> Running {
        let halting = Arc::new(Faults::halting_after(commits));
        self.time.advance(Duration::from_millis(1));
        let settings = Settings {
            faults: halting,
            ..self.settings()
        };
        let engine = Engine::open(settings, Arc::new(NoMetrics)).await.unwrap();
        Running { engine, setup: self }
    }

    /// A copy of the directory as it is on the disk now: what another process finds after this one was killed.
    fn copy(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.dir()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
        }
        Self {
            dir,
            time: self.time.clone(),
            edits: self.edits.clone(),
        }
    }
}

/// An engine on its directory.
pub struct Running {
    pub engine: Engine,
    pub setup: Setup,
}

impl Deref for Running {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Running {
    /// Stops the engine in good order.
    pub async fn close(self) -> Setup {
        self.engine.stop(Duration::from_secs(30)).await;
        self.setup
    }

    /// Kills the engine: what it committed is there, and nothing else. Functions that are under way never answer.
    pub async fn kill(self) -> Setup {
        let killed = self.setup.copy();
        // It lives on in a directory that nobody looks at any more, until it is gone.
        self.engine.stop(Duration::ZERO).await;
        killed
    }

    /// Kills the engine whose writer has died already.
    pub async fn bury(self) -> Setup {
        self.engine.ended().await;
        self.engine.stop(Duration::ZERO).await;
        self.setup
    }

    pub fn advance(&self, by: Duration) {
        self.setup.time.advance(by);
    }

    /// One value of the database, as another process reads it.
    pub fn read<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let path = self.setup.dir().join("ordermill.db");
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Changes the database, as another process does: a defect, or a person with a database tool.
    pub fn write(&self, sql: &str) {
        let connection = Connection::open(self.setup.dir().join("ordermill.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// What a queue holds, oldest first.
    pub async fn messages(&self, queue: &str) -> Vec<QueueMessage> {
        self.engine
            .list_messages(queue.to_owned(), None, 1_000)
            .await
            .unwrap()
    }

    pub async fn queue(&self, name: &str) -> QueueInfo {
        let queues = self.engine.list_queues().await.unwrap();
        queues.into_iter().find(|queue| queue.name == name).unwrap()
    }

    pub async fn execution(&self, name: &impl ToString) -> ExecutionDetail {
        self.engine.get_execution(name.to_string()).await.unwrap()
    }

    /// Waits until the execution's history has so many events of a type.
    pub async fn noted_events(&self, name: &impl ToString, event_type: &str, count: usize) {
        until(event_type, async || {
            let found = self.engine.get_execution(name.to_string()).await;
            let events = found.map(|execution| execution.events).unwrap_or_default();
            events.iter().filter(|event| event["type"] == event_type).count() == count
        })
        .await;
    }

    /// Waits until a message of the queue has failed.
    pub async fn until_failed(&self, queue: &str) {
        until("a message has failed", async || {
            self.messages(queue)
                .await
                .iter()
                .any(|message| message.last_error.is_some())
        })
        .await;
    }

    /// The execution once it has ended.
    pub async fn ended_execution(&self, name: &impl ToString) -> ExecutionDetail {
        until("the execution ends", async || {
            let found = self.engine.get_execution(name.to_string()).await;
            found.is_ok_and(|execution| execution.info.stopped_at.is_some())
        })
        .await;
        self.execution(name).await
    }
}
