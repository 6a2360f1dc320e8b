//! Topics: each subscription has its own durable deliveries, filter policy, retries and dead-letter queue.
//!
//! What is published is written once per subscription that wants it, in the transaction of whatever publishes it.
//! [`deliver`] calls the subscribed functions.

mod deliver;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Timestamp;
use ports::StoreError;
use rusqlite::Row as SqlRow;
use serde::{Deserialize, Serialize};
use template::MessageAttribute;

pub(crate) use deliver::spawn;

use crate::backlog::{Backlog, Row, Source};
use crate::lambda::random_uuid;
use crate::open::Names;
use crate::readers::Readers;
use crate::tx::{Notice, Tx};
use crate::{Engine, SubscriptionSettings, TopicSettings};

/// A subscription with the deliveries that wait for it.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: i64,
    pub(crate) topic: String,
    pub(crate) topic_arn: String,
    pub(crate) settings: SubscriptionSettings,
    pub(crate) dead_letter_queue: Option<i64>,
    pub(crate) backlog: Backlog<ReadyDelivery>,
}

impl Subscription {
    /// The subscriptions of a topic.
    pub(crate) fn of<'s>(topic: &'s TopicSettings, names: &'s Names) -> impl Iterator<Item = Self> + 's {
        topic.subscriptions.iter().map(|settings| Self {
            id: names.id("subscription", &settings.name),
            topic: topic.name.clone(),
            topic_arn: topic.arn.clone(),
            settings: settings.clone(),
            dead_letter_queue: settings
                .dead_letter_queue
                .as_ref()
                .map(|name| names.id("queue", name)),
            backlog: Backlog::new(),
        })
    }
}

/// An attribute of a message, as SNS has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) data_type: String,
    pub(crate) string_value: String,
}

/// A message's attributes by name.
pub(crate) type Attributes = BTreeMap<String, Attribute>;

/// A message of a topic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) subject: Option<String>,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    /// JSON of these, as the table has it.
    pub(crate) attributes_json: String,
    pub(crate) published_at: i64,
    pub(crate) trace: Arc<str>,
}

/// A message to publish, with the subscriptions that want it.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    /// The topic's name.
    pub(crate) topic: String,
    pub(crate) message: Arc<Message>,
    subscriptions: Vec<i64>,
}

impl Publication {
    /// A message for the topic of this name or ARN; `None` when there's no such topic.
    pub(crate) fn new(
        engine: &Engine,
        topic: &str,
        subject: Option<String>,
        body: String,
        attributes: Attributes,
        trace: Arc<str>,
        at: Timestamp,
    ) -> Option<Self> {
        let topic = engine
            .settings()
            .topics
            .iter()
            .find(|t| t.name == topic || t.arn == topic)?;
        let typed: BTreeMap<String, MessageAttribute> = attributes
            .iter()
            .filter_map(|(name, a)| {
                Some((
                    name.clone(),
                    MessageAttribute::new(&a.data_type, &a.string_value)?,
                ))
            })
            .collect();
        let wanted = |subscription: &&Arc<Subscription>| {
            subscription.topic == topic.name
                && subscription
                    .settings
                    .filter
                    .as_ref()
                    .is_none_or(|filter| filter.matches(&typed, &body))
        };
        let subscriptions = engine
            .subscriptions()
            .iter()
            .filter(wanted)
            .map(|s| s.id)
            .collect();
        // Attributes are strings only, so they always have a JSON text.
        let attributes_json = serde_json::to_string(&attributes).unwrap_or_else(|_| "{}".into());
        let message = Arc::new(Message {
            id: random_uuid(),
            subject,
            body,
            attributes,
            attributes_json,
            published_at: at.as_ms(),
            trace,
        });
        Some(Self {
            topic: topic.name.clone(),
            message,
            subscriptions,
        })
    }
}

/// Publishes: writes a delivery for each subscription that wants the message.
pub(crate) fn publish(tx: &mut Tx<'_>, publication: &Publication) -> rusqlite::Result<()> {
    for &subscription in &publication.subscriptions {
        let delivery = ReadyDelivery {
            seq: tx.next(|counters| &mut counters.delivery),
            subscription,
            message: Arc::clone(&publication.message),
            attempts: 0,
        };
        insert(tx, &delivery)?;
        tx.notify(Notice::Delivery(delivery));
    }
    Ok(())
}

