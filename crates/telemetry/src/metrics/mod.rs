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

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use ports::metrics::Metrics;

use histogram::Histogram;
pub use snapshot::{Bucket, SeriesSnapshot, Snapshot, Value};

const SHARDS: usize = 16;

/// Every series there is. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Registry {
    shards: [RwLock<Vec<Series>>; SHARDS],
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
}

#[derive(Debug)]
enum Cell {
    Counter(AtomicU64),
    Histogram(Histogram),
}

/// What a caller wants to do to a series.
#[derive(Debug, Clone, Copy)]
enum Update {
    Count(u64),
    Observe(f64),
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

    fn update(&self, name: &'static str, dimensions: &[(&'static str, &str)], update: Update) {
        let hash = hash(name, dimensions);
        let shard = &self.shards[hash as usize % SHARDS];
        let known = {
            let series = shard.read().unwrap_or_else(PoisonError::into_inner);
            find(&series, hash, name, dimensions).map(|series| series.update(update))
        };
        if known.is_some() {
            return;
        }
        let mut series = shard.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have made it between the two locks.
        if let Some(series) = find(&series, hash, name, dimensions) {
            return series.update(update);
        }
        if self.series.fetch_add(1, Ordering::Relaxed) >= Self::MAX_SERIES {
            self.series.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let new = Series::new(hash, name, dimensions, update);
        new.update(update);
        series.push(new);
    }
}

impl Metrics for Registry {
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64) {
        self.update(name, dimensions, Update::Count(value));
    }

    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        self.update(name, dimensions, Update::Observe(value));
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
                Update::Count(_) => Cell::Counter(AtomicU64::new(0)),
                Update::Observe(_) => Cell::Histogram(Histogram::default()),
            },
        }
    }

    /// A metric is counted or observed, never both: its name says which. What doesn't fit is left out.
    fn update(&self, update: Update) {
        match (&self.cell, update) {
            (Cell::Counter(counter), Update::Count(value)) => {
                counter.fetch_add(value, Ordering::Relaxed);
            }
            (Cell::Histogram(histogram), Update::Observe(value)) => histogram.observe(value),
            (Cell::Counter(_), Update::Observe(_)) | (Cell::Histogram(_), Update::Count(_)) => {}
        }
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
    series: &'a [Series],
    hash: u64,
    name: &str,
    dimensions: &[(&'static str, &str)],
) -> Option<&'a Series> {
    series.iter().find(|series| series.is(hash, name, dimensions))
}

fn hash(name: &str, dimensions: &[(&'static str, &str)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    dimensions.hash(&mut hasher);
    hasher.finish()
}
