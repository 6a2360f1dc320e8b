//! A topic and who listens to it.

use super::{Arn, LogicalId};
use crate::FilterPolicy;

/// An `AWS::SNS::Topic` (a standard one; FIFO topics are refused).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its key in the template, such as `OrderNotificationTopic`.
    pub id: LogicalId,
    /// `TopicName`, or the logical id where there is none.
    pub name: String,
    /// The local ARN, which is what `!Ref` gives.
    pub arn: Arn,
    /// Who listens: the topic's own list, `AWS::SNS::Subscription` resources and functions' SNS events.
    pub subscriptions: Vec<Subscription>,
}

/// One listener of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Unique in the template and stable while the listener stays: the subscription's logical id, the function's and
    /// the event's key (`OrderNotificationFunctionOrderChanged`, SAM's own name for it), or the topic's and the
    /// listener's for an entry of the topic's list.
    pub name: String,
    /// Who is told.
    pub endpoint: Endpoint,
    /// Which messages are delivered; `None` is all.
    pub filter: Option<FilterPolicy>,
    /// Where a message goes that could not be delivered.
    pub dead_letter_queue: Option<LogicalId>,
    /// Whether an HTTP, queue or stream listener gets the bare message, without SNS's envelope.
    pub raw_message_delivery: bool,
}

/// Who a subscription tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A function of this template.
    Lambda(LogicalId),
    /// A queue of this template.
    Sqs(LogicalId),
    /// A mail address; the message as text.
    Email(String),
    /// A mail address; the message as JSON.
    EmailJson(String),
    /// A phone number.
    Sms(String),
    /// A URL that is posted to, `http` or `https`.
    Http(String),
}
