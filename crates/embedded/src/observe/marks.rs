//! How far the observer has come, so that the next start knows what a crash cut off.

use ports::StoreError;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::store::Store;

/// Every minute before this mark is stored.
pub(super) const TAKEN: &str = "taken";

/// The mark of an alarm: it was judged as of each minute's end up to here.
pub(super) fn judged(alarm: &str) -> String {
    format!("judged:{alarm}")
}

pub(super) fn set(tx: &Transaction<'_>, mark: &str, until: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO marks (name, until) VALUES (?1, ?2)")?
        .execute((mark, until))?;
    Ok(())
}

pub(super) async fn get(store: &Store, mark: String) -> Result<Option<i64>, StoreError> {
    store.read(move |connection| find(connection, &mark)).await
}

pub(super) fn find(connection: &Connection, mark: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT until FROM marks WHERE name = ?1")?
        .query_row([mark], |row| row.get(0))
        .optional()
}
