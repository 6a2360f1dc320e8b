//! The change feed: every change of an order, as DynamoDB Streams records it.

use std::future::Future;

use aws_lambda_events::dynamodb::EventRecord;
use domain::Timestamp;

use crate::StoreError;

/// One change of an order.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRecord {
    /// Grows with every change; unique.
    pub sequence_number: u64,
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub event_name: &'static str,
    /// When it was committed.
    pub at: Timestamp,
    /// The order before, as the API shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_image: Option<serde_json::Value>,
    /// The order after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_image: Option<serde_json::Value>,
}

/// Reads the change feed. Records are kept for 24 hours.
pub trait ChangeFeed: Send + Sync {
    /// At most `limit` (1 to 1,000) changes with a sequence number above `after`, in order; fewer where they are too large
    /// for one answer, and none only when there is none above `after`.
    fn read_changes(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ChangeRecord>, StoreError>> + Send;
}

/// A feed that tells of a change as it comes. On AWS nobody waits for one: a function's time is paid for.
pub trait LiveFeed: ChangeFeed {
    /// The newest sequence number now.
    fn latest_change(&self) -> u64;

    /// Returns as soon as a change above `after` is committed, at once when there is one.
    fn wait_for_change(&self, after: u64) -> impl Future<Output = ()> + Send;
}

/// Keeps the changes that the table's stream delivers, where nobody else does.
pub trait ChangeLog: Send + Sync {
    /// Keeps each record under the next number of the feed; one that was kept before is left out, in whatever batches it is
    /// delivered again. Changes of one order keep their order.
    ///
    /// After an error some of the records may have been kept; the same call again keeps the rest.
    fn append_changes(
        &self,
        records: Vec<EventRecord>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
