//! What the engine tells of itself, and what it keeps of that: spans, the metrics' history, alarms.
//!
//! [`Observer`] stands beside the engine: it looks at queues and figures, takes the minute's metrics, judges the alarms,
//! and stores the spans that were kept. No order waits for it.

mod alarms;
mod answers;
mod gauges;
mod history;
mod map;
mod marks;
mod missed;
pub(crate) mod spans;
mod states;
mod store;
mod stored;
mod told;
mod traces;
mod waterfall;

use std::sync::Arc;

use domain::Timestamp;
use ports::StoreError;
use ports::clock::Clock;
use ports::metrics::MetricSource;
use ports::trace::{SpanData, SpanSink};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Engine;
use crate::error::Chain;
use history::MINUTE_MS;
use store::Store;

/// How often queues are looked at.
const GAUGES_MS: i64 = 10_000;

/// Watches an engine. Clones are the same.
#[derive(Clone)]
pub struct Observer {
    engine: Engine,
    store: Store,
    source: Arc<dyn MetricSource>,
    /// The last minute that was taken, and wakes whoever waits for the next.
    taken: Arc<watch::Sender<i64>>,
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl Observer {
    /// An observer of the engine, which reads what the engine counts from `source`. It does nothing before
    /// [`Observer::start`].
    ///
    /// # Errors
    /// When its database can't be opened, nor a new one be made.
    pub fn open(engine: &Engine, source: Arc<dyn MetricSource>) -> Result<Self, StoreError> {
        Ok(Self {
            engine: engine.clone(),
            store: Store::open(&engine.settings().data_dir)?,
            source,
            taken: Arc::new(watch::Sender::new(i64::MIN)),
        })
    }

    /// Begins to watch, with what the last run left to be judged, until the engine has ended; then what was counted since the
    /// last minute is stored.
    #[must_use]
    pub fn start(&self) -> JoinHandle<()> {
        let observer = self.clone();
        // Read here: a minute that ends before the task first runs is one to take, too.
        let minute = history::floor(observer.engine.time().now().as_ms(), MINUTE_MS);
        tokio::spawn(async move {
            tokio::select! {
                () = observer.engine.stopping() => {}
                () = observer.watch(minute) => {}
            }
            // What is under way still ends, and counts.
            observer.engine.ended().await;
            let minute = history::floor(observer.engine.time().now().as_ms(), MINUTE_MS);
            observer.take(minute, None).await;
        })
    }

    /// Looks at the gauges every ten seconds, and takes each minute when it is over, from `minute` on.
    async fn watch(&self, mut minute: i64) {
        let time = self.engine.time();
        self.catch_up(minute).await;
        loop {
            gauges::read(self).await;
            let now = time.now();
            let this_minute = history::floor(now.as_ms(), MINUTE_MS);
            if this_minute > minute {
                // Minutes that went by unseen: what was counted in them is told as of the first.
                let unseen = (minute + MINUTE_MS).max(missed::earliest(now.as_ms()));
                let told = missed::queues(&self.engine, &self.store, unseen, this_minute).await;
                note("metrics_not_recounted", told);
                self.take(minute, Some(this_minute)).await;
                minute = this_minute;
                alarms::evaluate(&self.engine, &self.store, now).await;
                self.expire(now).await;
                self.taken.send_replace(minute);
            }
            // From the time that was looked at above: whatever the clock did since is looked at once more. Not a sleep, for a
            // clock that flies would fly from minute to minute and never rest.
            let next = history::floor(now.as_ms(), GAUGES_MS) + GAUGES_MS;
            time.deadline(Timestamp::from_ms(next)).await;
        }
    }

    /// Recounts what the last run could not store, and judges the alarms as of each minute since it judged them.
    async fn catch_up(&self, minute: i64) {
        let now = self.engine.time().now();
        let recounted = self.recount(minute, now).await;
        let changed = recounted.as_ref().ok().copied().flatten();
        note("metrics_not_recounted", recounted);
        let marked = alarms::begin(&self.engine, &self.store, minute, changed).await;
        note("alarms_not_marked", marked);
        // Not as of now: the minute that is under way may be over by now, and isn't stored yet.
        alarms::evaluate(&self.engine, &self.store, Timestamp::from_ms(minute)).await;
    }

    /// Returns the first minute whose failed executions were not all known. Without a word on how far the last run came, a day
    /// is looked at.
    async fn recount(&self, minute: i64, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let (engine, store) = (&self.engine, &self.store);
        let earliest = missed::earliest(now.as_ms());
        let taken = marks::get(store, marks::TAKEN.to_owned()).await?;
        // A clock that was set back is as if the last run had ended now.
        let taken = taken.map_or(earliest, |taken| taken.min(minute).max(earliest));
        let counted = self.source.peek();
        let changed = missed::executions(engine, store, counted, taken, now.as_ms()).await?;
        missed::queues(engine, store, taken, minute).await?;
        store
            .write_blocking(move |tx| marks::set(tx, marks::TAKEN, minute))
            .await?;
        Ok(changed)
    }

    /// Stores what was counted since it was last taken, as the values of that minute; with that, everything before `taken`
    /// is stored.
    async fn take(&self, minute: i64, taken: Option<i64>) {
        let samples = self.source.take();
        let stored = history::record(&self.store, minute, samples, taken).await;
        note("metrics_not_stored", stored);
    }

    async fn expire(&self, now: Timestamp) {
        let traces = self.expire_traces(now).await;
        let expired = match traces {
            // Points are few and fall due by the minute, so once an hour will do.
            Ok(()) if now.as_ms() % (60 * MINUTE_MS) < MINUTE_MS => history::expire(&self.store, now).await,
            other => other,
        };
        note("telemetry_not_expired", expired);
    }

    /// Deletes traces a part at a time, for others write meanwhile.
    async fn expire_traces(&self, now: Timestamp) -> Result<(), StoreError> {
        let now_us = now.as_ms().saturating_mul(1_000);
        while self
            .store
            .write_blocking(move |tx| traces::expire(tx, now_us))
            .await?
        {}
        Ok(())
    }

    /// Leaves the database in good order, once nothing more is to be stored.
    pub fn tidy(&self) {
        if let Err(error) = self.store.tidy() {
            tracing::warn!(event_type = "telemetry_not_tidied", error = %Chain(&error));
        }
    }

    /// Resolves once every minute that ended before `now` is stored and its alarms are judged.
    pub async fn caught_up(&self, now: Timestamp) {
        let minute = history::floor(now.as_ms(), MINUTE_MS);
        // The sender lives as long as we do.
        let _ = self.taken.subscribe().wait_for(|taken| *taken >= minute).await;
    }
}

/// Logs what could not be done: the observer goes on without.
fn note<T>(event_type: &str, done: Result<T, StoreError>) {
    if let Err(error) = done {
        tracing::error!(event_type, error = %Chain(&error));
    }
}

impl SpanSink for Observer {
    fn accept(&self, spans: &[SpanData]) {
        if let Err(error) = self.store.write(|tx| traces::insert(tx, spans)) {
            tracing::error!(event_type = "traces_not_stored", spans = spans.len(), error = %Chain(&error));
        }
    }
}
