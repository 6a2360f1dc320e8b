//! Moving dead letters back to where they came from, and deleting messages: in steps, so that no commit waits long.

use std::collections::HashMap;

use domain::Timestamp;
use ports::StoreError;
use ports::clock::Clock;
use ports::operations::OperationError;
use rusqlite::OptionalExtension;

use super::queues::{find_queue, is_dead_letter_queue, message_number};
use crate::orders::need_attention_of_message;
use crate::tx::Tx;
use crate::writer::Command;
use crate::{Engine, queue, topic};

/// The most messages that one step changes.
const STEP: usize = 200;

/// Moves dead letters of a queue back, all or those named; returns how many. Named ones are moved all or none.
pub(super) async fn redrive_messages(
    engine: &Engine,
    name: &str,
    message_ids: Option<Vec<String>>,
) -> Result<u64, OperationError> {
    let queue = find_queue(engine, name)?.id;
    if !is_dead_letter_queue(engine, name) {
        let text = format!("{name} is not a dead-letter queue: its messages came from nowhere else");
        return Err(OperationError::NotAllowed(text));
    }
    let targets = targets(engine);
    let now = engine.time().now();
    let step = |seqs, named| Redrive {
        queue,
        seqs,
        named,
        targets: targets.clone(),
        now,
    };
    if let Some(ids) = message_ids {
        let redriven = engine.writer().execute(step(numbers(&ids)?, true)).await?;
        return named(redriven, &ids);
    }
    let mut moved = 0;
    let mut stuck = None;
    for seqs in steps_of(engine, queue).await? {
        let redriven = engine.writer().execute(step(seqs, false)).await?;
        moved += redriven.moved;
        stuck = stuck.or(redriven.refused.map(|(_, why)| why));
    }
    match stuck {
        Some(why) if moved == 0 => Err(why.into_error(&[])),
        Some(_) | None => Ok(moved),
    }
}

/// Deletes dead letters of a queue, all or those named; returns how many. An order that waited for one needs attention.
pub(super) async fn purge_messages(
    engine: &Engine,
    name: &str,
    message_ids: Option<Vec<String>>,
) -> Result<u64, OperationError> {
    let queue = find_queue(engine, name)?.id;
    if !is_dead_letter_queue(engine, name) {
        let text = format!("{name} is not a dead-letter queue: its messages are still to be handled");
        return Err(OperationError::NotAllowed(text));
    }
    let now = engine.time().now();
    let step = |seqs, named| Purge {
        queue,
        seqs,
        named,
        now,
    };
    if let Some(ids) = message_ids {
        let purged = engine.writer().execute(step(numbers(&ids)?, true)).await?;
        return named(purged, &ids);
    }
    let mut deleted = 0;
    for seqs in steps_of(engine, queue).await? {
        deleted += engine.writer().execute(step(seqs, false)).await?.moved;
    }
    Ok(deleted)
}

fn numbers(ids: &[String]) -> Result<Vec<i64>, OperationError> {
    let mut numbers: Vec<i64> = ids
        .iter()
        .map(|id| message_number(id))
        .collect::<Result<_, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// The messages that are in the queue now, in steps. What comes later is left alone, so this ends even when messages
/// come back as fast as they go.
async fn steps_of(engine: &Engine, queue: i64) -> Result<Vec<Vec<i64>>, StoreError> {
    let seqs: Vec<i64> = engine
        .readers()
        .read_blocking(move |connection| {
            connection
                .prepare_cached("SELECT seq FROM messages WHERE queue = ?1 ORDER BY seq")?
                .query_map([queue], |row| row.get(0))?
                .collect()
        })
        .await?;
    Ok(seqs.chunks(STEP).map(<[i64]>::to_vec).collect())
}

/// Where a dead letter goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Queue(i64),
    Subscription(i64),
}

/// Targets by the source that a dead letter names.
fn targets(engine: &Engine) -> HashMap<String, Target> {
    let queues = engine
        .queues()
        .values()
        .map(|q| (format!("queue:{}", q.settings.name), Target::Queue(q.id)));
    let subscriptions = engine.subscriptions().iter().map(|s| {
        (
            format!("subscription:{}", s.settings.name),
            Target::Subscription(s.id),
        )
    });
    queues.chain(subscriptions).collect()
}

/// Why a message can't be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stuck {
    Missing,
    NoTarget(String),
    Unreadable,
}

