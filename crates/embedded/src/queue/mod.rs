//! Queues: at-least-once, with visibility time-outs, receive counts and dead-letter queues.
//!
//! A message's receive count is durable before a handler sees it, so a message that kills the process still reaches
//! its dead-letter queue. [`consume`] is the event source mapping that feeds a function.

mod consume;

use std::sync::Arc;

use domain::Timestamp;
use ports::StoreError;
use rusqlite::Row as SqlRow;

pub(crate) use consume::spawn;

use crate::QueueSettings;
use crate::backlog::{Backlog, Row, Source};
use crate::open::Names;
use crate::readers::Readers;
use crate::tx::{Notice, Tx};
use crate::writer::Command;

/// A queue with the messages that wait in it.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) id: i64,
    pub(crate) settings: QueueSettings,
    /// The id of its dead-letter queue.
    pub(crate) dead_letter_queue: Option<i64>,
    pub(crate) backlog: Backlog<ReadyMessage>,
}

impl Queue {
    pub(crate) fn new(settings: &QueueSettings, names: &Names) -> Self {
        Self {
            id: names.id("queue", &settings.name),
            settings: settings.clone(),
            dead_letter_queue: settings
                .dead_letter_queue
                .as_ref()
                .map(|name| names.id("queue", name)),
            backlog: Backlog::new(),
        }
    }
}

/// A message that can be received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadyMessage {
    pub(crate) seq: i64,
    pub(crate) queue: i64,
    pub(crate) body: String,
    pub(crate) trace: Arc<str>,
    pub(crate) sent_at: i64,
    pub(crate) receives: u32,
}

impl Row for ReadyMessage {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl ReadyMessage {
    const COLUMNS: &'static str = "seq, queue, body, trace, sent_at, receives";

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            queue: row.get(1)?,
            body: row.get(2)?,
            trace: row.get(3)?,
            sent_at: row.get(4)?,
            receives: row.get(5)?,
        })
    }
}

/// Puts a message on a queue; it is visible once the transaction commits. Returns its number.
pub(crate) fn send(
    tx: &mut Tx<'_>,
    queue: i64,
    body: &str,
    trace: &str,
    at: Timestamp,
) -> rusqlite::Result<i64> {
    let seq = tx.next(|counters| &mut counters.message);
    tx.prepare(
        "INSERT INTO messages (seq, queue, body, trace, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?
    .execute((seq, queue, body, trace, at.as_ms()))?;
    let message = ReadyMessage {
        seq,
        queue,
        body: body.to_owned(),
        trace: trace.into(),
        sent_at: at.as_ms(),
        receives: 0,
    };
    tx.notify(Notice::Message(message));
    Ok(seq)
}

/// Puts a dead letter on a queue. `source` says where it came from: `queue:NAME` or `subscription:NAME`.
pub(crate) fn send_dead_letter(tx: &mut Tx<'_>, letter: &DeadLetter<'_>) -> rusqlite::Result<()> {
    let seq = tx.next(|counters| &mut counters.message);
    tx.prepare(
        "INSERT INTO messages (seq, queue, body, trace, sent_at, visible_at, receives, last_error, source)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        seq,
        letter.queue,
        letter.body,
        letter.trace,
        letter.sent_at,
        letter.at.as_ms(),
        letter.receives,
        letter.last_error,
        letter.source,
    ))?;
    Ok(())
}

/// A message that nobody could handle.
pub(crate) struct DeadLetter<'m> {
    pub(crate) queue: i64,
    pub(crate) body: &'m str,
    pub(crate) trace: &'m str,
    pub(crate) sent_at: i64,
    pub(crate) at: Timestamp,
    pub(crate) receives: u32,
    pub(crate) last_error: Option<&'m str>,
    pub(crate) source: &'m str,
}

/// Reads a queue's messages that aren't dead letters.
pub(crate) struct MessageSource<'e> {
    pub(crate) readers: &'e Readers,
    pub(crate) queue: i64,
}

