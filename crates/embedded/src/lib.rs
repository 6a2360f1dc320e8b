//! The single-machine engine: table, stream, queue, topic, executions and usage plans on one SQLite database.
//!
//! It implements the ports that the functions need and plays the parts that AWS's services play around them. One
//! writer commits for all ([`writer`]); after each commit the workers are told what there is to do, so nothing polls.
//! The database is the truth; what is in memory is an index of it that is rebuilt at start.

mod access;
mod analytics;
mod backlog;
mod catalogue;
mod error;
mod executions;
mod expression;
mod from_template;
mod ids;
mod inventory;
mod item;
mod lambda;
mod ledger;
mod open;
mod operations;
mod orders;
mod outbox;
mod queue;
mod readers;
mod retention;
mod schema;
mod settings;
mod stream;
mod timeline;
mod topic;
mod tx;
mod writer;

pub mod time;

use std::collections::HashMap;
use std::sync::Arc;

use domain::OrderId;
use ports::clock::OrderIds;
use ports::function::Handler;
use ports::metrics::Metrics;
use tokio::sync::watch;

pub use from_template::SettingsError;
pub use open::OpenError;
pub use settings::{
    FunctionSettings, Limits, MachineSettings, QueueSettings, QueueSourceSettings, Settings, StreamSourceSettings,
    SubscriptionSettings, TopicSettings,
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
        f.debug_struct("Engine").field("data_dir", &self.inner.settings.data_dir).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    writer: writer::Writer,
    readers: readers::Readers,
    settings: Settings,
    names: open::Names,
    catalogue: catalogue::ProductCache,
    access: Arc<access::Access>,
    ids: ids::IdSource,
    queues: HashMap<String, Arc<queue::Queue>>,
    subscriptions: Vec<Arc<topic::Subscription>>,
    stream: watch::Receiver<u64>,
    executor: Arc<executions::Executor>,
    metrics: Arc<dyn Metrics>,
    lambda: lambda::Lambda,
    stop: watch::Sender<bool>,
    workers: tokio::sync::Mutex<tokio::task::JoinSet<()>>,
    /// Held as long as the engine lives, so that no other process opens the same directory.
    _lock: std::fs::File,
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
    /// not finished goes on at the next start.
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
    }

    /// What the writer did so far.
    #[must_use]
    pub fn writer_stats(&self) -> &WriterStats {
        self.inner.writer.stats()
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
        self.inner.ids.next(&self.inner.settings.time)
    }
}
