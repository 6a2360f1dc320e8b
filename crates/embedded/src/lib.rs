//! The single-machine engine: table, stream, queue, topic, executions and usage plans on one SQLite database.
//!
//! It implements the ports that the functions need and plays the parts that AWS's services play around them. One
//! writer commits for all (`writer/`); after each commit the workers are told what there is to do, so nothing polls.
//! The database is the truth; what is in memory is an index of it that is rebuilt at start.

mod access;
mod analytics;
mod backlog;
mod catalogue;
mod checkpoint;
mod error;
mod executions;
mod expression;
#[cfg(feature = "failpoints")]
mod failpoints;
mod faults;
mod from_template;
mod inventory;
mod item;
mod lambda;
mod ledger;
mod observe;
mod open;
mod operations;
mod orders;
mod outbox;
mod queue;
mod readers;
mod retention;
mod room;
mod schema;
mod settings;
mod statements;
mod stream;
mod timeline;
mod topic;
mod tx;
mod writer;

pub mod time;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use domain::OrderId;
use ports::clock::OrderIds;
use ports::function::Handler;
use ports::metrics::Metrics;
use ports::trace::{Recorder, Service};
use tokio::sync::watch;

pub use faults::{Faults, TaskFault};
pub use from_template::SettingsError;
pub use observe::Observer;
pub use open::OpenError;
pub use settings::{
    FunctionSettings, Limits, MachineSettings, QueueSettings, QueueSourceSettings, Settings,
    StreamSourceSettings, SubscriberSettings, SubscriptionSettings, TopicSettings,
};
pub use writer::WriterStats;

use crate::time::Time;

/// A running engine. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("data_dir", &self.inner.settings.data_dir)
            .finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    writer: writer::Writer,
    readers: readers::Readers,
    settings: Settings,
    names: open::Names,
    catalogue: catalogue::ProductCache,
    access: Arc<access::Access>,
    recent: Arc<orders::Recent>,
    outbox: outbox::Outbox,
    /// The state machine's place on the service map.
    workflow_service: Service,
    expressions: expression::Expressions,
    ids: ports::clock::IdSource,
    queues: HashMap<String, Arc<queue::Queue>>,
    subscriptions: Vec<Arc<topic::Subscription>>,
    stream: watch::Receiver<u64>,
    executor: Arc<executions::Executor>,
    metrics: Arc<dyn Metrics>,
    lambda: lambda::Lambda,
    stop: watch::Sender<bool>,
    workers: tokio::sync::Mutex<tokio::task::JoinSet<()>>,
    /// What is held until the engine is stopped: the writer's thread, and the lock that keeps other processes from the
    /// same directory.
    held: Mutex<Option<(std::thread::JoinHandle<()>, std::fs::File)>>,
    order_counts: orders::OrderCounter,
    fresh: bool,
}

impl Engine {
    /// Begins to work: takes up what was under way when the last process ended, and then everything new.
    ///
    /// `handlers` are the functions by name. Nothing is delivered before this is called.
    pub async fn start(&self, handlers: HashMap<String, Arc<dyn Handler>>) -> Result<(), ports::StoreError> {
        self.inner.lambda.register(handlers);
        let mut workers = self.inner.workers.lock().await;
        executions::spawn(self, &mut workers).await?;
        queue::spawn(self, &mut workers);
        topic::spawn(self, &mut workers);
        stream::spawn(self, &mut workers).await?;
        retention::spawn(self, &mut workers);
        Ok(())
    }

