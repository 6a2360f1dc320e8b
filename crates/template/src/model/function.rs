//! A function and what calls it.

use std::collections::BTreeMap;

use super::{Arn, LogicalId, Megabytes, Route, Seconds};

/// An `AWS::Serverless::Function`, with `Globals` merged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its key in the template, such as `OrderCreationFunction`.
    pub id: LogicalId,
    /// `FunctionName`, or the logical id where there is none.
    pub name: String,
    /// The local ARN, which is also what the workflow's substitutions hold.
    pub arn: Arn,
    /// How long one call may take, 1 to 900 s; 3 s when the template is silent, as in SAM.
    pub timeout: Seconds,
    /// Memory on AWS, 128 to 10,240. The local engine has one process and sets no limit of its own.
    pub memory: Megabytes,
    /// Environment variables, resolved to local names and ARNs.
    pub environment: BTreeMap<String, String>,
    /// How many calls may run at once; `None` is no limit of its own.
    pub reserved_concurrency: Option<u32>,
    /// Where an asynchronous event goes that the function kept failing on.
    pub dead_letter_queue: Option<LogicalId>,
    /// The log group's name, when `LoggingConfig` gives one; else `/aws/lambda/NAME`.
    pub log_group: String,
    /// What calls it, in the template's order. SNS events are also in the topic's subscriptions.
    pub events: Vec<Event>,
}

/// One entry of a function's `Events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its key under `Events`.
    pub name: String,
    /// What it listens to.
    pub source: EventSource,
}

/// What calls a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventSource {
    /// A call of the HTTP interface.
    Api(Route),
    /// Batches of a queue.
    Sqs(QueueSource),
    /// A topic; the subscription itself is in that topic's `subscriptions`.
    Sns {
        /// The topic subscribed to.
        topic: LogicalId,
    },
    /// Changes of a table.
    DynamoDbStream(StreamSource),
    /// The clock.
    Schedule(ScheduleSource),
}

/// How a function takes messages off a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSource {
    /// The queue.
    pub queue: LogicalId,
    /// At most so many messages a call: 1 to 10, and to 10,000 with a window. 10 when the template is silent.
    pub batch_size: u32,
    /// How long to wait for a batch to fill, 0 to 300 s.
    pub batching_window: Seconds,
    /// Whether the function answers which messages failed (`ReportBatchItemFailures`); if not, all or none.
    pub report_batch_item_failures: bool,
    /// How many calls for this queue may run at once, 2 to 1,000.
    pub maximum_concurrency: Option<u32>,
    /// Whether messages are taken at all.
    pub enabled: bool,
}

/// How a function follows a table's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSource {
    /// The table whose changes these are.
    pub table: LogicalId,
    /// Where a new follower begins.
    pub starting_position: StartingPosition,
    /// At most so many changes a call, 1 to 10,000; 100 when the template is silent.
    pub batch_size: u32,
    /// How long to wait for a batch to fill, 0 to 300 s.
    pub batching_window: Seconds,
    /// How often a failed batch is tried again; `None`: until its records expire.
    pub maximum_retry_attempts: Option<u32>,
    /// Whether a failed batch is cut in two before it is tried again.
    pub bisect_on_error: bool,
    /// Whether the function answers where in the batch it failed.
    pub report_batch_item_failures: bool,
    /// Where the place of a batch goes that was given up.
    pub on_failure: Option<LogicalId>,
    /// Whether the stream is followed at all.
    pub enabled: bool,
}

/// Where in a stream a new follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// At the oldest change that is still kept.
    TrimHorizon,
    /// After the newest change.
    Latest,
}

/// A call by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSource {
    /// When.
    pub schedule: Schedule,
    /// The event, as JSON text; `None` is an EventBridge event.
    pub input: Option<String>,
    /// Whether it runs at all.
    pub enabled: bool,
}

/// When a schedule runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `rate(5 minutes)`: every so often, 60 s or more.
    Every(Seconds),
    /// `cron(0 3 * * ? *)`: the six fields between the brackets, in UTC, unread.
    Cron(String),
}
