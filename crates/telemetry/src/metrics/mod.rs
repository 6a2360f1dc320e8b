//! Counters and histograms, counted without an allocation once a series exists.
//!
//! The port names a metric as CloudWatch does and passes its dimensions as borrowed text. The registries of the usual
//! crates want an owned label set for each lookup, which is an allocation for each count on the hottest path; so this one
//! is ours, and small. Series live in shards by their hash, behind locks that are only ever read once a series is known.

mod histogram;
mod name;
pub mod render;
mod snapshot;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use foldhash::fast::FixedState;
use ports::metrics::{Distribution, MetricSource, Metrics, Sample};

use histogram::{Gauge, Histogram, Taken};
pub use snapshot::{Bucket, SeriesSnapshot, Snapshot, Value};

const SHARDS: usize = 16;

/// Every series there is. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Registry {
    shards: [RwLock<Vec<Arc<Series>>>; SHARDS],
    series: AtomicUsize,
    dropped: AtomicU64,
}

/// A metric under one set of dimensions.
#[derive(Debug)]
struct Series {
    hash: u64,
    name: &'static str,
    dimensions: Vec<(&'static str, String)>,
    cell: Cell,
    taken: Mutex<Taken>,
}

#[derive(Debug)]
enum Cell {
    Counter {
        total: AtomicU64,
        /// What of it was taken.
        taken: AtomicU64,
    },
    Histogram(Box<Histogram>),
    Gauge(Box<Gauge>),
}

/// What a caller wants to do to a series.
#[derive(Debug, Clone, Copy)]
enum Update {
    Count(u64),
    Observe(f64),
    Set(f64),
}

/// A series at hand, for whoever counts it often. The default one is of no series, and counts nothing.
#[derive(Debug, Clone, Default)]
pub struct Handle(Option<Arc<Series>>);

impl Handle {
    /// Adds to a counter.
    pub fn count(&self, value: u64) {
        self.update(Update::Count(value));
    }

    /// Adds a value to a histogram.
    pub fn observe(&self, value: f64) {
        self.update(Update::Observe(value));
    }

    fn update(&self, update: Update) {
        if let Some(series) = &self.0 {
            series.update(update);
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
            series: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        }
    }
}

impl Registry {
    /// The most series that are kept. What would make one more is dropped, and counted in
    /// `ordermill_metrics_dropped_total`, so that a dimension with too many values can't fill the memory.
    pub const MAX_SERIES: usize = 10_000;

    /// A registry with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A counter at hand. When there are too many series already it counts nothing.
    #[must_use]
    pub fn counter(&self, name: &'static str, dimensions: &[(&'static str, &str)]) -> Handle {
        Handle(self.find_or_make(name, dimensions, Update::Count(0)))
    }

    /// A histogram at hand. When there are too many series already it counts nothing.
    #[must_use]
    pub fn histogram(&self, name: &'static str, dimensions: &[(&'static str, &str)]) -> Handle {
        Handle(self.find_or_make(name, dimensions, Update::Observe(0.0)))
    }

    fn update(&self, name: &'static str, dimensions: &[(&'static str, &str)], update: Update) {
        let hash = hash(name, dimensions);
        let known = {
            let series = self.shard(hash).read().unwrap_or_else(PoisonError::into_inner);
            find(&series, hash, name, dimensions).map(|series| series.update(update))
        };
        if known.is_none()
            && let Some(series) = self.find_or_make(name, dimensions, update)
        {
            series.update(update);
        }
    }

    fn shard(&self, hash: u64) -> &RwLock<Vec<Arc<Series>>> {
        &self.shards[hash as usize % SHARDS]
    }

    fn find_or_make(
        &self,
        name: &'static str,
        dimensions: &[(&'static str, &str)],
        first: Update,
    ) -> Option<Arc<Series>> {
        let hash = hash(name, dimensions);
        let mut series = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = find(&series, hash, name, dimensions) {
            return Some(Arc::clone(series));
        }
        if self.series.fetch_add(1, Ordering::Relaxed) >= Self::MAX_SERIES {
            self.series.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let new = Arc::new(Series::new(hash, name, dimensions, first));
        series.push(Arc::clone(&new));
        Some(new)
    }

    /// What every series counted since it was last taken.
    fn since(&self, take: bool) -> Vec<Sample> {
        let mut samples = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            samples.extend(shard.iter().filter_map(|series| series.since(take)));
        }
        samples
    }
}

impl Metrics for Registry {
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64) {
        self.update(name, dimensions, Update::Count(value));
    }

    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        self.update(name, dimensions, Update::Observe(value));
    }

    fn gauge(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        self.update(name, dimensions, Update::Set(value));
    }
}

