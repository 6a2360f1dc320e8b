//! Giving each record of the stream its number in the feed.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::Timestamp;
use ports::StoreError;
use ports::analytics::SequenceNumber;
use ports::feed::{ChangeLog, ChangeRecord};
use ports::function::aws_lambda_events::dynamodb::EventRecord;
use serde_json::Value;

use super::{change_item, counter_key};
use crate::environment::Variable;
use crate::error::Damaged;
use crate::item::{Attributes, read_order};
use crate::store::Store;
use crate::transact::{MAX_WRITES, Refusal, Transacted, n};

/// Each record writes a mark and its change; one write is the counter's.
const MAX_RECORDS: usize = (MAX_WRITES - 1) / 2;

/// How often numbers are drawn again that another batch took meanwhile.
const MAX_DRAWS: u32 = 20;

/// Whose marks they are.
const READER: &str = "feed";

impl ChangeLog for Store {
    async fn append_changes(&self, records: Vec<EventRecord>) -> Result<(), StoreError> {
        let entries = records
            .iter()
            .map(read_record)
            .collect::<Result<Vec<Entry>, Damaged>>()?;
        for entries in entries.chunks(MAX_RECORDS) {
            self.append(entries).await?;
        }
        Ok(())
    }
}

/// A record that waits for its number.
struct Entry {
    shard: String,
    sequence_number: SequenceNumber,
    change: ChangeRecord,
}

impl Store {
    async fn append(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut left: Vec<&Entry> = entries.iter().collect();
        for _ in 0..MAX_DRAWS {
            if left.is_empty() {
                return Ok(());
            }
            let from = self.latest_number().await?;
            let mut writes = vec![self.count(from, from + left.len() as u64)?];
            for entry in &left {
                writes.push(self.mark(READER, &entry.shard, &entry.sequence_number)?);
            }
            for (number, entry) in (from + 1..).zip(&left) {
                writes.push(self.put_change(number, &entry.change)?);
            }
            match self.transact(writes).await? {
                Transacted::Done => return Ok(()),
                Transacted::Refused(refusals) => {
                    // Without their marks' records; if only the counter was moved, all are tried again.
                    let mut known = refusals.iter().skip(1).map(Refusal::is_condition);
                    left.retain(|_| !known.next().unwrap_or(false));
                }
            }
        }
        Err(StoreError::Busy)
    }

    fn count(&self, from: u64, to: u64) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(self.name(Variable::AnalyticsTable)?)
            .set_key(Some(counter_key()))
            .update_expression("SET #n = :to")
            .condition_expression("#n = :from OR (attribute_not_exists(#n) AND :from = :none)")
            .expression_attribute_names("#n", "number")
            .expression_attribute_values(":from", n(from))
            .expression_attribute_values(":to", n(to))
            .expression_attribute_values(":none", n(0))
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn put_change(&self, number: u64, change: &ChangeRecord) -> Result<TransactWriteItem, StoreError> {
        let item = change_item(&ChangeRecord {
            sequence_number: number,
            ..change.clone()
        });
        let put = Put::builder()
            .table_name(self.name(Variable::AnalyticsTable)?)
            .set_item(Some(item))
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn read_record(record: &EventRecord) -> Result<Entry, Damaged> {
    let damaged = |what| Damaged::new(what, "of a record of the stream");
    let number = record.change.sequence_number.as_deref();
    let at = record.change.approximate_creation_date_time.timestamp_millis();
    Ok(Entry {
        shard: record.event_source_arn.clone().unwrap_or_default(),
        sequence_number: number
            .and_then(|number| SequenceNumber::new(number).ok())
            .ok_or_else(|| damaged("SequenceNumber"))?,
        change: ChangeRecord {
            sequence_number: 0,
            event_name: match record.event_name.as_str() {
                "INSERT" => "INSERT",
                "MODIFY" => "MODIFY",
                "REMOVE" => "REMOVE",
                _ => return Err(damaged("eventName")),
            },
            at: Timestamp::from_ms(at),
            old_image: image(&record.change.old_image)?,
            new_image: image(&record.change.new_image)?,
        },
    })
}

/// The order of an image, as the API shows it; `None` where there is no image.
fn image(image: &serde_dynamo::Item) -> Result<Option<Value>, Damaged> {
    if image.is_empty() {
        return Ok(None);
    }
    let item: Attributes = image
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    let order = read_order(&item)?;
    // An order always serialises.
    Ok(Some(serde_json::to_value(&order).unwrap_or_default()))
}

/// The SDK's type of an attribute. Orders have no sets and no binary values.
fn attribute(value: &serde_dynamo::AttributeValue) -> AttributeValue {
    match value {
        serde_dynamo::AttributeValue::S(text) => AttributeValue::S(text.clone()),
        serde_dynamo::AttributeValue::N(number) => AttributeValue::N(number.clone()),
        serde_dynamo::AttributeValue::Bool(value) => AttributeValue::Bool(*value),
        serde_dynamo::AttributeValue::L(items) => AttributeValue::L(items.iter().map(attribute).collect()),
        serde_dynamo::AttributeValue::M(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)));
            AttributeValue::M(members.collect())
        }
        _ => AttributeValue::Null(true),
    }
}
