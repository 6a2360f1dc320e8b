//! A change of an order in the shape of DynamoDB Streams.

use std::borrow::Cow;

use ports::function::aws_lambda_events::dynamodb::{EventRecord, StreamRecord};
use ports::stream::{Image, TableChange};
use serde_dynamo::{AttributeValue, Item};

use crate::orders::{Change, OrderRow};

impl Change {
    fn image(&self, image: Image) -> Option<&OrderRow> {
        match image {
            Image::Old => self.old.as_deref(),
            Image::New => Some(&self.new),
        }
    }
}

/// A row that can't be read has no image, which a follower refuses.
impl TableChange for Change {
    fn source_arn(&self) -> Option<&str> {
        None
    }

    fn sequence_number(&self) -> Option<Cow<'_, str>> {
        Some(self.seq.to_string().into())
    }

    fn event_name(&self) -> &str {
        Change::event_name(self)
    }

    fn attribute(&self, image: Image, name: &str) -> Option<Cow<'_, AttributeValue>> {
        let value = self.image(image)?.image_attribute(name);
        value.ok().flatten().map(Cow::Owned)
    }

    fn to_record(&self) -> EventRecord {
        let image = |image| {
            let row = self.image(image).and_then(|row| row.image().ok());
            row.unwrap_or_default()
        };
        let key = |name: &str| Some((name.to_owned(), self.new.image_attribute(name).ok()??));
        let mut keys = Item::default();
        keys.extend(["orderId", "createdAt"].into_iter().filter_map(key));
        let mut stream = StreamRecord::default();
        stream.approximate_creation_date_time = self.at.to_string().parse().unwrap_or_default();
        stream.old_image = image(Image::Old);
        stream.new_image = image(Image::New);
        stream.keys = keys;
        stream.sequence_number = Some(self.seq.to_string());
        let mut record = EventRecord::default();
        record.aws_region = "local".into();
        record.change = stream;
        record.event_id = self.seq.to_string();
        record.event_name = Change::event_name(self).to_owned();
        record.event_source = Some("aws:dynamodb".into());
        record
    }
}
