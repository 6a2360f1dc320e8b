//! API keys: made once, stored hashed, recognised from memory; and what they used.
//!
//! A secret is 32 random bytes, so its SHA-256 tells nothing about it and needs neither salt nor stretching. A key is
//! looked up by that hash: how long the lookup takes depends on the hash of what was sent, which a caller can't steer
//! towards the hash of a key that it doesn't know, and the hashes are then compared in constant time. So the time tells
//! nothing about how much of a secret is right.

mod period;
mod store;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use ports::StoreError;
use ports::access::{ApiKey, ApiKeys, CreateKeyError, RevokeKeyError, Role, Usage, UsagePlan};
use ports::clock::Clock;
use rand::TryRng;
use rand::rngs::SysRng;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::task::JoinSet;

use store::{DeleteKey, Deleted, InsertKey};
use usage::{Counter, UsageCounters};

use crate::Engine;
use crate::error::Chain;
use crate::tx::Tx;

/// What every secret begins with, so that a leaked one is recognised for what it is.
const SECRET_PREFIX: &str = "om_";
/// Random bytes of a secret; 43 characters of base64url.
const SECRET_BYTES: usize = 32;
/// Random bytes of a key's id.
const ID_BYTES: usize = 8;

/// How often counts are written that no order took along.
const FLUSH_EVERY_MS: i64 = 1_000;

type Hash = [u8; 32];

/// Every key that is not revoked, and what each used.
#[derive(Debug)]
pub(crate) struct Access {
    /// The plan of keys that have none of their own.
    default_plan: UsagePlan,
    keys: ArcSwap<Keys>,
    usage: UsageCounters,
    /// Held while keys are changed, so that memory takes the changes in the order in which they were committed.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Keys {
    by_hash: HashMap<Hash, Arc<Key>>,
    by_id: HashMap<String, Arc<Key>>,
}

#[derive(Debug)]
struct Key {
    hash: Hash,
    key: Arc<ApiKey>,
    counter: Arc<Counter>,
}

impl Access {
    /// Reads every key with its use.
    pub(crate) fn read(connection: &Connection, default_plan: UsagePlan) -> rusqlite::Result<Self> {
        let mut keys = Keys::default();
        for (key, hash) in store::read_keys(connection, default_plan)? {
            let used = store::read_usage(connection, &key)?;
            keys.insert(Key {
                hash,
                counter: Arc::new(Counter::new(&key, used)),
                key: Arc::new(key),
            });
        }
        Ok(Self {
            default_plan,
            keys: ArcSwap::from_pointee(keys),
            usage: UsageCounters::default(),
            changing: tokio::sync::Mutex::default(),
        })
    }

    /// Writes the counts that changed since the last call, in whatever transaction is under way. Costs next to nothing
    /// when none did. What is lost with a rollback, [`Engine::flush_usage`] writes again.
    pub(crate) fn flush_usage(&self, tx: &Tx<'_>) -> rusqlite::Result<()> {
        self.usage.flush_changed(tx)
    }

    fn find(&self, secret: &str) -> Option<Arc<ApiKey>> {
        let hash: Hash = Sha256::digest(secret).into();
        let keys = self.keys.load();
        let found = keys.by_hash.get(&hash)?;
        bool::from(found.hash.ct_eq(&hash)).then(|| Arc::clone(&found.key))
    }

    fn has_name(&self, name: &str) -> bool {
        self.keys.load().by_id.values().any(|key| key.key.name == name)
    }

    fn counter(&self, key: &ApiKey) -> Option<Arc<Counter>> {
        self.keys
            .load()
            .by_id
            .get(&key.key_id)
            .map(|found| Arc::clone(&found.counter))
    }
}

impl Keys {
    fn insert(&mut self, key: Key) {
        let key = Arc::new(key);
        self.by_id.insert(key.key.key_id.clone(), Arc::clone(&key));
        self.by_hash.insert(key.hash, key);
    }

    fn remove(&mut self, key_id: &str) {
        if let Some(key) = self.by_id.remove(key_id) {
            self.by_hash.remove(&key.hash);
        }
    }
}

