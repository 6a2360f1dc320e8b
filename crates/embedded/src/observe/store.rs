//! The database of what the system tells of itself: `telemetry.db` in the data directory.
//!
//! It is written a few times a second, by whoever has something to write, and loses at most the last moments when the
//! power goes. One that is damaged is put aside for a new one: an engine runs without its past.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ports::StoreError;
use rusqlite::{Connection, Transaction};

use crate::readers::Readers;
use crate::writer::store_error;

const DATABASE: &str = "telemetry.db";
const SCHEMA: &str = include_str!("../../migrations/telemetry.sql");

/// The database. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Store {
    path: PathBuf,
    writer: Arc<Mutex<Connection>>,
    readers: Readers,
}

impl Store {
    /// Opens the database in the data directory.
    ///
    /// # Errors
    /// When not even a new one can be made.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(DATABASE);
        let connection = open(&path).or_else(|error| {
            tracing::error!(event_type = "telemetry_put_aside", error = %error, "begins anew");
            for suffix in ["", "-wal", "-shm"] {
                let file = dir.join(format!("{DATABASE}{suffix}"));
                // What isn't there needs no moving; what can't be moved, the next line meets again.
                let _ = std::fs::rename(&file, dir.join(format!("{DATABASE}{suffix}.damaged")));
            }
            open(&path)
        });
        let connection = connection.map_err(|error| store_error(error, &path))?;
        Ok(Self {
            writer: Arc::new(Mutex::new(connection)),
            readers: Readers::new(&path),
            path,
        })
    }

    /// Writes in one transaction, on this thread.
    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error| store_error(error, &self.path);
        let transaction = connection.transaction().map_err(failed)?;
        let output = write(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(output)
    }

    /// Writes in one transaction, on a thread that may block.
    pub(super) async fn write_blocking<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.write(write))
            .await
            .map_err(StoreError::failed)?
    }

    /// Moves all that is in the write-ahead log into the database; one file is left of two, if nobody reads right now.
    pub(super) fn tidy(&self) -> Result<(), StoreError> {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let tidied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        tidied.map_err(|error| store_error(error, &self.path))
    }

    /// Reads, on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read_blocking(read).await
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}
