//! What an operator looks at and sets right: queues, dead letters, executions, deliveries.

use std::future::Future;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// A queue at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueInfo {
    /// The queue's name.
    pub name: String,
    /// Messages that a consumer could receive now.
    pub visible: u64,
    /// Messages received and not yet deleted.
    pub in_flight: u64,
    /// Age of the oldest message in milliseconds; 0 when empty.
    pub oldest_age_ms: u64,
    /// The queue its poison messages go to.
    pub dead_letter_queue: Option<String>,
    /// Whether others send their poison messages here.
    pub is_dead_letter_queue: bool,
    /// After how many receives a message goes there.
    pub max_receive_count: Option<u32>,
    /// For how long a received message is hidden, in seconds.
    pub visibility_timeout_s: u64,
    /// For how long a message is kept, in seconds.
    pub retention_s: u64,
}

/// A message in a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMessage {
    /// Its id.
    pub message_id: String,
    /// The queue it is in.
    pub queue: String,
    /// The body as sent.
    pub body: String,
    /// When it was sent first.
    pub sent_at: Timestamp,
    /// How often it was received.
    pub receive_count: u32,
    /// The last failure's cause, when it failed.
    pub last_error: Option<String>,
    /// The queue or subscription that it came from, for a dead letter.
    pub source: Option<String>,
}

/// An execution at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionInfo {
    /// Its name: the order's id.
    pub name: String,
    /// Which state machine.
    pub state_machine: String,
    /// RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
    pub status: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Option<Timestamp>,
    /// The state it stands in, while it runs.
    pub current_state: Option<String>,
    /// The error it ended with.
    pub error: Option<String>,
    /// That error's cause.
    pub cause: Option<String>,
    /// SHA-256 of the definition it runs, in hexadecimal.
    pub definition_hash: String,
}

/// An execution whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionDetail {
    /// At a glance.
    #[serde(flatten)]
    pub info: ExecutionInfo,
    /// What it was started with.
    pub input: serde_json::Value,
    /// What it ended with.
    pub output: Option<serde_json::Value>,
    /// Its history in the shape of GetExecutionHistory.
    pub events: Vec<serde_json::Value>,
}

/// A message handed to a sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxEntry {
    /// When it was handed over.
    pub at: Timestamp,
    /// The order it is about.
    pub order_id: String,
    /// `email` or `sms`.
    pub channel: String,
    /// To whom.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
}

/// A subscription's deliveries at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionInfo {
    /// The topic's name.
    pub topic: String,
    /// The subscription's name.
    pub subscription: String,
    /// What it delivers to.
    pub endpoint: String,
    /// Deliveries waiting or being retried.
    pub pending: u64,
    /// Where deliveries go that failed for good.
    pub dead_letter_queue: Option<String>,
}

/// Why an operation was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// No queue, message or execution of this name.
    #[error("there is no {what} {name}")]
    NotFound {
        /// `queue`, `message` or `execution`.
        what: &'static str,
        /// As asked for.
        name: String,
    },
    /// It isn't in a state for this.
    #[error("{0}")]
    NotAllowed(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What an operator does.
pub trait Operations: Send + Sync {
    /// Every queue.
    fn list_queues(&self) -> impl Future<Output = Result<Vec<QueueInfo>, StoreError>> + Send;

    /// Messages of a queue, oldest first, after the message id `after`.
    fn list_messages(
        &self,
        queue: String,
        after: Option<String>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<QueueMessage>, OperationError>> + Send;

    /// Moves dead letters back to where they came from, all or only those named; returns how many. Their receive count
    /// starts anew.
    fn redrive_messages(
        &self,
        queue: String,
        message_ids: Option<Vec<String>>,
    ) -> impl Future<Output = Result<u64, OperationError>> + Send;

    /// Deletes dead letters of a queue, all or only those named; returns how many. An order that has not ended and whose
    /// message this was needs attention from then on. A queue that nobody's dead letters go to is refused.
    fn purge_messages(
        &self,
        queue: String,
        message_ids: Option<Vec<String>>,
    ) -> impl Future<Output = Result<u64, OperationError>> + Send;

    /// Executions, newest first, with this status, after the name `after`.
    fn list_executions(
        &self,
        status: Option<String>,
        after: Option<String>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ExecutionInfo>, OperationError>> + Send;

    /// One execution with its history.
    fn get_execution(
        &self,
        name: String,
    ) -> impl Future<Output = Result<ExecutionDetail, OperationError>> + Send;

    /// Runs a failed execution again, under its own name, so that its tasks have the idempotency keys that they had:
    /// nothing that was done before is done twice.
    fn redrive_execution(
        &self,
        name: String,
    ) -> impl Future<Output = Result<ExecutionInfo, OperationError>> + Send;

    /// The newest messages handed to senders, at most `limit`.
    fn list_outbox(&self, limit: u32) -> impl Future<Output = Result<Vec<OutboxEntry>, StoreError>> + Send;

    /// Every subscription with its backlog.
    fn list_subscriptions(&self) -> impl Future<Output = Result<Vec<SubscriptionInfo>, StoreError>> + Send;
}
