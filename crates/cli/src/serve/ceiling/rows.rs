//! The least that an answer can wait for: one row, committed durably together with those of whoever else came meanwhile.
//!
//! A thread inserts what has come and commits it, and then takes what came meanwhile. There is one table with no index, and
//! no order is looked at. It shares nothing with the product's own writer, whose bound it shows.

use std::path::Path;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

/// The most rows that wait for the thread, and that share a commit.
const MAX_WAITING: usize = 2048;
/// The log is copied into the database whenever it has so many pages, which are 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;

/// Why a row isn't kept.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The database can't be made or written.
    #[error("the rows' database can't be written")]
    Sqlite(#[from] rusqlite::Error),
    /// The thread can't be started.
    #[error("the rows' thread can't be started")]
    Thread(#[source] std::io::Error),
    /// The thread has ended.
    #[error("the rows' thread has ended")]
    Ended,
}

struct Row {
    bytes: Vec<u8>,
    kept: oneshot::Sender<()>,
}

/// Leads to the thread. It ends when this is dropped.
#[derive(Debug)]
pub struct Rows(mpsc::Sender<Row>);

impl Rows {
    /// Makes the database and starts the thread.
    ///
    /// # Errors
    /// [`RowError`] but `Ended`.
    pub fn create(path: &Path) -> Result<Self, RowError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection
            .execute_batch("CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")?;
        let (rows, waiting) = mpsc::channel(MAX_WAITING);
        std::thread::Builder::new()
            .name("rows".into())
            // Those whose row isn't kept learn it by their dropped answers, and those after them by the closed channel.
            .spawn(move || write_all(&connection, waiting))
            .map_err(RowError::Thread)?;
        Ok(Self(rows))
    }

    /// Keeps a row; returns once it is durable.
    ///
    /// # Errors
    /// [`RowError::Ended`] after a row could not be written.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<(), RowError> {
        let (kept, answer) = oneshot::channel();
        self.0
            .send(Row { bytes, kept })
            .await
            .map_err(|_| RowError::Ended)?;
        answer.await.map_err(|_| RowError::Ended)
    }
}

fn write_all(connection: &Connection, mut waiting: mpsc::Receiver<Row>) -> Result<(), RowError> {
    let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
    let mut insert = connection.prepare("INSERT INTO bodies (body) VALUES (?1)")?;
    let mut commit = connection.prepare("COMMIT")?;
    let mut group = Vec::with_capacity(MAX_WAITING);
    while waiting.blocking_recv_many(&mut group, MAX_WAITING) > 0 {
        begin.execute([])?;
        for row in &group {
            insert.execute([&row.bytes])?;
        }
        commit.execute([])?;
        for row in group.drain(..) {
            // Whoever went away doesn't need the answer.
            let _ = row.kept.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_row_is_there_for_others_once_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.db");
        let rows = Rows::create(&path).unwrap();
        rows.keep(b"one".to_vec()).await.unwrap();
        let (two, three) = tokio::join!(rows.keep(b"two".to_vec()), rows.keep(b"three".to_vec()));
        two.unwrap();
        three.unwrap();
        let bodies: Vec<Vec<u8>> = Connection::open(&path)
            .unwrap()
            .prepare("SELECT body FROM bodies ORDER BY seq")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(bodies, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    }

    #[tokio::test]
    async fn whoever_asks_for_a_row_that_cannot_be_written_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.db");
        let rows = Rows::create(&path).unwrap();
        Connection::open(&path)
            .unwrap()
            .execute_batch("DROP TABLE bodies")
            .unwrap();
        assert!(matches!(rows.keep(b"one".to_vec()).await, Err(RowError::Ended)));
    }
}
