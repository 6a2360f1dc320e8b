//! The data directory locked and its database opened, or why not.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::OpenError;
use crate::schema::{self, MigrateError};

/// The database's file in the data directory.
const DATABASE: &str = "ordermill.db";

/// Locks the directory and opens its database for the writer. With `must_exist` no new database is made.
pub(super) fn open_database(dir: &Path, must_exist: bool) -> Result<(File, Connection, PathBuf), OpenError> {
    let path = dir.join(DATABASE);
    if must_exist && is_lost(&path) {
        return Err(OpenError::Lost(path));
    }
    let directory = |source| OpenError::Directory {
        path: dir.to_owned(),
        source,
    };
    // What customers entrust to a shop is nobody else's on the machine to read.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(directory)?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join("lock"))
        .map_err(directory)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(dir.to_owned())),
        Err(TryLockError::Error(source)) => return Err(directory(source)),
    }
    let connection = Connection::open(&path).map_err(|source| sqlite_error(&path, source))?;
    // First of all: to set up a database for writing changes it, whoever it belongs to.
    schema::check(&connection).map_err(|source| schema_error(&path, source))?;
    if must_exist && schema::is_empty(&connection).map_err(|source| sqlite_error(&path, source))? {
        return Err(OpenError::Lost(path));
    }
    set_up_writer(&connection).map_err(|source| sqlite_error(&path, source))?;
    Ok((lock, connection, path))
}

/// Whether there's no file, or one with nothing in it. What else is wrong with it, opening it tells.
fn is_lost(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(file) => file.is_file() && file.len() == 0,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

pub(super) fn schema_error(path: &Path, source: MigrateError) -> OpenError {
    match source {
        MigrateError::Sqlite(source) => sqlite_error(path, source),
        MigrateError::NotOurs(_) | MigrateError::Newer { .. } => OpenError::Schema {
            path: path.to_owned(),
            source,
        },
    }
}

/// What SQLite says of the file, as whoever starts the server can set it right.
pub(super) fn sqlite_error(path: &Path, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::NotADatabase(path.to_owned())
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::NotWritable {
                path: path.to_owned(),
                source,
            }
        }
        _ => OpenError::Sqlite {
            path: path.to_owned(),
            source,
        },
    }
}

fn set_up_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Small: a commit that splits a page far from the end makes SQLite look through all that it holds
    // (docs/performance.md, "Cache truncation"), and what it doesn't hold the system's page cache does.
    connection.pragma_update(None, "cache_size", -4_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok(())
}
