//! The database's schema and the way from each version to the next.

use rusqlite::Connection;

/// Each migration brings the database from the version that is its index to the next.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_narrow_outbox.sql"),
    include_str!("../migrations/0003_fewer_pages.sql"),
];

/// Marks a database as Ordermill's (SQLite's `application_id`): "OMIL".
const APPLICATION_ID: i64 = 0x4f4d_494c;

/// Why the schema could not be brought up to date. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Another program's database.
    #[error("the file is another program's database (application id {0:#x})")]
    NotOurs(i64),
    /// Written by a newer Ordermill.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: use a newer ordermill"
    )]
    Newer {
        /// What the file says.
        found: usize,
        /// What this program knows.
        known: usize,
    },
    /// SQLite failed.
    #[error("the database could not be read or written")]
    Sqlite(#[from] rusqlite::Error),
}

/// Whether this program can use the database. Looks and changes nothing.
///
/// # Errors
/// [`MigrateError`].
pub fn check(connection: &Connection) -> Result<(), MigrateError> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || !is_empty(connection)?) {
        return Err(MigrateError::NotOurs(application));
    }
    let found = version(connection)?;
    let known = MIGRATIONS.len();
    if found > known {
        return Err(MigrateError::Newer { found, known });
    }
    Ok(())
}

/// Whether there's nothing in it, not even a schema.
///
/// # Errors
/// When it can't be read.
pub fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let mut find = connection.prepare("SELECT 1 FROM sqlite_schema LIMIT 1")?;
    Ok(!find.exists([])?)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the database to the newest version, all or nothing.
///
/// # Errors
/// [`MigrateError`]; nothing was changed then.
pub fn migrate(connection: &mut Connection) -> Result<(), MigrateError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    check(&transaction)?;
    let outstanding = &MIGRATIONS[version(&transaction)?..];
    if outstanding.is_empty() {
        return Ok(());
    }
    for migration in outstanding {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(())
}