    /// Stops: takes nothing new up, waits until what is in hand is committed, at most `grace`, then returns. What is
    /// not finished goes on at the next start. Afterwards the data directory is free for another process, and whatever
    /// is still asked of this engine fails.
    pub async fn stop(&self, grace: std::time::Duration) {
        self.inner.stop.send_replace(true);
        let mut workers = self.inner.workers.lock().await;
        let drained = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, drained).await.is_err() {
            tracing::warn!(event_type = "stop_timed_out", grace_ms = grace.as_millis() as u64);
            workers.shutdown().await;
        }
        if let Err(error) = self.flush_usage().await {
            tracing::error!(event_type = "usage_not_flushed", error = %error::Chain(&error));
        }
        self.inner.lambda.clear();
        self.inner.writer.end().await;
        let held = self
            .inner
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((thread, lock)) = held {
            // The writer's last words go to the log of whoever panicked; the lock is free either way.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
            drop(lock);
        }
    }

    /// Resolves once nothing is left to do: no message waits, no execution runs, no delivery is pending, and every
    /// follower of the stream has had every change. Dead letters wait for a person and do not count.
    ///
    /// # Errors
    /// When the store fails, or the engine ends before.
    pub async fn settled(&self) -> Result<(), ports::StoreError> {
        const LEFT: &str = "SELECT EXISTS (SELECT 1 FROM messages WHERE source IS NULL)
            OR EXISTS (SELECT 1 FROM executions WHERE status = 0)
            OR EXISTS (SELECT 1 FROM deliveries)";
        // A follower without a checkpoint has had nothing; the checkpoint of one that is no more means nothing.
        const BEHIND: &str = "SELECT coalesce((SELECT max(seq) FROM changes), 0)
            > coalesce((SELECT seq FROM checkpoints WHERE consumer = ?1), 0)";
        let followers = self
            .settings()
            .functions
            .iter()
            .filter(|function| function.stream_source.is_some());
        let followers: Vec<i64> = followers
            .map(|function| self.names().id("consumer", &function.name))
            .collect();
        let mut committed = self.inner.writer.committed();
        loop {
            committed.borrow_and_update();
            let is_left = self.readers().read(|connection| {
                let mut is_left: bool = connection.query_row(LEFT, [], |row| row.get(0))?;
                for follower in &followers {
                    is_left |= connection.query_row(BEHIND, [follower], |row| row.get::<_, bool>(0))?;
                }
                Ok(is_left)
            })?;
            if !is_left {
                return Ok(());
            }
            committed
                .changed()
                .await
                .map_err(|_| ports::StoreError::failed(writer::Stopped))?;
        }
    }

    /// Resolves when the writer has ended: the engine was stopped, or its fault injection struck.
    pub async fn ended(&self) {
        self.inner.writer.ended().await;
    }

    /// What the writer did so far.
    #[must_use]
    pub fn writer_stats(&self) -> &WriterStats {
        self.inner.writer.stats()
    }

    /// Whether requests can be served; if not, why.
    ///
    /// # Errors
    /// A sentence for a person.
    pub fn ready(&self) -> Result<(), String> {
        if self.is_stopping() {
            return Err("the server is stopping".into());
        }
        if self.inner.writer.has_ended() {
            return Err("the store has stopped: see the log, and start the server again".into());
        }
        Ok(())
    }

    /// What the engine has in hand, for an operator.
    #[must_use]
    pub fn status(&self) -> serde_json::Value {
        let stats = self.writer_stats();
        serde_json::json!({
            "dataDir": self.settings().data_dir.display().to_string(),
            "openExecutions": self.executor().open(),
            "latestChange": *self.inner.stream.borrow(),
            "commits": stats.commits.load(Ordering::Relaxed),
            "commands": stats.commands.load(Ordering::Relaxed),
            "stateMachine": {
                "name": self.executor().machine().name,
                "definitionHash": self.executor().machine().current.hash,
            },
        })
    }

    /// Whether the database was made by this start.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.inner.fresh
    }

    /// The functions, as the gateway calls them.
    #[must_use]
    pub fn lambda(&self) -> &lambda::Lambda {
        &self.inner.lambda
    }

    pub(crate) fn writer(&self) -> &writer::Writer {
        &self.inner.writer
    }

    pub(crate) fn readers(&self) -> &readers::Readers {
        &self.inner.readers
    }

    /// The engine's clock.
    #[must_use]
    pub fn time(&self) -> &Time {
        &self.inner.settings.time
    }

    /// Where everything is kept.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        &self.inner.settings.data_dir
    }

    /// Who gets the spans of what is done.
    #[must_use]
    pub fn recorder(&self) -> &Arc<dyn Recorder> {
        &self.inner.settings.recorder
    }

    /// The expressions that workflows use.
    pub(crate) fn expressions(&self) -> &expression::Expressions {
        &self.inner.expressions
    }

    /// The orders and changes of late.
    pub(crate) fn workflow_service(&self) -> Service {
        self.inner.workflow_service
    }

    pub(crate) fn outbox(&self) -> &outbox::Outbox {
        &self.inner.outbox
    }

    pub(crate) fn recent(&self) -> &orders::Recent {
        &self.inner.recent
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn metrics(&self) -> &dyn Metrics {
        &*self.inner.metrics
    }

    pub(crate) fn names(&self) -> &open::Names {
        &self.inner.names
    }

    pub(crate) fn catalogue(&self) -> &catalogue::ProductCache {
        &self.inner.catalogue
    }

    pub(crate) fn access(&self) -> &Arc<access::Access> {
        &self.inner.access
    }

    pub(crate) fn queues(&self) -> &HashMap<String, Arc<queue::Queue>> {
        &self.inner.queues
    }

    pub(crate) fn subscriptions(&self) -> &[Arc<topic::Subscription>] {
        &self.inner.subscriptions
    }

    pub(crate) fn executor(&self) -> &Arc<executions::Executor> {
        &self.inner.executor
    }

    /// Resolves once the engine is told to stop.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.inner.stop.subscribe();
        async move {
            // The sender lives as long as the engine, and without an engine there's nothing left to do either.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.inner.stop.borrow()
    }
}

impl OrderIds for Engine {
    fn next_order_id(&self) -> OrderId {
        let now = ports::clock::Clock::now(&self.inner.settings.time);
        self.inner.ids.next(now, rand::random())
    }
}
