//! What the console looks at: one message, one definition, the deliveries that wait, and the news of a commit.

use domain::Timestamp;
use ports::StoreError;
use ports::clock::Clock;
use ports::inspection::{DeliveryInfo, Inspection, OrderCounts};
use ports::operations::{OperationError, QueueMessage};
use rusqlite::{OptionalExtension, Row};

use super::queues::{find_queue, message_number, read_message};
use crate::Engine;
use crate::orders::need_attention_of_message;
use crate::tx::Tx;
use crate::writer::Command;

/// The longest body of a message in bytes, as in SQS.
const MAX_BODY_BYTES: usize = 262_144;

impl Inspection for Engine {
    async fn count_orders(&self) -> Result<OrderCounts, StoreError> {
        let engine = self.clone();
        self.readers()
            .read_blocking(move |connection| engine.inner.order_counts.read(connection))
            .await
    }

    async fn get_definition(&self, hash: String) -> Result<Option<serde_json::Value>, StoreError> {
        let text: Option<String> = self.readers().read(|connection| {
            connection
                .prepare_cached("SELECT text FROM definitions WHERE hash = ?1")?
                .query_row([hash], |row| row.get(0))
                .optional()
        })?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(StoreError::failed)
    }

    async fn get_message(&self, queue: String, message_id: String) -> Result<QueueMessage, OperationError> {
        let (id, seq) = (find_queue(self, &queue)?.id, message_number(&message_id)?);
        let message = self.readers().read(|connection| {
            connection
                .prepare_cached(
                    "SELECT seq, body, sent_at, receives, last_error, source FROM messages
                     WHERE seq = ?1 AND queue = ?2",
                )?
                .query_row((seq, id), |row| read_message(row, &queue))
                .optional()
        })?;
        message.ok_or_else(|| no_message(&message_id))
    }

    async fn replace_message_body(
        &self,
        queue: String,
        message_id: String,
        body: String,
    ) -> Result<(), OperationError> {
        if body.len() > MAX_BODY_BYTES {
            let text = format!("a message holds at most {MAX_BODY_BYTES} bytes");
            return Err(OperationError::NotAllowed(text));
        }
        let replace = ReplaceBody {
            queue: find_queue(self, &queue)?.id,
            seq: message_number(&message_id)?,
            body,
            now: self.time().now(),
        };
        match self.writer().execute(replace).await? {
            Replaced::Done => Ok(()),
            Replaced::Missing => Err(no_message(&message_id)),
            Replaced::NoDeadLetter => Err(OperationError::NotAllowed(format!(
                "message {message_id} is no dead letter: a consumer may hold it"
            ))),
        }
    }

    async fn list_deliveries(
        &self,
        subscription: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<DeliveryInfo>, OperationError> {
        let found = self
            .subscriptions()
            .iter()
            .find(|other| other.settings.name == subscription);
        let id = found.map(|found| found.id).ok_or(OperationError::NotFound {
            what: "subscription",
            name: subscription,
        })?;
        let after = after.as_deref().map(message_number).transpose()?.unwrap_or(0);
        let limit = limit.clamp(1, super::MAX_LIMIT);
        let deliveries = self.readers().read_blocking(move |connection| {
            connection
                .prepare_cached(
                    "SELECT seq, published_at, attempts, next_at, last_error, subject, body FROM deliveries
                     WHERE subscription = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                )?
                .query_map((id, after, limit), read_delivery)?
                .collect()
        });
        Ok(deliveries.await?)
    }

    fn latest_commit(&self) -> u64 {
        *self.writer().committed().borrow()
    }

    async fn wait_for_commit(&self, after: u64) {
        let mut committed = self.writer().committed();
        if committed.wait_for(|latest| *latest > after).await.is_err() {
            // The writer is gone, so no commit will come.
            std::future::pending::<()>().await;
        }
    }
}

fn no_message(id: &str) -> OperationError {
    OperationError::NotFound {
        what: "message",
        name: id.to_owned(),
    }
}

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryInfo> {
    Ok(DeliveryInfo {
        delivery_id: row.get::<_, i64>(0)?.to_string(),
        published_at: Timestamp::from_ms(row.get(1)?),
        attempts: row.get(2)?,
        next_at: Timestamp::from_ms(row.get(3)?),
        last_error: row.get(4)?,
        subject: row.get(5)?,
        body: row.get(6)?,
    })
}

/// Gives a dead letter another body. An order that it is about no more waits for a message that isn't there, so it needs
/// attention.
struct ReplaceBody {
    queue: i64,
    seq: i64,
    body: String,
    now: Timestamp,
}

/// What an order says whose dead letter was edited to be about it no more.
const EDITED: &str = "MessageEdited";

/// What became of it.
enum Replaced {
    Done,
    Missing,
    NoDeadLetter,
}

impl Command for ReplaceBody {
    type Output = Replaced;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Replaced> {
        let found: Option<(String, bool)> = tx
            .prepare("SELECT body, source IS NOT NULL FROM messages WHERE seq = ?1 AND queue = ?2")?
            .query_row((self.seq, self.queue), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let before = match found {
            None => return Ok(Replaced::Missing),
            Some((_, false)) => return Ok(Replaced::NoDeadLetter),
            Some((before, true)) => before,
        };
        tx.prepare("UPDATE messages SET body = ?2 WHERE seq = ?1")?
            .execute((self.seq, &self.body))?;
        need_attention_of_message(tx, &before, Some(&self.body), EDITED, self.now)?;
        Ok(Replaced::Done)
    }
}