/// A secret that nobody has.
fn new_secret() -> Result<String, StoreError> {
    let random = random::<SECRET_BYTES>().map_err(StoreError::failed)?;
    Ok(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
}

/// Starts to write the counts once a second, when there's something to write.
pub(crate) fn spawn(engine: &Engine, workers: &mut JoinSet<()>) {
    let engine = engine.clone();
    workers.spawn(async move {
        loop {
            let at = Timestamp::from_ms(engine.time().now().as_ms().saturating_add(FLUSH_EVERY_MS));
            tokio::select! {
                () = engine.stopping() => return,
                // Not a sleep: a clock that flies would fly from second to second and never rest.
                () = engine.time().deadline(at) => {}
            }
            if let Err(error) = engine.flush_usage().await {
                tracing::error!(event_type = "usage_not_flushed", error = %Chain(&error));
            }
        }
    });
}

impl ApiKeys for Engine {
    fn authenticate(&self, secret: &str) -> Option<Arc<ApiKey>> {
        self.access().find(secret)
    }

    fn count_request(&self, key: &ApiKey, now: Timestamp) -> Usage {
        match self.access().counter(key) {
            Some(counter) => self.access().usage.count(&counter, now),
            // Revoked since it was let in: this request is its last.
            None => period::usage(key.plan.period, now, 1),
        }
    }

    fn usage(&self, key: &ApiKey, now: Timestamp) -> Usage {
        match self.access().counter(key) {
            Some(counter) => counter.read(now),
            None => period::usage(key.plan.period, now, 0),
        }
    }

    async fn create_key(
        &self,
        name: String,
        role: Role,
        plan: Option<UsagePlan>,
    ) -> Result<(ApiKey, String), CreateKeyError> {
        let secret = new_secret().map_err(CreateKeyError::Store)?;
        let key = self.create_key_with(name, role, plan, &secret).await?;
        Ok((key, secret))
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys: Vec<ApiKey> = self
            .access()
            .keys
            .load()
            .by_id
            .values()
            .map(|key| (*key.key).clone())
            .collect();
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(keys)
    }

    async fn revoke_key(&self, name_or_id: String) -> Result<(), RevokeKeyError> {
        let delete = DeleteKey {
            name_or_id: name_or_id.clone(),
            even_last_admin: false,
        };
        match self.delete_key(delete).await.map_err(RevokeKeyError::Store)? {
            Deleted::Done(_) => Ok(()),
            Deleted::Missing => Err(RevokeKeyError::NotFound(name_or_id)),
            Deleted::LastAdmin => Err(RevokeKeyError::LastAdmin),
        }
    }
}

impl Engine {
    /// Makes a key of this name unless there is one. `keep` is given the secret first, and the key is made once it has kept it:
    /// a crash between the two leaves a secret that opens nothing, never a key that nobody can use. Returns the secret
    /// of a key that was made now.
    ///
    /// # Errors
    /// When `keep` or the store fails. There's no new key then.
    pub async fn ensure_key<E: From<StoreError>>(
        &self,
        name: &str,
        role: Role,
        plan: Option<UsagePlan>,
        keep: impl FnOnce(&str) -> Result<(), E>,
    ) -> Result<Option<String>, E> {
        if self.access().has_name(name) {
            return Ok(None);
        }
        let secret = new_secret()?;
        keep(&secret)?;
        match self.create_key_with(name.to_owned(), role, plan, &secret).await {
            Ok(_) => Ok(Some(secret)),
            Err(CreateKeyError::NameTaken(_)) => Ok(None),
            Err(CreateKeyError::Store(error)) => Err(error.into()),
        }
    }

    /// Revokes the key of this name or id even when it is the last admin key: for whoever makes it anew at once. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn discard_key(&self, name_or_id: String) -> Result<bool, StoreError> {
        let delete = DeleteKey {
            name_or_id,
            even_last_admin: true,
        };
        Ok(matches!(self.delete_key(delete).await?, Deleted::Done(_)))
    }

    async fn create_key_with(
        &self,
        name: String,
        role: Role,
        plan: Option<UsagePlan>,
        secret: &str,
    ) -> Result<ApiKey, CreateKeyError> {
        let failed = |error| CreateKeyError::Store(StoreError::failed(error));
        let key = ApiKey {
            key_id: format!("key_{}", hex::encode(random::<ID_BYTES>().map_err(failed)?)),
            name,
            role,
            plan: plan.unwrap_or(self.access().default_plan),
            created_at: self.time().now(),
        };
        let insert = InsertKey {
            key,
            hash: Sha256::digest(secret).into(),
            own_plan: plan,
        };
        let engine = self.clone();
        // In a task of its own, so that memory follows the table even when the caller goes away.
        tokio::spawn(async move { engine.insert_key(insert).await })
            .await
            .map_err(|error| CreateKeyError::Store(StoreError::failed(error)))?
    }

    /// Writes every count that isn't known to be durable. When it returns, all are that were counted before.
    pub(crate) async fn flush_usage(&self) -> Result<(), StoreError> {
        let counters: Vec<_> = self
            .access()
            .keys
            .load()
            .by_id
            .values()
            .map(|key| Arc::clone(&key.counter))
            .collect();
        let Some(command) = usage::WriteCounts::of(counters) else {
            return Ok(());
        };
        self.writer()
            .execute(command)
            .await?
            .into_iter()
            .for_each(usage::Written::confirm);
        Ok(())
    }

    async fn insert_key(&self, insert: InsertKey) -> Result<ApiKey, CreateKeyError> {
        let _changing = self.access().changing.lock().await;
        let (key, hash) = (insert.key.clone(), insert.hash);
        if !self
            .writer()
            .execute(insert)
            .await
            .map_err(CreateKeyError::Store)?
        {
            return Err(CreateKeyError::NameTaken(key.name));
        }
        let mut keys = Keys::clone(&self.access().keys.load());
        keys.insert(Key {
            hash,
            counter: Arc::new(Counter::new(&key, None)),
            key: Arc::new(key.clone()),
        });
        self.access().keys.store(Arc::new(keys));
        Ok(key)
    }

    async fn delete_key(&self, delete: DeleteKey) -> Result<Deleted, StoreError> {
        let engine = self.clone();
        // In a task of its own, as above.
        tokio::spawn(async move {
            let _changing = engine.access().changing.lock().await;
            let deleted = engine.writer().execute(delete).await?;
            if let Deleted::Done(key_id) = &deleted {
                let mut keys = Keys::clone(&engine.access().keys.load());
                keys.remove(key_id);
                engine.access().keys.store(Arc::new(keys));
            }
            Ok(deleted)
        })
        .await
        .map_err(StoreError::failed)?
    }
}

/// Bytes from the operating system's source of randomness.
fn random<const N: usize>() -> Result<[u8; N], rand::rngs::SysError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
