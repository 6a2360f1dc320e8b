//! A queue and where its failed messages go.

use super::{Arn, LogicalId, Seconds};

/// An `AWS::SQS::Queue` (a standard one; FIFO queues are refused).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its key in the template, such as `OrderProcessingQueue`.
    pub id: LogicalId,
    /// `QueueName`, or the logical id where there is none.
    pub name: String,
    /// The local ARN.
    pub arn: Arn,
    /// The local URL, which is what `!Ref` gives.
    pub url: String,
    /// How long a received message stays hidden, 0 to 43,200 s; 30 s when the template is silent.
    pub visibility_timeout: Seconds,
    /// How long a message is kept, 60 to 1,209,600 s (14 days); 4 days when the template is silent.
    pub retention: Seconds,
    /// How long a new message stays hidden, 0 to 900 s.
    pub delay: Seconds,
    /// Where a message goes that was received too often; `None`: it comes back until it expires.
    pub redrive: Option<Redrive>,
}

/// A redrive policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The dead-letter queue: another queue of this template.
    pub dead_letter_queue: LogicalId,
    /// So many receives without a delete are allowed, 1 to 1,000; the next one moves the message.
    pub max_receive_count: u32,
}
