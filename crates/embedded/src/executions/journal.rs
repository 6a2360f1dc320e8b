//! The journal: what happened to an execution from outside, and the write that adds to it.

use std::sync::Arc;

use asl::{Event, EventKind, Outcome, TaskId, Value};
use domain::Timestamp;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

use super::integrations::{Refusal, Write};
use crate::orders::{need_attention, order_key};
use crate::tx::Tx;
use crate::writer::Command;

/// An event as it is written: `[Unix ms, what]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry(pub(crate) i64, pub(crate) EntryKind);

/// What happened. The letters are what is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum EntryKind {
    /// A task answered.
    #[serde(rename = "s")]
    Succeeded(u64, Value),
    /// A task failed: error and cause.
    #[serde(rename = "f")]
    Failed(u64, String, String),
    /// A timer fired.
    #[serde(rename = "w")]
    Woken,
}

impl EntryKind {
    pub(crate) fn into_event(self) -> EventKind {
        match self {
            Self::Succeeded(task, output) => EventKind::TaskSucceeded {
                task: TaskId(task),
                output,
            },
            Self::Failed(task, error, cause) => EventKind::TaskFailed {
                task: TaskId(task),
                error,
                cause,
            },
            Self::Woken => EventKind::Woken,
        }
    }
}

/// A JSON array of [`Entry`], as a row has it.
#[derive(Debug, Clone)]
pub(crate) struct Entries(Vec<u8>);

impl Default for Entries {
    fn default() -> Self {
        Self(b"[]".to_vec())
    }
}

impl Entries {
    pub(crate) fn push(&mut self, entry: &Entry) {
        let Self(json) = self;
        json.pop();
        if json.len() > 1 {
            json.push(b',');
        }
        // Numbers, strings and JSON values always have a JSON text, and memory takes it.
        let _ = serde_json::to_writer(&mut *json, entry);
        json.push(b']');
    }

    /// How much there is, to go back to.
    pub(crate) fn mark(&self) -> usize {
        self.0.len()
    }

    /// Leaves what there was at the mark.
    pub(crate) fn back_to(&mut self, mark: usize) {
        self.0.truncate(mark.saturating_sub(1));
        self.0.push(b']');
    }
}

impl ToSql for Entries {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

/// The event that an entry is, the `number`th of its execution. Chance follows from the execution and the number, so a
/// replay draws the same.
pub(crate) fn event(entry: Entry, execution_seed: u64, number: u64) -> Event {
    Event {
        at: Timestamp::from_ms(entry.0).to_jiff(),
        seed: mix(execution_seed ^ mix(number)),
        kind: entry.1.into_event(),
    }
}

/// The finaliser of SplitMix64: spreads any number over all 64 bits.
pub(crate) fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How an execution ended, as its row says.
#[derive(Debug, Clone)]
pub(crate) struct Finish {
    pub(crate) status: i64,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) at: Timestamp,
}

impl Finish {
    pub(crate) fn new(outcome: &Outcome, at: Timestamp) -> Self {
        let (status, failure) = match outcome {
            Outcome::Succeeded { .. } => (1, None),
            Outcome::Failed { error, cause } => (2, Some((error, cause))),
            Outcome::TimedOut { error, cause } => (3, Some((error, cause))),
            Outcome::Aborted { error, cause } => (4, Some((error, cause))),
        };
        let (error, cause) = failure.map(|(e, c)| (e.clone(), c.clone())).unzip();
        Self {
            status,
            error,
            cause,
            at,
        }
    }
}

/// The name that Step Functions has for a status.
pub(crate) fn status_name(code: i64) -> &'static str {
    match code {
        0 => "RUNNING",
        1 => "SUCCEEDED",
        2 => "FAILED",
        3 => "TIMED_OUT",
        _ => "ABORTED",
    }
}

/// Writes what happened to an execution since its last commit, together with what its tasks wrote.
pub(crate) struct Advance {
    pub(crate) execution: i64,
    /// The number of this journal row; rows of an execution have no gaps.
    pub(crate) seq: i64,
    pub(crate) entries: Entries,
    pub(crate) last_event_id: i64,
    pub(crate) writes: Arc<Vec<Write>>,
    pub(crate) finish: Option<Finish>,
}

