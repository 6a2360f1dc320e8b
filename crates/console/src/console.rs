//! What the console works with, and what its pages share.

use std::sync::Arc;

use domain::Timestamp;
use ports::access::ApiKeys;
use ports::analytics::AnalyticsView;
use ports::catalogue::Catalogue;
use ports::clock::Clock;
use ports::inspection::Inspection;
use ports::observability::Observatory;
use ports::operations::Operations;
use ports::orders::{CancelOrder, OrderQueries};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::{Sessions, Tries};
use crate::error::PageError;
use crate::pages::metrics::Remembered;

/// How many pages may follow the news at once. Further ones are told to come back later, and read as they are.
const MAX_LIVE: usize = 64;

/// The ports that the console needs of an engine, under one name.
pub trait Engine:
    ApiKeys + Operations + Inspection + AnalyticsView + OrderQueries + CancelOrder + Catalogue + 'static
{
}

impl<E> Engine for E where
    E: ApiKeys + Operations + Inspection + AnalyticsView + OrderQueries + CancelOrder + Catalogue + 'static
{
}

/// What the console is put together from.
pub struct Parts<E> {
    /// Whatever is shown and done.
    pub engine: Arc<E>,
    /// Traces, logs, metrics and alarms, where they are recorded.
    pub observatory: Option<Observatory>,
    /// The time that sessions and ages go by.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the server stops: live connections end then.
    pub shutdown: CancellationToken,
}

/// What all requests share.
pub(crate) struct Console<E> {
    pub engine: Arc<E>,
    pub observatory: Option<Observatory>,
    pub clock: Arc<dyn Clock>,
    pub shutdown: CancellationToken,
    pub sessions: Sessions,
    pub tries: Tries,
    /// What the page of metrics has read before.
    pub metrics: Remembered,
    pub live: Arc<Semaphore>,
}

impl<E> Console<E> {
    pub(crate) fn new(parts: Parts<E>) -> Self {
        Self {
            engine: parts.engine,
            observatory: parts.observatory,
            clock: parts.clock,
            shutdown: parts.shutdown,
            sessions: Sessions::default(),
            tries: Tries::default(),
            metrics: Remembered::default(),
            live: Arc::new(Semaphore::new(MAX_LIVE)),
        }
    }

    pub(crate) fn observatory(&self) -> Result<&Observatory, PageError> {
        let absent =
            || PageError::Refused("This server records no traces, logs, metrics and alarms.".to_owned());
        self.observatory.as_ref().ok_or_else(absent)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
