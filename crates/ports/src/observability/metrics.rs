//! Metrics with their history, under CloudWatch's names.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Answer;

/// Which series: a name under one set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// CloudWatch's namespace, such as `AWS/Lambda` or `OrderProcessingSystem`.
    pub namespace: String,
    /// The metric's name, such as `Errors`.
    pub name: String,
    /// Its dimensions by name, such as `("FunctionName", "order-processing")`.
    pub dimensions: Vec<(String, String)>,
}

/// What is made of the values of a period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MetricStatistic {
    /// How many values there were.
    SampleCount,
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// `p99` is 99: what so many per cent don't exceed, 0 to 100, told from a histogram's buckets.
    Percentile(f64),
}

/// What to read.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricQuery {
    /// CloudWatch's namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Series that have these dimensions, and maybe others; each is answered apart.
    pub dimensions: Vec<(String, String)>,
    /// From this time.
    pub from: Timestamp,
    /// Until before this time.
    pub to: Timestamp,
    /// How long a period is, in seconds: a multiple of 60. At most 1,500 periods fit between `from` and `to`.
    pub period_s: u32,
    /// What is made of each period.
    pub statistic: MetricStatistic,
}

/// A series' values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricSeries {
    /// Which.
    pub series: Series,
    /// One point for each period that had a value, oldest first.
    pub points: Vec<MetricPoint>,
}

/// The value of a period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricPoint {
    /// When the period began.
    pub at: Timestamp,
    /// The value. Durations are in milliseconds.
    pub value: f64,
}

/// Metrics, kept at falling resolution: a minute for a day, 5 minutes for a fortnight, an hour for a year. The minute that
/// is under way is part of the answer.
pub trait MetricHistory: Send + Sync {
    /// Every series that has a value in the last year, sorted.
    fn list_series(&self) -> Answer<'_, Vec<Series>>;

    /// The series that the query means, with their values, sorted.
    ///
    /// # Errors
    /// [`super::ObserveError::Query`] when there are too many periods, or a period isn't one.
    fn get_metric(&self, query: MetricQuery) -> Answer<'_, Vec<MetricSeries>>;
}
