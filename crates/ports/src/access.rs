//! API keys and usage plans, as the gateway asks for them. On AWS, API Gateway itself does this.

use std::future::Future;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Business calls.
    Client,
    /// Business calls, the catalogue and `/admin`.
    Admin,
}

/// The period that a quota counts in, by UTC calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QuotaPeriod {
    /// From midnight.
    Day,
    /// From Sunday.
    Week,
    /// From the 1st.
    Month,
}

/// How much a key may call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlan {
    /// Requests a second in the long run; `None` does not throttle.
    pub rate_per_s: Option<u32>,
    /// Requests at once.
    pub burst: Option<u32>,
    /// Requests a period; `None` does not count against anything.
    pub quota: Option<u64>,
    /// The quota's period.
    pub period: QuotaPeriod,
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id; safe to show and to log.
    pub key_id: String,
    /// What a person calls it; unique.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// How much it may call.
    pub plan: UsagePlan,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key's use in its current period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Requests counted, this one included.
    pub used: u64,
    /// The period's first moment.
    pub period_start: Timestamp,
    /// The next period's first moment.
    pub resets_at: Timestamp,
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// A key of this name exists.
    #[error("there is a key named {0} already")]
    NameTaken(String),
    /// The store failed.
    #[error("could not store the key")]
    Store(#[source] StoreError),
}

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    /// There's no key of this name or id.
    #[error("there is no key with the name or id {0:?}")]
    NotFound(String),
    /// It is the only admin key left.
    #[error(
        "this is the last admin key: without it nobody could make another one. Make a new admin key first"
    )]
    LastAdmin,
    /// The store failed.
    #[error("could not revoke the key")]
    Store(#[source] StoreError),
}

/// Keys and what they used. Secrets are stored hashed and shown once, when they are made.
pub trait ApiKeys: Send + Sync {
    /// The key with this secret. Answers from memory, in a time that doesn't depend on how much of the secret is right.
    fn authenticate(&self, secret: &str) -> Option<std::sync::Arc<ApiKey>>;

    /// Counts one request of the key at `now` and tells the use with it. The count is durable with the next commit, at
    /// the latest a second later.
    fn count_request(&self, key: &ApiKey, now: Timestamp) -> Usage;

    /// The key's use at `now`, without counting.
    fn usage(&self, key: &ApiKey, now: Timestamp) -> Usage;

    /// Makes a key and returns it with its secret, which nobody can read again. `plan` defaults to the template's.
    fn create_key(
        &self,
        name: String,
        role: Role,
        plan: Option<UsagePlan>,
    ) -> impl Future<Output = Result<(ApiKey, String), CreateKeyError>> + Send;

    /// Every key that is not revoked, by name.
    fn list_keys(&self) -> impl Future<Output = Result<Vec<ApiKey>, StoreError>> + Send;

    /// Revokes the key of this name or id: from the moment it returns, nobody gets in with it. Of two admin keys that are
    /// revoked at the same moment, one stays.
    ///
    /// # Errors
    /// [`RevokeKeyError::LastAdmin`] for the only admin key.
    fn revoke_key(&self, name_or_id: String) -> impl Future<Output = Result<(), RevokeKeyError>> + Send;
}
