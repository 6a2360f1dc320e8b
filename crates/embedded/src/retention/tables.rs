//! The tables that don't keep everything, and what is due in each.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Timestamp;
use rusqlite::{Connection, Params, Row};

use super::Retention;
use crate::Engine;
use crate::orders::{first_key_at, need_attention_of_message};
use crate::tx::Tx;

/// A table that rows are deleted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Idempotency,
    Changes,
    Messages,
    Outbox,
    Executions,
    Holds,
    Usage,
}

/// What is due, as of one moment.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    now: i64,
    /// Changes up to this number were passed by every follower.
    followed: Followers,
    changes: i64,
    executions: i64,
    outbox: i64,
    usage: i64,
    /// When a message of each queue must have been sent to be due.
    queues: Arc<HashMap<i64, i64>>,
}

/// The followers of the change stream, by their ids.
type Followers = Arc<[i64]>;

/// The rows that a step looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Those to delete.
    pub(super) due: Vec<i64>,
    /// The last of all.
    pub(super) last: Option<i64>,
    /// Whether rows behind it may be due too.
    pub(super) older_may_follow: bool,
}

/// A row that was looked at.
struct Look {
    key: i64,
    due: bool,
    /// Rows written later are too young as well.
    young: bool,
}

impl Limits {
    pub(super) fn new(engine: &Engine, retention: Retention, now: Timestamp) -> Self {
        let now = now.as_ms();
        let followers = engine
            .settings()
            .functions
            .iter()
            .filter(|function| function.stream_source.is_some());
        let queues = engine
            .queues()
            .values()
            .map(|q| (q.id, now.saturating_sub(q.settings.retention_ms)));
        Self {
            now,
            followed: followers
                .map(|function| engine.names().id("consumer", &function.name))
                .collect(),
            changes: now.saturating_sub(retention.changes_ms),
            executions: now.saturating_sub(retention.executions_ms),
            outbox: now.saturating_sub(retention.outbox_ms),
            usage: now.saturating_sub(retention.usage_ms),
            queues: Arc::new(queues.collect()),
        }
    }

    /// Up to which number every follower has passed the changes.
    fn passed(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let mut find =
            connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM checkpoints WHERE consumer = ?1")?;
        let mut passed = i64::MAX;
        for follower in self.followed.iter() {
            passed = passed.min(find.query_row([follower], |row| row.get(0))?);
        }
        Ok(passed)
    }
}