/// The first write that was refused, if one was, and why.
pub(crate) type Advanced = Result<(), (usize, Refusal)>;

/// Several of them, each as if alone.
pub(crate) struct Advances {
    pub(crate) advances: Vec<Advance>,
}

impl Command for Advances {
    /// Of each the first write that was refused, and why; then nothing of it was written.
    type Output = Vec<Advanced>;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output> {
        self.advances.iter().map(|advance| advance.apply(tx)).collect()
    }
}

impl Advance {
    fn apply(&self, tx: &mut Tx<'_>) -> rusqlite::Result<Advanced> {
        // A write that is refused has written nothing, so only one behind others needs a savepoint.
        let guarded = self.writes.iter().skip(1).any(Write::may_be_refused);
        let mark = tx.mark();
        if guarded {
            tx.prepare("SAVEPOINT advance")?.execute([])?;
        }
        for (at, write) in self.writes.iter().enumerate() {
            if let Err(refusal) = write.apply(tx)? {
                if guarded {
                    tx.prepare("ROLLBACK TO advance")?.execute([])?;
                    tx.prepare("RELEASE advance")?.execute([])?;
                    tx.back_to(&mark);
                }
                return Ok(Err((at, refusal)));
            }
        }
        if guarded {
            tx.prepare("RELEASE advance")?.execute([])?;
        }
        tx.prepare("INSERT INTO journal (execution, seq, events, last_event_id) VALUES (?1, ?2, ?3, ?4)")?
            .execute((self.execution, self.seq, &self.entries, self.last_event_id))?;
        if let Some(finish) = &self.finish {
            tx.prepare(
                "UPDATE executions SET status = ?2, stopped_at = ?3, error = ?4, cause = ?5 WHERE key = ?1",
            )?
            .execute((
                self.execution,
                finish.status,
                finish.at.as_ms(),
                &finish.error,
                &finish.cause,
            ))?;
        }
        Ok(Ok(()))
    }
}

/// Ends an execution that can't go on, and says on its order that a person has to look.
pub(crate) struct GiveUp {
    pub(crate) key: i64,
    pub(crate) error: &'static str,
    pub(crate) cause: String,
    pub(crate) at: Timestamp,
}

/// The error of an execution whose journal this release can't replay.
pub(crate) const UNREADABLE: &str = "ExecutionUnreadable";
/// The error of one whose next step the store can't write.
pub(crate) const UNWRITABLE: &str = "ExecutionUnwritable";

impl Command for GiveUp {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let names = tx
            .prepare(
                "UPDATE executions SET status = 2, stopped_at = ?2, error = ?3, cause = ?4
                 WHERE key = ?1 AND status = 0 RETURNING name",
            )?
            .query_map((self.key, self.at.as_ms(), self.error, &self.cause), |row| {
                row.get::<_, String>(0)
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for order in names.iter().filter_map(|name| name.parse().ok()) {
            need_attention(tx, order_key(order), self.error, self.at)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_an_array_whatever_is_added_or_taken_back() {
        let text = |entries: &Entries| String::from_utf8(entries.0.clone()).unwrap();
        let mut entries = Entries::default();
        let empty = entries.mark();
        assert_eq!(text(&entries), "[]");
        entries.push(&Entry(1, EntryKind::Succeeded(2, "é".into())));
        let first = entries.mark();
        entries.push(&Entry(3, EntryKind::Woken));
        assert_eq!(text(&entries), r#"[[1,{"s":[2,"é"]}],[3,"w"]]"#);
        entries.back_to(first);
        assert_eq!(text(&entries), r#"[[1,{"s":[2,"é"]}]]"#);
        entries.push(&Entry(4, EntryKind::Woken));
        assert_eq!(text(&entries), r#"[[1,{"s":[2,"é"]}],[4,"w"]]"#);
        entries.back_to(empty);
        assert_eq!(text(&entries), "[]");
    }
}
