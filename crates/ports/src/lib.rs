//! What the functions need from the world, one small trait each.
//!
//! Each trait's documentation says what is true when it returns: what is durable, what may be repeated without
//! harm, and which error comes back when. Two adapters implement them, the single-machine engine and AWS; `main`
//! alone chooses. A function's signature names just the ports that it may touch.

pub mod access;
pub mod analytics;
pub mod catalogue;
pub mod clock;
pub mod feed;
pub mod function;
pub mod inspection;
pub mod inventory;
pub mod metrics;
pub mod notify;
pub mod observability;
pub mod operations;
pub mod orders;
pub mod payment;
pub mod processing;
pub mod stream;
pub mod trace;

use std::error::Error;

/// The store behind a port failed: unreachable, full or damaged. Nothing was written unless a port says otherwise.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room: disk full, or a bound of the store reached. To try again later may help.
    #[error("the store has no room left: {0}")]
    Full(String),
    /// Too busy now. To try again soon helps.
    #[error("the store is busy")]
    Busy,
    /// Anything else that went wrong below.
    #[error("the store failed")]
    Failed(#[source] std::sync::Arc<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Wraps whatever an adapter's library returned.
    pub fn failed(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(std::sync::Arc::new(source))
    }
}