impl Source<ReadyMessage> for MessageSource<'_> {
    fn load_after(&self, after: i64, limit: usize) -> Result<Vec<ReadyMessage>, StoreError> {
        self.readers.read(|connection| {
            let sql = format!(
                "SELECT {} FROM messages WHERE queue = ?1 AND seq > ?2 AND source IS NULL ORDER BY seq LIMIT ?3",
                ReadyMessage::COLUMNS
            );
            connection.prepare_cached(&sql)?.query_map((self.queue, after, limit), ReadyMessage::read)?.collect()
        })
    }

    fn load(&self, seqs: &[i64]) -> Result<Vec<ReadyMessage>, StoreError> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        self.readers.read(|connection| {
            let sql = format!("SELECT {} FROM messages WHERE seq = ?1", ReadyMessage::COLUMNS);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut messages = Vec::with_capacity(seqs.len());
            for seq in seqs {
                messages.extend(
                    statement
                        .query_map([seq], ReadyMessage::read)?
                        .collect::<rusqlite::Result<Vec<_>>>()?,
                );
            }
            Ok(messages)
        })
    }
}

/// Counts a receive of each message and hides it, or makes it a dead letter when it was received too often.
pub(crate) struct ReceiveMessages {
    pub(crate) messages: Vec<ReadyMessage>,
    pub(crate) visible_at: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) max_receive_count: Option<u32>,
    pub(crate) dead_letter_queue: Option<i64>,
    /// `queue:NAME`.
    pub(crate) source: String,
}

impl Command for ReceiveMessages {
    /// The messages received, with their new count, and how many went to the dead-letter queue.
    type Output = (Vec<ReadyMessage>, usize);

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output> {
        let mut received = Vec::with_capacity(self.messages.len());
        let mut dead = 0;
        for message in &self.messages {
            let spent = self
                .max_receive_count
                .is_some_and(|most| message.receives >= most);
            if let (true, Some(queue)) = (spent, self.dead_letter_queue) {
                dead += usize::from(self.bury(tx, message, queue)?);
                continue;
            }
            let mut update =
                tx.prepare("UPDATE messages SET receives = receives + 1, visible_at = ?2 WHERE seq = ?1")?;
            // A message that was purged meanwhile is not there any more.
            if update.execute((message.seq, self.visible_at.as_ms()))? == 1 {
                received.push(ReadyMessage {
                    receives: message.receives + 1,
                    ..message.clone()
                });
            }
        }
        Ok((received, dead))
    }
}

impl ReceiveMessages {
    fn bury(&self, tx: &mut Tx<'_>, message: &ReadyMessage, queue: i64) -> rusqlite::Result<bool> {
        let deleted = tx
            .prepare("DELETE FROM messages WHERE seq = ?1 RETURNING last_error")?
            .query_map([message.seq], |row| row.get::<_, Option<String>>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let Some(last_error) = deleted.into_iter().next() else {
            return Ok(false);
        };
        let letter = DeadLetter {
            queue,
            body: &message.body,
            trace: &message.trace,
            sent_at: message.sent_at,
            at: self.now,
            receives: message.receives,
            last_error: last_error.as_deref(),
            source: &self.source,
        };
        send_dead_letter(tx, &letter)?;
        Ok(true)
    }
}

/// Deletes what was handled and notes why the rest was not; that becomes visible again when its time-out ends.
pub(crate) struct SettleMessages {
    pub(crate) handled: Vec<i64>,
    pub(crate) failed: Vec<(i64, String)>,
}

impl Command for SettleMessages {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let mut delete = tx.prepare("DELETE FROM messages WHERE seq = ?1")?;
        for seq in &self.handled {
            delete.execute([seq])?;
        }
        for (seq, error) in &self.failed {
            tx.prepare("UPDATE messages SET last_error = ?2 WHERE seq = ?1")?
                .execute((seq, error))?;
        }
        Ok(())
    }
}
