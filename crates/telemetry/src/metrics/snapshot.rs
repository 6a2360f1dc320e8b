//! Every series as it stands, in an order that doesn't change.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use ports::metrics::BOUNDS;
use serde::Serialize;

use super::{Cell, Registry, Series};

/// Every series at one moment, sorted by name and dimensions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// The series.
    pub series: Vec<SeriesSnapshot>,
    /// How many counts were dropped because there were too many series.
    pub dropped: u64,
}

/// One series at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesSnapshot {
    /// The metric's name, as CloudWatch has it.
    pub name: &'static str,
    /// Its dimensions, in the order in which they are given.
    pub dimensions: Vec<(&'static str, String)>,
    /// What was counted.
    #[serde(flatten)]
    pub value: Value,
}

/// A series' value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Value {
    /// A counter's sum.
    Counter {
        /// Since the start.
        total: u64,
    },
    /// How high something stands.
    Gauge {
        /// Now.
        last: f64,
    },
    /// A histogram.
    Histogram {
        /// How many values were observed.
        count: u64,
        /// Their sum.
        sum: f64,
        /// How many were at most as large as each bound.
        buckets: Vec<Bucket>,
    },
}

/// One bucket of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// The largest value that it holds.
    pub at_most: f64,
    /// How many values were at most that.
    pub count: u64,
}

impl Registry {
    /// Every series now. Counting goes on meanwhile, so two series may be read a moment apart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut series = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            series.extend(shard.iter().map(|series| series.snapshot()));
        }
        series.sort_by(|a, b| (a.name, &a.dimensions).cmp(&(b.name, &b.dimensions)));
        Snapshot {
            series,
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

impl Series {
    fn snapshot(&self) -> SeriesSnapshot {
        let value = match &self.cell {
            Cell::Counter { total, .. } => Value::Counter {
                total: total.load(Ordering::Relaxed),
            },
            Cell::Gauge(gauge) => Value::Gauge { last: gauge.last() },
            Cell::Histogram(histogram) => {
                let cumulative = histogram.cumulative();
                let bucket = |(at_most, count): (&f64, &u64)| Bucket {
                    at_most: *at_most,
                    count: *count,
                };
                Value::Histogram {
                    count: cumulative[BOUNDS.len()],
                    sum: histogram.sum(),
                    buckets: BOUNDS.iter().zip(&cumulative).map(bucket).collect(),
                }
            }
        };
        SeriesSnapshot {
            name: self.name,
            dimensions: self.dimensions.clone(),
            value,
        }
    }
}
