//! Deleting what was kept for long enough, in steps so small that nobody waits for them.
//!
//! A step looks at a bounded number of rows on a read connection, in the order in which they were written, and has
//! those deleted that are due. Rows were written in the order of their age, or nearly so: where a whole step's rows are
//! too young, a table is done with until the next round.

mod tables;

use std::time::{Duration, Instant};

use domain::Timestamp;
use ports::StoreError;
use ports::clock::Clock;
use tokio::task::JoinSet;

use crate::error::Chain;
use crate::tx::Tx;
use crate::writer::Command;
use crate::{Engine, access};
use tables::{Limits, Table};

/// The most rows that a table's first step looks at.
const STEP: u32 = 256;
/// The most that one looks at after others that were due as a whole. Of these it deletes as many as a busy shop writes: about
/// nine rows an order, in a few milliseconds.
const MAX_STEP: u32 = 1_024;
/// The longest rest after a step that deleted something. It rests for as long as the step took, so that half of the writer's
/// time is everybody else's, and more of it when they are many.
const MAX_REST: Duration = Duration::from_millis(20);
/// From the beginning of one round over all tables to that of the next.
const ROUND_MS: i64 = 60_000;

/// For how long finished things are kept, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Changes of orders, as DynamoDB Streams keeps them. A follower that lags keeps them for longer.
    pub(crate) changes_ms: i64,
    /// Executions that ended, with their history, as Step Functions keeps them; and what stock an ended order held.
    pub(crate) executions_ms: i64,
    /// Messages handed to senders.
    pub(crate) outbox_ms: i64,
    /// Counts of past quota periods.
    pub(crate) usage_ms: i64,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Default for Retention {
    fn default() -> Self {
        Self {
            changes_ms: DAY_MS,
            executions_ms: 90 * DAY_MS,
            outbox_ms: 14 * DAY_MS,
            usage_ms: 400 * DAY_MS,
        }
    }
}

/// Starts what is done in the background: deleting what is due, and writing usage counts.
pub(crate) fn spawn(engine: &Engine, workers: &mut JoinSet<()>) {
    access::spawn(engine, workers);
    let engine = engine.clone();
    workers.spawn(async move {
        let mut sweeper = Sweeper::new(Retention::default());
        let rounds = async {
            loop {
                let next = Timestamp::from_ms(engine.time().now().as_ms().saturating_add(ROUND_MS));
                if let Err(error) = sweeper.round(&engine).await {
                    tracing::error!(event_type = "retention_failed", error = %Chain(&error));
                }
                // Not a sleep: a clock that flies would fly from round to round and never rest.
                engine.time().deadline(next).await;
            }
        };
        tokio::select! {
            () = engine.stopping() => {}
            () = rounds => {}
        }
    });
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    NothingDue,
    Deleted,
    /// Every table was looked at.
    RoundOver,
}

/// Goes over the tables, step by step.
#[derive(Debug)]
pub(crate) struct Sweeper {
    retention: Retention,
    /// The table at hand, by its place in [`Table::ALL`].
    table: usize,
    /// The last row looked at in it.
    after: i64,
    /// How many rows the next step looks at.
    count: u32,
    /// When the round began. What falls due after that is the next round's, so that each table has its turn however fast
    /// another one fills.
    began: Option<Timestamp>,
}

impl Sweeper {
    pub(crate) fn new(retention: Retention) -> Self {
        Self {
            retention,
            table: 0,
            after: i64::MIN,
            count: STEP,
            began: None,
        }
    }

    /// Goes over the tables once, or on from where the last round failed.
    async fn round(&mut self, engine: &Engine) -> Result<(), StoreError> {
        loop {
            let began = Instant::now();
            match self.step(engine).await? {
                Progress::NothingDue => {}
                Progress::Deleted => tokio::time::sleep(began.elapsed().min(MAX_REST)).await,
                Progress::RoundOver => return Ok(()),
            }
        }
    }

    /// Looks at the next rows and deletes those that are due.
    ///
    /// # Errors
    /// When the store fails. The next step looks at the same rows again.
    pub(crate) async fn step(&mut self, engine: &Engine) -> Result<Progress, StoreError> {
        let Some(&table) = Table::ALL.get(self.table) else {
            *self = Self::new(self.retention);
            return Ok(Progress::RoundOver);
        };
        let began = *self.began.get_or_insert_with(|| engine.time().now());
        let limits = Limits::new(engine, self.retention, began);
        let (after, count, looked_by) = (self.after, self.count, limits.clone());
        let seen = engine
            .readers()
            .read_blocking(move |connection| table.look(connection, after, count, &looked_by))
            .await?;
        let all_due = seen.due.len() >= count as usize;
        let progress = if seen.due.is_empty() {
            Progress::NothingDue
        } else {
            Progress::Deleted
        };
        if progress == Progress::Deleted {
            let deleted = engine
                .writer()
                .execute(DeleteRows {
                    table,
                    keys: seen.due,
                    limits,
                })
                .await?;
            note(table, deleted);
        }
        match seen.last {
            Some(last) if seen.older_may_follow => {
                self.after = last;
                self.count = if all_due {
                    count.saturating_mul(2).min(MAX_STEP)
                } else {
                    STEP
                };
            }
            Some(_) | None => (self.table, self.after, self.count) = (self.table + 1, i64::MIN, STEP),
        }
        Ok(progress)
    }
}

/// Messages that expire were never handled, and somebody should know; all else is housekeeping.
fn note(table: Table, deleted: usize) {
    match table {
        Table::Messages if deleted > 0 => {
            tracing::error!(event_type = "messages_expired", messages = deleted);
        }
        _ => tracing::debug!(event_type = "rows_expired", table = table.name(), rows = deleted),
    }
}

/// Deletes the rows that are still due.
struct DeleteRows {
    table: Table,
    keys: Vec<i64>,
    limits: Limits,
}

impl Command for DeleteRows {
    /// How many were.
    type Output = usize;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<usize> {
        let mut deleted = 0;
        for &key in &self.keys {
            deleted += usize::from(self.table.delete(tx, key, &self.limits)?);
        }
        Ok(deleted)
    }
}

#[cfg(test)]
mod tests;
