//! Logs: lines of JSON in log groups, asked for in the language of CloudWatch Logs Insights, as far as it is needed.

use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Answer;

/// A log group at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Its name, such as `/aws/lambda/order-creation`.
    pub name: String,
    /// For how many days a line is kept; `None` is for as long as there is room.
    pub retention_days: Option<u32>,
    /// Bytes on disk.
    pub stored_bytes: u64,
}

/// What to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// In these groups; none named is all.
    pub groups: Vec<String>,
    /// Written at this time or later; an hour ago when it isn't said.
    pub from: Option<Timestamp>,
    /// Written before this time.
    pub to: Option<Timestamp>,
    /// Stages between `|`: `fields`, `filter`, `stats … by …`, `sort`, `limit`, as in
    /// `fields @timestamp, data.orderId | filter event_type = "order_created"`. Empty: whole lines, newest first.
    pub query: String,
    /// Only lines after this one, oldest first: what [`LogRow::cursor`] said. For following.
    pub after: Option<String>,
    /// The most rows of the answer, 1 to 10,000; the query's own `limit` may ask for fewer.
    pub limit: u32,
    /// For how long to search; as long as it takes when it isn't said. What was not reached then,
    /// [`LogTable::scanned_until`] tells.
    pub within: Option<Duration>,
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRow {
    /// The values, in the order of [`LogTable::columns`]; `null` where a line has none.
    pub values: Vec<Value>,
    /// Where the line stands, to be passed as [`LogQuery::after`]; empty for a row of statistics.
    pub cursor: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogTable {
    /// What the columns are: names of fields, or of statistics. `@message` is the whole line as an object.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<LogRow>,
    /// Lines that were looked at.
    pub scanned: u64,
    /// Whether there were more than the answer or the search may hold.
    pub truncated: bool,
    /// Until which time, backwards, all lines were looked at, when the search was given up before it was through: for its
    /// time, or after 512 MiB. Statistics are of the lines since then, and maybe a few from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_until: Option<Timestamp>,
    /// What else somebody should know who relies on the figures, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What was logged.
pub trait Logs: Send + Sync {
    /// Every log group.
    fn list_log_groups(&self) -> Answer<'_, Vec<LogGroup>>;

    /// Reads lines.
    ///
    /// # Errors
    /// [`super::ObserveError::Query`] for a query that can't be read, [`super::ObserveError::NotFound`] for an unknown
    /// group.
    fn query_logs(&self, query: LogQuery) -> Answer<'_, LogTable>;

    /// What is logged now, in the syntax of `RUST_LOG`.
    fn log_filter(&self) -> String;

    /// Changes what is logged, until the process ends.
    ///
    /// # Errors
    /// [`super::ObserveError::Query`] when the filter can't be read; what was logged before still is.
    fn set_log_filter(&self, filter: &str) -> Result<(), super::ObserveError>;
}
