//! What the console looks at beyond [`crate::operations`]: counts, definitions, single messages and deliveries, and the
//! news that something was written.

use std::future::Future;

use domain::{OrderStatus, Timestamp};
use serde::Serialize;

use crate::StoreError;
use crate::operations::{OperationError, QueueMessage};

/// How many orders there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCounts {
    /// By status, in the order of [`OrderStatus::ALL`].
    pub by_status: [u64; 5],
    /// Those of them that need attention.
    pub needs_attention: u64,
}

impl OrderCounts {
    /// How many have this status.
    #[must_use]
    pub fn of(&self, status: OrderStatus) -> u64 {
        let place = OrderStatus::ALL.iter().position(|other| *other == status);
        place
            .and_then(|place| self.by_status.get(place))
            .copied()
            .unwrap_or(0)
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_status.iter().sum()
    }
}

/// A notification on its way to a subscription.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryInfo {
    /// Its id; grows with every delivery.
    pub delivery_id: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// How often its delivery failed.
    pub attempts: u32,
    /// When it is tried next, or was due.
    pub next_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The subject, when it has one.
    pub subject: Option<String>,
    /// The message as published.
    pub body: String,
}

/// What the console reads of an engine, and the one thing it writes there that nobody else does.
pub trait Inspection: Send + Sync {
    /// How many orders there are. Answers within milliseconds however many that is, but for the first time.
    fn count_orders(&self) -> impl Future<Output = Result<OrderCounts, StoreError>> + Send;

    /// The workflow definition with this SHA-256 in hexadecimal, in the form in which it runs.
    fn get_definition(
        &self,
        hash: String,
    ) -> impl Future<Output = Result<Option<serde_json::Value>, StoreError>> + Send;

    /// One message of a queue.
    fn get_message(
        &self,
        queue: String,
        message_id: String,
    ) -> impl Future<Output = Result<QueueMessage, OperationError>> + Send;

    /// Gives a dead letter another body; when it returns, that is durable. What else is known of the message stays. An
    /// order that has not ended and that the message is about no more needs attention.
    ///
    /// # Errors
    /// [`OperationError::NotAllowed`] for a message that is no dead letter: a consumer may hold it. Bodies are at most
    /// 262,144 bytes, as in SQS.
    fn replace_message_body(
        &self,
        queue: String,
        message_id: String,
        body: String,
    ) -> impl Future<Output = Result<(), OperationError>> + Send;

    /// At most `limit` deliveries that wait at a subscription, oldest first, after the delivery id `after`.
    fn list_deliveries(
        &self,
        subscription: String,
        after: Option<String>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DeliveryInfo>, OperationError>> + Send;

    /// Counts what was committed since the start, and so changes with every commit.
    fn latest_commit(&self) -> u64;

    /// Returns as soon as [`Self::latest_commit`] is above `after`; never, once the engine has ended.
    fn wait_for_commit(&self, after: u64) -> impl Future<Output = ()> + Send;
}
