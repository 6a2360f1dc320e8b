//! A table's stream, as a function that follows it sees it.
//!
//! Every change of DynamoDB Streams carries the item whole, before and after. A follower that looks at a few attributes
//! asks for those: on AWS they are read from the record, on one machine from what the engine has in memory, and no image
//! is made that nobody looks at.

use std::borrow::Cow;
use std::fmt;

use aws_lambda_events::dynamodb::EventRecord;
use serde_dynamo::AttributeValue;

/// Which state of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// Before the change.
    Old,
    /// After it.
    New,
}

/// One change of a table.
pub trait TableChange: fmt::Debug + Send + Sync {
    /// The ARN of the stream that it came from.
    fn source_arn(&self) -> Option<&str>;

    /// Its place in its shard of the stream.
    fn sequence_number(&self) -> Option<Cow<'_, str>>;

    /// `INSERT`, `MODIFY` or `REMOVE`.
    fn event_name(&self) -> &str;

    /// One attribute of the item; `None` when there's no such image, or it has no such attribute.
    fn attribute(&self, image: Image, name: &str) -> Option<Cow<'_, AttributeValue>>;

    /// The whole record.
    fn to_record(&self) -> EventRecord;
}

impl TableChange for EventRecord {
    fn source_arn(&self) -> Option<&str> {
        self.event_source_arn.as_deref()
    }

    fn sequence_number(&self) -> Option<Cow<'_, str>> {
        self.change.sequence_number.as_deref().map(Cow::Borrowed)
    }

    fn event_name(&self) -> &str {
        &self.event_name
    }

    fn attribute(&self, image: Image, name: &str) -> Option<Cow<'_, AttributeValue>> {
        let image = match image {
            Image::Old => &self.change.old_image,
            Image::New => &self.change.new_image,
        };
        image.get(name).map(Cow::Borrowed)
    }

    fn to_record(&self) -> EventRecord {
        self.clone()
    }
}
