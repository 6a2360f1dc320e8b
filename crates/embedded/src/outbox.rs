//! Messages to customers, and mails to those who run the system: durable rows, each message once.
//!
//! Handing a message over writes it to the outbox. Whoever sends while others wait to be written goes along with them:
//! the deliveries of a topic are called side by side, and one command writes what all of them have to say.

use std::sync::{Mutex, PoisonError};

use domain::{OrderId, Timestamp};
use ports::StoreError;
use ports::clock::Clock;
use ports::notify::{Channel, Message, Sender};
use ports::operations::OutboxEntry;
use rusqlite::{Connection, Row};
use tokio::sync::oneshot;

use crate::Engine;
use crate::orders::order_key;
use crate::tx::Tx;
use crate::writer::{Command, Stopped};

/// Messages that wait to be handed over together.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    messages: Vec<Message>,
    sender: oneshot::Sender<Result<(), StoreError>>,
}

impl Outbox {
    /// Adds what is to be sent; says whether nothing waited before.
    fn push(&self, waiting: Waiting) -> bool {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(waiting);
        all.len() == 1
    }

    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sender for Engine {
    async fn send(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        if messages.is_empty() {
            return Ok(());
        }
        let (sender, sent) = oneshot::channel();
        if self.outbox().push(Waiting { messages, sender }) {
            // A task of its own: whoever came first may be given up, by a time-out, and the others still wait.
            tokio::spawn(hand_over(self.clone()));
        }
        sent.await.unwrap_or_else(|_| Err(StoreError::failed(Stopped)))
    }
}

/// Has everything written that waits by the time that this runs.
async fn hand_over(engine: Engine) {
    let (messages, senders): (Vec<_>, Vec<_>) = engine
        .outbox()
        .take()
        .into_iter()
        .map(|waiting| (waiting.messages, waiting.sender))
        .unzip();
    let command = HandOver {
        messages: messages.into_iter().flatten().collect(),
        at: engine.time().now(),
    };
    let written = engine.writer().execute(command).await.map(|_| ());
    for sender in senders {
        // Who was given up doesn't need its answer; its messages are handed over all the same.
        let _ = sender.send(written.clone());
    }
}

/// Writes the messages that were not handed over before.
struct HandOver {
    messages: Vec<Message>,
    at: Timestamp,
}

impl Command for HandOver {
    /// How many are new.
    type Output = usize;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<usize> {
        let mut inserted = 0;
        let mut insert = tx.prepare(
            "INSERT INTO outbox (seq, key, order_key, channel, recipient, subject, body, trace, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (order_key, key) DO NOTHING",
        )?;
        for message in &self.messages {
            inserted += insert.execute((
                tx.next(|counters| &mut counters.outbox),
                &message.key,
                order_key(message.order_id),
                message.channel.as_str(),
                &message.recipient,
                &message.subject,
                &message.body,
                &message.trace_id,
                self.at.as_ms(),
            ))?;
        }
        Ok(inserted)
    }
}

/// The place of mails about no order in particular. No order has this key.
const NO_ORDER: i64 = 0;

/// A mail to somebody who is no customer, such as the people who run the system.
#[derive(Debug)]
pub(crate) struct Mail {
    /// The same for every repeat of this mail.
    pub(crate) key: String,
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) trace: String,
    pub(crate) at: Timestamp,
}

impl Command for Mail {
    type Output = ();

    /// Writes it, unless it was handed over before.
    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let seq = tx.next(|counters| &mut counters.outbox);
        tx.prepare(
            "INSERT INTO outbox (seq, key, order_key, channel, recipient, subject, body, trace, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (order_key, key) DO NOTHING",
        )?
        .execute((
            seq,
            &self.key,
            NO_ORDER,
            Channel::Email.as_str(),
            &self.recipient,
            &self.subject,
            &self.body,
            &self.trace,
            self.at.as_ms(),
        ))?;
        Ok(())
    }
}

/// The newest messages handed over, at most `limit`.
pub(crate) fn list_newest(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<OutboxEntry>> {
    connection
        .prepare_cached(
            "SELECT outbox.at, orders.id, channel, recipient, subject, body
             FROM outbox LEFT JOIN orders ON orders.key = outbox.order_key ORDER BY seq DESC LIMIT ?1",
        )?
        .query_map([limit], read_entry)?
        .collect()
}

/// The messages about an order, oldest first.
pub(crate) fn list_of(connection: &Connection, order: OrderId) -> rusqlite::Result<Vec<OutboxEntry>> {
    connection
        .prepare_cached(
            "SELECT outbox.at, orders.id, channel, recipient, subject, body
             FROM outbox LEFT JOIN orders ON orders.key = outbox.order_key WHERE order_key = ?1 ORDER BY seq",
        )?
        .query_map([order_key(order)], read_entry)?
        .collect()
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let id: Option<[u8; 16]> = row.get(1)?;
    Ok(OutboxEntry {
        at: Timestamp::from_ms(row.get(0)?),
        order_id: id
            .map(|id| uuid::Uuid::from_bytes(id).to_string())
            .unwrap_or_default(),
        channel: row.get(2)?,
        recipient: row.get(3)?,
        subject: row.get(4)?,
        body: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::tx::Counters;

    fn message(key: &str, channel: Channel, recipient: &str) -> Message {
        Message {
            key: key.into(),
            order_id: OrderId::from_parts(1_700_000_000_000, 1, 2),
            channel,
            recipient: recipient.into(),
            subject: "Your order".into(),
            body: format!("body of {key}"),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        }
    }

    #[test]
    fn a_message_is_handed_over_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        let hand_over = |messages, at| {
            let counters = Counters::read(&connection).unwrap();
            let mut command = HandOver {
                messages,
                at: Timestamp::from_ms(at),
            };
            command.apply(&mut Tx::new(&connection, counters)).unwrap()
        };
        let (mail, sms) = (
            message("n:email", Channel::Email, "a@b.c"),
            message("n:sms", Channel::Sms, "+4915112345"),
        );
        assert_eq!(hand_over(vec![mail.clone()], 1), 1);
        assert_eq!(hand_over(vec![mail, sms], 2), 1);
        let order = OrderId::from_parts(1_700_000_000_000, 1, 2);
        let listed: Vec<_> = list_of(&connection, order)
            .unwrap()
            .into_iter()
            .map(|e| (e.at.as_ms(), e.body))
            .collect();
        assert_eq!(
            listed,
            [(1, "body of n:email".to_owned()), (2, "body of n:sms".to_owned())]
        );
        let newest: Vec<_> = list_newest(&connection, 1)
            .unwrap()
            .into_iter()
            .map(|e| e.recipient)
            .collect();
        assert_eq!(newest, ["+4915112345"]);
    }

    #[test]
    fn a_recipient_is_masked() {
        for (channel, recipient, masked) in [
            (Channel::Email, "customer@example.com", "c***@example.com"),
            (Channel::Email, "\"a@b\"@example.com", "\"***@example.com"),
            (Channel::Email, "nobody", "***"),
            (Channel::Sms, "+4915112345621", "+49***21"),
            (Channel::Sms, "+491511", "***"),
            (Channel::Sms, "", "***"),
        ] {
            assert_eq!(channel.mask(recipient), masked);
        }
    }
}