impl Stuck {
    fn into_error(self, ids: &[String]) -> OperationError {
        match self {
            Self::Missing => OperationError::NotFound {
                what: "message",
                name: ids.join(", "),
            },
            Self::NoTarget(source) => {
                OperationError::NotAllowed(format!("it came from {source}, which takes nothing back"))
            }
            Self::Unreadable => OperationError::NotAllowed(
                "its body is not that of a notification, so it can't be delivered again".into(),
            ),
        }
    }
}

/// What a step did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Moved {
    moved: u64,
    /// The first message that could not be moved.
    refused: Option<(i64, Stuck)>,
}

fn named(moved: Moved, ids: &[String]) -> Result<u64, OperationError> {
    match moved.refused {
        Some((seq, why)) if moved.moved == 0 => {
            let id: Vec<String> = ids
                .iter()
                .filter(|id| id.parse() == Ok(seq))
                .take(1)
                .cloned()
                .collect();
            Err(why.into_error(&id))
        }
        Some(_) | None => Ok(moved.moved),
    }
}

/// Moves dead letters back.
struct Redrive {
    queue: i64,
    seqs: Vec<i64>,
    /// All or none of them; else those that can be.
    named: bool,
    targets: HashMap<String, Target>,
    now: Timestamp,
}

struct Letter {
    body: String,
    trace: String,
    target: Target,
}

impl Redrive {
    fn find(&self, tx: &Tx<'_>, seq: i64) -> rusqlite::Result<Result<Letter, Stuck>> {
        let mut find =
            tx.prepare("SELECT body, trace, source FROM messages WHERE seq = ?1 AND queue = ?2")?;
        let row = find
            .query_row((seq, self.queue), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<String>>(2)?))
            })
            .optional()?;
        let Some((body, trace, source)) = row else {
            return Ok(Err(Stuck::Missing));
        };
        let source = source.unwrap_or_else(|| "nowhere".to_owned());
        let Some(&target) = self.targets.get(&source) else {
            return Ok(Err(Stuck::NoTarget(source)));
        };
        Ok(Ok(Letter { body, trace, target }))
    }
}

impl Command for Redrive {
    type Output = Moved;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Moved> {
        let mut moved = Moved::default();
        let mut letters = Vec::with_capacity(self.seqs.len());
        for &seq in &self.seqs {
            match self.find(tx, seq)? {
                Ok(letter) => letters.push((seq, letter)),
                Err(stuck) => drop(moved.refused.get_or_insert((seq, stuck))),
            }
        }
        if self.named && moved.refused.is_some() {
            return Ok(moved);
        }
        for (seq, Letter { body, trace, target }) in letters {
            let sent = match target {
                Target::Queue(queue) => queue::send(tx, queue, &body, &trace, self.now).map(|_| true)?,
                Target::Subscription(subscription) => topic::redeliver(tx, subscription, &body, &trace)?,
            };
            if sent {
                tx.prepare("DELETE FROM messages WHERE seq = ?1")?
                    .execute([seq])?;
                moved.moved += 1;
            } else {
                moved.refused.get_or_insert((seq, Stuck::Unreadable));
            }
        }
        Ok(moved)
    }
}

/// Deletes messages, and says on the orders that waited for them that a person has to look.
struct Purge {
    queue: i64,
    seqs: Vec<i64>,
    /// All or none of them; else those that are there.
    named: bool,
    now: Timestamp,
}

/// What an order says whose message was deleted before anybody handled it.
const PURGED: &str = "MessagePurged";

impl Command for Purge {
    type Output = Moved;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Moved> {
        let mut moved = Moved::default();
        if self.named {
            let mut find = tx.prepare("SELECT 1 FROM messages WHERE seq = ?1 AND queue = ?2")?;
            for &seq in &self.seqs {
                if !find.exists((seq, self.queue))? {
                    moved.refused = Some((seq, Stuck::Missing));
                    return Ok(moved);
                }
            }
        }
        for &seq in &self.seqs {
            let body = tx
                .prepare("DELETE FROM messages WHERE seq = ?1 AND queue = ?2 RETURNING body")?
                .query_map((seq, self.queue), |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?
                .pop();
            if let Some(body) = body {
                need_attention_of_message(tx, &body, None, PURGED, self.now)?;
                moved.moved += 1;
            }
        }
        Ok(moved)
    }
}
