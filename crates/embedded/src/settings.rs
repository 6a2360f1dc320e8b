//! What the engine is told: names, limits and policies. They come from the template, see [`crate::from_template`].

use std::path::PathBuf;
use std::sync::Arc;

use ports::access::UsagePlan;
use ports::trace::Recorder;
use template::FilterPolicy;

use crate::faults::Faults;
use crate::time::Time;

/// Everything the engine is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the database and the keys are.
    pub data_dir: PathBuf,
    /// Whether a database must be there: then a lost one is told, and no new one made in its place.
    pub must_exist: bool,
    /// The clock.
    pub time: Time,
    /// Every queue.
    pub queues: Vec<QueueSettings>,
    /// The queue that takes new orders, by name.
    pub order_queue: String,
    /// Every topic.
    pub topics: Vec<TopicSettings>,
    /// The topic that tells of orders, by name.
    pub notification_topic: String,
    /// Every function.
    pub functions: Vec<FunctionSettings>,
    /// Where calls go that nobody waits for and that kept failing, by queue name; also of functions that are not called
    /// here.
    pub functions_dead_letter_queues: Vec<String>,
    /// The state machine that sees orders through.
    pub machine: MachineSettings,
    /// The orders table's name.
    pub orders_table: String,
    /// The inventory table's name.
    pub inventory_table: String,
    /// The plan of keys that are made without one of their own.
    pub usage_plan: UsagePlan,
    /// The alarms.
    pub alarms: Vec<template::Alarm>,
    /// What is bounded.
    pub limits: Limits,
    /// What goes wrong; nothing, by default.
    pub faults: Arc<Faults>,
    /// Gets the spans of what is done; nobody does, by default.
    pub recorder: Arc<dyn Recorder>,
}

/// Bounds of the engine's own.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Executions driven at once; more wait. What they keep in memory is worked on by turns, and more of them fit no
    /// processor's cache: with four times as many open, each took about a tenth more time (docs/performance.md).
    pub concurrent_executions: usize,
    /// Batches of a queue handled at once.
    pub concurrent_batches: usize,
    /// Deliveries of a subscription under way at once.
    pub concurrent_deliveries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrent_executions: 512,
            concurrent_batches: 64,
            concurrent_deliveries: 512,
        }
    }
}

/// A queue.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// For how long a received message is hidden.
    pub visibility_timeout_ms: i64,
    /// For how long a message is kept.
    pub retention_ms: i64,
    /// After how many receives a message is a dead letter.
    pub max_receive_count: Option<u32>,
    /// Where its dead letters go, by name.
    pub dead_letter_queue: Option<String>,
}

/// A topic.
#[derive(Debug, Clone)]
pub struct TopicSettings {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Who gets what is published.
    pub subscriptions: Vec<SubscriptionSettings>,
}

/// A subscription of a function.
#[derive(Debug, Clone)]
pub struct SubscriptionSettings {
    /// Its name, unique.
    pub name: String,
    /// Who is told.
    pub subscriber: SubscriberSettings,
    /// What of it; `None` is everything.
    pub filter: Option<FilterPolicy>,
    /// Where deliveries go that failed for good, by queue name.
    pub dead_letter_queue: Option<String>,
}

/// Who a subscription tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriberSettings {
    /// The function of this name.
    Function(String),
    /// This address, by mail: the message's text.
    Mail(String),
    /// This address, by mail: the message in SNS's envelope, as JSON.
    MailJson(String),
}

impl SubscriberSettings {
    /// Its name or address.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        match self {
            Self::Function(endpoint) | Self::Mail(endpoint) | Self::MailJson(endpoint) => endpoint,
        }
    }
}

/// A function.
#[derive(Debug, Clone)]
pub struct FunctionSettings {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How long a call may take.
    pub timeout_ms: u64,
    /// How many calls may run at once; `None`: as many as come.
    pub reserved_concurrency: Option<usize>,
    /// Queues it consumes.
    pub queue_sources: Vec<QueueSourceSettings>,
    /// Whether and how it follows the orders table's stream.
    pub stream_source: Option<StreamSourceSettings>,
}

/// How a function consumes a queue.
#[derive(Debug, Clone)]
pub struct QueueSourceSettings {
    /// The queue's name.
    pub queue: String,
    /// At most so many messages a call.
    pub batch_size: usize,
    /// Whether the function says which messages failed.
    pub report_batch_item_failures: bool,
    /// At most so many batches at once; never more than the engine's own limit.
    pub maximum_concurrency: Option<usize>,
}

/// How a function follows the stream.
#[derive(Debug, Clone)]
pub struct StreamSourceSettings {
    /// At most so many records a call.
    pub batch_size: u32,
    /// How often a failed batch is tried again; `None`: until it succeeds.
    pub maximum_retry_attempts: Option<u32>,
    /// Whether a failed batch is cut in two, and each half handed over by itself.
    pub bisect_on_error: bool,
    /// Where the records go that were given up, by queue name.
    pub on_failure: Option<String>,
}

/// The state machine.
#[derive(Debug, Clone)]
pub struct MachineSettings {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its definition with all substitutions made.
    pub definition: String,
}