impl MetricSource for Registry {
    fn peek(&self) -> Vec<Sample> {
        self.since(false)
    }

    fn take(&self) -> Vec<Sample> {
        self.since(true)
    }
}

impl Series {
    fn new(hash: u64, name: &'static str, dimensions: &[(&'static str, &str)], first: Update) -> Self {
        Self {
            hash,
            name,
            dimensions: dimensions
                .iter()
                .map(|(key, value)| (*key, (*value).to_owned()))
                .collect(),
            cell: match first {
                Update::Count(_) => Cell::Counter {
                    total: AtomicU64::new(0),
                    taken: AtomicU64::new(0),
                },
                Update::Observe(_) => Cell::Histogram(Box::default()),
                Update::Set(_) => Cell::Gauge(Box::default()),
            },
            taken: Mutex::default(),
        }
    }

    /// A metric is counted, observed or set, and always the same: its name says which. What doesn't fit is left out.
    fn update(&self, update: Update) {
        match (&self.cell, update) {
            (Cell::Counter { total, .. }, Update::Count(value)) => {
                total.fetch_add(value, Ordering::Relaxed);
            }
            (Cell::Histogram(histogram), Update::Observe(value)) => histogram.observe(value),
            (Cell::Gauge(gauge), Update::Set(value)) => gauge.set(value),
            (Cell::Counter { .. }, Update::Observe(_) | Update::Set(_))
            | (Cell::Histogram(_), Update::Count(_) | Update::Set(_))
            | (Cell::Gauge(_), Update::Count(_) | Update::Observe(_)) => {}
        }
    }

    /// What came since it was last taken, if anything did.
    fn since(&self, take: bool) -> Option<Sample> {
        let values = match &self.cell {
            Cell::Counter { total, taken } => {
                let total = total.load(Ordering::Relaxed);
                let before = if take {
                    taken.swap(total, Ordering::Relaxed)
                } else {
                    taken.load(Ordering::Relaxed)
                };
                Distribution::of_count(total.saturating_sub(before))
            }
            Cell::Histogram(histogram) => {
                let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
                histogram.since(&mut taken, take)
            }
            Cell::Gauge(gauge) => gauge.since(take),
        };
        (values.count > 0).then(|| Sample {
            name: self.name,
            dimensions: self.dimensions.clone(),
            values,
        })
    }

    fn is(&self, hash: u64, name: &str, dimensions: &[(&'static str, &str)]) -> bool {
        let same = |((key, value), (other_key, other)): (&(&str, String), &(&str, &str))| {
            key == other_key && value == other
        };
        self.hash == hash
            && self.name == name
            && self.dimensions.len() == dimensions.len()
            && self.dimensions.iter().zip(dimensions).all(same)
    }
}

fn find<'a>(
    series: &'a [Arc<Series>],
    hash: u64,
    name: &str,
    dimensions: &[(&'static str, &str)],
) -> Option<&'a Arc<Series>> {
    series.iter().find(|series| series.is(hash, name, dimensions))
}

fn hash(name: &str, dimensions: &[(&'static str, &str)]) -> u64 {
    // Who names metrics is this program, so nobody makes them collide.
    let mut hasher = FixedState::default().build_hasher();
    name.hash(&mut hasher);
    dimensions.hash(&mut hasher);
    hasher.finish()
}
