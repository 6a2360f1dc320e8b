//! An alarm on one metric.

use rust_decimal::Decimal;

use super::{Arn, LogicalId, Seconds};

/// An `AWS::CloudWatch::Alarm` on one metric (metric math is refused).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its key in the template.
    pub id: LogicalId,
    /// `AlarmName`, or the logical id where there is none.
    pub name: String,
    /// What it means, for the person who is woken.
    pub description: Option<String>,
    /// The metric's namespace, such as `AWS/SQS`.
    pub namespace: String,
    /// The metric's name, such as `Errors`.
    pub metric: String,
    /// Which of the metrics of that name, resolved to local names.
    pub dimensions: Vec<Dimension>,
    /// What is made of the values of a period.
    pub statistic: Statistic,
    /// How long a period is: a multiple of 60 s.
    pub period: Seconds,
    /// How many of the latest periods are looked at.
    pub evaluation_periods: u32,
    /// How many of them must breach; never more than there are.
    pub datapoints_to_alarm: u32,
    /// What is compared with, exact.
    pub threshold: Decimal,
    /// When a period breaches.
    pub comparison: Comparison,
    /// What a period without values counts as.
    pub missing_data: MissingData,
    /// Topics to tell when it goes into alarm.
    pub alarm_actions: Vec<Arn>,
    /// Topics to tell when it comes back.
    pub ok_actions: Vec<Arn>,
    /// Whether actions are taken at all.
    pub actions_enabled: bool,
}

/// One dimension of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Such as `QueueName`.
    pub name: String,
    /// Such as `OrderProcessingDLQ`.
    pub value: String,
}

/// What is made of the values of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// How many values there were.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// `p99`: the value that this many per cent of them do not exceed, 0 to 100.
    Percentile(Decimal),
}

/// When a value breaches the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// value ≥ threshold
    GreaterThanOrEqualTo,
    /// value > threshold
    GreaterThan,
    /// value ≤ threshold
    LessThanOrEqualTo,
    /// value < threshold
    LessThan,
}

impl Comparison {
    /// Whether `value` breaches `threshold`.
    #[must_use]
    pub fn breaches(self, value: Decimal, threshold: Decimal) -> bool {
        match self {
            Self::GreaterThanOrEqualTo => value >= threshold,
            Self::GreaterThan => value > threshold,
            Self::LessThanOrEqualTo => value <= threshold,
            Self::LessThan => value < threshold,
        }
    }
}

/// What a period without values counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// As one that breaches.
    Breaching,
    /// As one that does not.
    NotBreaching,
    /// As none: the alarm stays as it is.
    Ignore,
    /// As none: without any, the alarm has insufficient data.
    Missing,
}
