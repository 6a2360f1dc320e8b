//! Keys and their use in the database.

use domain::Timestamp;
use ports::access::{ApiKey, Role, UsagePlan};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};

use super::Hash;
use super::period::{Day, first_day};
use super::usage::Packed;
use crate::tx::Tx;
use crate::writer::Command;

const CLIENT: &str = "client";
const ADMIN: &str = "admin";

/// Every key with the hash of its secret.
pub(super) fn read_keys(
    connection: &Connection,
    default_plan: UsagePlan,
) -> rusqlite::Result<Vec<(ApiKey, Hash)>> {
    let mut statement = connection.prepare("SELECT id, name, hash, role, plan, created_at FROM api_keys")?;
    let keys = statement.query_map([], |row| {
        let role = match row.get_ref(3)?.as_str()? {
            ADMIN => Role::Admin,
            // Whatever else stands there, it opens no more than this.
            _ => Role::Client,
        };
        let plan = row
            .get::<_, Option<String>>(4)?
            .map(|plan| serde_json::from_str(&plan))
            .transpose();
        let plan =
            plan.map_err(|error| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(error)))?;
        let key = ApiKey {
            key_id: row.get(0)?,
            name: row.get(1)?,
            role,
            plan: plan.unwrap_or(default_plan),
            created_at: Timestamp::from_ms(row.get(5)?),
        };
        Ok((key, row.get(2)?))
    })?;
    keys.collect()
}

/// The key's use in the newest period that its plan can have. Another plan's periods are left aside.
pub(super) fn read_usage(connection: &Connection, key: &ApiKey) -> rusqlite::Result<Option<Packed>> {
    let mut statement = connection.prepare_cached(
        "SELECT period_start, used FROM usage WHERE key_id = ?1 ORDER BY period_start DESC",
    )?;
    let mut rows = statement.query([&key.key_id])?;
    while let Some(row) = rows.next()? {
        let start = Timestamp::from_ms(row.get(0)?);
        if first_day(key.plan.period, start).start() == start {
            let used = row.get::<_, i64>(1)?;
            return Ok(Some(Packed::new(
                Day::of(start),
                u64::try_from(used).unwrap_or(0),
            )));
        }
    }
    Ok(None)
}

/// Writes a new key.
pub(super) struct InsertKey {
    pub(super) key: ApiKey,
    pub(super) hash: Hash,
    /// `None`: the template's, whatever it says at the next start.
    pub(super) own_plan: Option<UsagePlan>,
}

impl Command for InsertKey {
    /// `false` when the name is taken.
    type Output = bool;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<bool> {
        let plan = self.own_plan.map(|plan| serde_json::to_string(&plan)).transpose();
        let plan = plan.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let role = match self.key.role {
            Role::Client => CLIENT,
            Role::Admin => ADMIN,
        };
        let inserted = tx
            .prepare(
                "INSERT INTO api_keys (id, name, hash, role, plan, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (name) DO NOTHING",
            )?
            .execute((&self.key.key_id, &self.key.name, self.hash, role, plan, self.key.created_at.as_ms()))?;
        Ok(inserted == 1)
    }
}

/// Deletes the key of this id, or else of this name, with its use.
pub(super) struct DeleteKey {
    pub(super) name_or_id: String,
    /// Whether even the only admin key goes.
    pub(super) even_last_admin: bool,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Deleted {
    /// It is gone; its id.
    Done(String),
    /// There's none.
    Missing,
    /// It stays, being the only admin key.
    LastAdmin,
}

impl Command for DeleteKey {
    type Output = Deleted;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Deleted> {
        let found: Option<(String, bool)> = tx
            .prepare(
                "SELECT id, role = ?2 FROM api_keys WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC LIMIT 1",
            )?
            .query_row((&self.name_or_id, ADMIN), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, is_admin)) = found else {
            return Ok(Deleted::Missing);
        };
        if is_admin && !self.even_last_admin {
            let another = tx
                .prepare("SELECT 1 FROM api_keys WHERE role = ?1 AND id <> ?2")?
                .exists((ADMIN, &id))?;
            if !another {
                return Ok(Deleted::LastAdmin);
            }
        }
        tx.prepare("DELETE FROM api_keys WHERE id = ?1")?.execute([&id])?;
        tx.prepare("DELETE FROM usage WHERE key_id = ?1")?
            .execute([&id])?;
        Ok(Deleted::Done(id))
    }
}