impl Table {
    pub(super) const ALL: [Self; 7] = [
        Self::Idempotency,
        Self::Changes,
        Self::Messages,
        Self::Outbox,
        Self::Executions,
        Self::Holds,
        Self::Usage,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idempotency => "idempotency",
            Self::Changes => "changes",
            Self::Messages => "messages",
            Self::Outbox => "outbox",
            Self::Executions => "executions",
            Self::Holds => "holds",
            Self::Usage => "usage",
        }
    }

    /// Looks at the `count` rows behind `after`.
    pub(super) fn look(
        self,
        connection: &Connection,
        after: i64,
        count: u32,
        limits: &Limits,
    ) -> rusqlite::Result<Seen> {
        let by_age = |row: &Row<'_>, limit: i64| {
            let due = row.get::<_, i64>(1)? <= limit;
            Ok(Look {
                key: row.get(0)?,
                due,
                young: !due,
            })
        };
        match self {
            Self::Idempotency => {
                let sql = "SELECT seq, expires_at FROM idempotency WHERE seq > ?1 ORDER BY seq LIMIT ?2";
                look(connection, sql, (after, count), |row| by_age(row, limits.now))
            }
            Self::Changes => {
                let passed = limits.passed(connection)?;
                // The newest row stays: the numbers of the changes to come go on from it.
                let sql = "SELECT seq, at FROM changes WHERE seq > ?1 AND seq <= ?3
                             AND seq < (SELECT max(seq) FROM changes) ORDER BY seq LIMIT ?2";
                look(connection, sql, (after, count, passed), |row| {
                    by_age(row, limits.changes)
                })
            }
            Self::Messages => {
                // A dead letter's time begins when it became one: it is there to be looked at.
                let sql = "SELECT seq, iif(source IS NULL, sent_at, visible_at), queue FROM messages
                           WHERE seq > ?1 ORDER BY seq LIMIT ?2";
                let youngest = limits.queues.values().copied().max().unwrap_or(i64::MIN);
                look(connection, sql, (after, count), |row| {
                    // A queue that the template doesn't have any more: nobody said how long to keep what it holds.
                    let limit = limits.queues.get(&row.get(2)?).copied().unwrap_or(i64::MIN);
                    let since: i64 = row.get(1)?;
                    Ok(Look {
                        key: row.get(0)?,
                        due: since <= limit,
                        young: since > youngest,
                    })
                })
            }
            Self::Outbox => {
                let sql = "SELECT seq, at FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2";
                look(connection, sql, (after, count), |row| by_age(row, limits.outbox))
            }
            Self::Executions => {
                let sql = "SELECT key, status > 0 AND coalesce(stopped_at, started_at) <= ?3, started_at > ?3 FROM executions
                           WHERE key > ?1 ORDER BY key LIMIT ?2";
                look(connection, sql, (after, count, limits.executions), Look::read)
            }
            Self::Holds => {
                let sql =
                    "SELECT h.order_key, o.status > 1 AND max(h.at, coalesce(h.released_at, 0)) <= ?3, 0
                           FROM holds h JOIN orders o ON o.key = h.order_key
                           WHERE h.order_key > ?1 AND h.order_key < ?4 ORDER BY h.order_key LIMIT ?2";
                let before = first_key_at(Timestamp::from_ms(limits.executions));
                look(
                    connection,
                    sql,
                    (after, count, limits.executions, before),
                    Look::read,
                )
            }
            Self::Usage => {
                // One row a key and period: few, so they are looked at whole, key by key.
                let sql = "SELECT DISTINCT period_start, 1, 0 FROM usage
                           WHERE period_start > ?1 AND period_start <= ?3 ORDER BY period_start LIMIT ?2";
                look(connection, sql, (after, count, limits.usage), Look::read)
            }
        }
    }

    /// Deletes the row if it is still due.
    pub(super) fn delete(self, tx: &mut Tx<'_>, key: i64, limits: &Limits) -> rusqlite::Result<bool> {
        let deleted = match self {
            Self::Idempotency => tx
                .prepare("DELETE FROM idempotency WHERE seq = ?1 AND expires_at <= ?2")?
                .execute((key, limits.now))?,
            Self::Changes => tx.prepare("DELETE FROM changes WHERE seq = ?1")?.execute([key])?,
            Self::Messages => delete_message(tx, key, limits)?,
            Self::Outbox => tx.prepare("DELETE FROM outbox WHERE seq = ?1")?.execute([key])?,
            Self::Executions => {
                // One that was run again meanwhile is not over.
                let deleted = tx
                    .prepare("DELETE FROM executions WHERE key = ?1 AND status > 0 AND coalesce(stopped_at, started_at) <= ?2")?
                    .execute((key, limits.executions))?;
                if deleted == 1 {
                    tx.prepare("DELETE FROM journal WHERE execution = ?1")?
                        .execute([key])?;
                }
                deleted
            }
            Self::Holds => tx
                .prepare("DELETE FROM holds WHERE order_key = ?1")?
                .execute([key])?,
            Self::Usage => tx
                .prepare("DELETE FROM usage WHERE period_start = ?1")?
                .execute([key])?,
        };
        Ok(deleted > 0)
    }
}

/// Deletes a message that nobody handled in time.
fn delete_message(tx: &mut Tx<'_>, seq: i64, limits: &Limits) -> rusqlite::Result<usize> {
    let bodies = tx
        .prepare("DELETE FROM messages WHERE seq = ?1 RETURNING body")?
        .query_map([seq], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for body in &bodies {
        need_attention_of_message(tx, body, None, "MessageExpired", Timestamp::from_ms(limits.now))?;
    }
    Ok(bodies.len())
}

impl Look {
    /// Key, due, young.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            due: row.get(1)?,
            young: row.get(2)?,
        })
    }
}

fn look(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<Look>,
) -> rusqlite::Result<Seen> {
    let mut seen = Seen::default();
    let mut statement = connection.prepare_cached(sql)?;
    for row in statement.query_map(parameters, read)? {
        let Look { key, due, young } = row?;
        seen.last = Some(key);
        seen.older_may_follow |= !young;
        if due {
            seen.due.push(key);
        }
    }
    Ok(seen)
}