/// Makes a dead letter of a subscription a delivery again, its attempts counted anew. `body` is what [`dead_letter_body`] made.
pub(crate) fn redeliver(
    tx: &mut Tx<'_>,
    subscription: i64,
    body: &str,
    trace: &str,
) -> rusqlite::Result<bool> {
    let Ok(letter) = serde_json::from_str::<LetterBody>(body) else {
        return Ok(false);
    };
    let delivery = ReadyDelivery {
        seq: tx.next(|counters| &mut counters.delivery),
        subscription,
        message: Arc::new(Message {
            id: letter.message_id,
            subject: letter.subject,
            body: letter.message,
            attributes_json: serde_json::to_string(&letter.message_attributes)
                .unwrap_or_else(|_| "{}".into()),
            attributes: letter.message_attributes,
            published_at: letter.timestamp.as_ms(),
            trace: trace.into(),
        }),
        attempts: 0,
    };
    insert(tx, &delivery)?;
    tx.notify(Notice::Delivery(delivery));
    Ok(true)
}

/// A dead letter of a subscription: the notification in the shape that SNS gives it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LetterBody {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    message: String,
    timestamp: Timestamp,
    message_attributes: Attributes,
}

/// What goes to the dead-letter queue for a delivery.
pub(crate) fn dead_letter_body(delivery: &ReadyDelivery, topic_arn: &str) -> String {
    let message = &delivery.message;
    let body = LetterBody {
        kind: "Notification".into(),
        message_id: message.id.clone(),
        topic_arn: topic_arn.to_owned(),
        subject: message.subject.clone(),
        message: message.body.clone(),
        timestamp: Timestamp::from_ms(message.published_at),
        message_attributes: message.attributes.clone(),
    };
    // Strings and a time always have a JSON text.
    serde_json::to_string(&body).unwrap_or_default()
}

fn insert(tx: &Tx<'_>, delivery: &ReadyDelivery) -> rusqlite::Result<()> {
    let message = &delivery.message;
    tx.prepare(
        "INSERT INTO deliveries (seq, subscription, message_id, subject, body, attributes, published_at, trace, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)",
    )?
    .execute((
        delivery.seq,
        delivery.subscription,
        &message.id,
        &message.subject,
        &message.body,
        &message.attributes_json,
        message.published_at,
        &message.trace,
    ))?;
    Ok(())
}

/// A delivery that can be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadyDelivery {
    pub(crate) seq: i64,
    pub(crate) subscription: i64,
    pub(crate) message: Arc<Message>,
    pub(crate) attempts: u32,
}

impl Row for ReadyDelivery {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl ReadyDelivery {
    const COLUMNS: &'static str =
        "seq, subscription, message_id, subject, body, attributes, published_at, trace, attempts";

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        let attributes_json: String = row.get(5)?;
        Ok(Self {
            seq: row.get(0)?,
            subscription: row.get(1)?,
            message: Arc::new(Message {
                id: row.get(2)?,
                subject: row.get(3)?,
                body: row.get(4)?,
                attributes: serde_json::from_str(&attributes_json).unwrap_or_default(),
                attributes_json,
                published_at: row.get(6)?,
                trace: row.get(7)?,
            }),
            attempts: row.get(8)?,
        })
    }
}

/// Reads a subscription's deliveries.
struct DeliverySource<'e> {
    readers: &'e Readers,
    subscription: i64,
}

impl Source<ReadyDelivery> for DeliverySource<'_> {
    fn load_after(&self, after: i64, limit: usize) -> Result<Vec<ReadyDelivery>, StoreError> {
        self.readers.read(|connection| {
            let sql = format!(
                "SELECT {} FROM deliveries WHERE subscription = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                ReadyDelivery::COLUMNS
            );
            connection
                .prepare_cached(&sql)?
                .query_map((self.subscription, after, limit), ReadyDelivery::read)?
                .collect()
        })
    }

    fn load(&self, seqs: &[i64]) -> Result<Vec<ReadyDelivery>, StoreError> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        self.readers.read(|connection| {
            let sql = format!("SELECT {} FROM deliveries WHERE seq = ?1", ReadyDelivery::COLUMNS);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = Vec::with_capacity(seqs.len());
            for seq in seqs {
                rows.extend(
                    statement
                        .query_map([seq], ReadyDelivery::read)?
                        .collect::<rusqlite::Result<Vec<_>>>()?,
                );
            }
            Ok(rows)
        })
    }
}
