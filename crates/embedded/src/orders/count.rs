//! How many orders have which status, without counting them all each time.
//!
//! The first count goes through the status index; what came since is added up from the change stream. So placing and
//! changing orders pays nothing for it, and a million orders are counted once.

use std::sync::{Mutex, PoisonError};

use ports::inspection::OrderCounts;
use rusqlite::{Connection, TransactionBehavior};

/// The last count, and up to which change it reaches.
#[derive(Debug, Default)]
pub(crate) struct OrderCounter(Mutex<Option<Counted>>);

#[derive(Debug, Clone, Copy)]
struct Counted {
    by_status: [i64; 5],
    change: i64,
}

impl OrderCounter {
    /// Counts. Whoever asks meanwhile waits, and then has little to add.
    pub(crate) fn read(&self, connection: &Connection) -> rusqlite::Result<OrderCounts> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
        let (oldest, newest): (i64, i64) = snapshot
            .prepare_cached(
                "SELECT coalesce((SELECT min(seq) FROM changes), 0), coalesce((SELECT max(seq) FROM changes), 0)",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // Changes that retention took before they were seen are missing: then all is counted anew.
        let counted = match last.take() {
            Some(counted) if oldest <= counted.change + 1 && counted.change <= newest => {
                add_changes(&snapshot, counted, newest)?
            }
            Some(_) | None => count_all(&snapshot, newest)?,
        };
        *last = Some(counted);
        let needs_attention = snapshot
            .prepare_cached("SELECT count(*) FROM orders WHERE attention = 1")?
            .query_row([], |row| row.get(0))?;
        Ok(OrderCounts {
            by_status: counted.by_status.map(|count| u64::try_from(count).unwrap_or(0)),
            needs_attention,
        })
    }
}

fn count_all(connection: &Connection, newest: i64) -> rusqlite::Result<Counted> {
    let mut counted = Counted {
        by_status: [0; 5],
        change: newest,
    };
    let mut count = connection.prepare_cached("SELECT status, count(*) FROM orders GROUP BY status")?;
    let mut rows = count.query([])?;
    while let Some(row) = rows.next()? {
        counted.add(row.get(0)?, row.get(1)?);
    }
    Ok(counted)
}

fn add_changes(connection: &Connection, mut counted: Counted, newest: i64) -> rusqlite::Result<Counted> {
    let mut changes = connection.prepare_cached(
        "SELECT old_status, new_status, count(*) FROM changes WHERE seq > ?1 AND seq <= ?2
         GROUP BY old_status, new_status",
    )?;
    let mut rows = changes.query([counted.change, newest])?;
    while let Some(row) = rows.next()? {
        let count: i64 = row.get(2)?;
        if let Some(old) = row.get::<_, Option<usize>>(0)? {
            counted.add(old, -count);
        }
        counted.add(row.get(1)?, count);
    }
    counted.change = newest;
    Ok(counted)
}

impl Counted {
    fn add(&mut self, status: usize, count: i64) {
        if let Some(of_status) = self.by_status.get_mut(status) {
            *of_status += count;
        }
    }
}
