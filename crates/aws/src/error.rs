//! What AWS answers when it doesn't do what it was asked, in the ports' terms.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use ports::StoreError;

/// Errors that say "not now": tables, queues and topics that throttle, each under its own name.
const THROTTLED: [&str; 10] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "Throttling",
    "Throttled",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestThrottled",
    "TransactionInProgressException",
    "ExecutionLimitExceeded",
];

/// Whether this error code says that the service is too busy now.
pub(crate) fn is_throttle(code: Option<&str>) -> bool {
    code.is_some_and(|code| THROTTLED.contains(&code))
}

/// A failed call. The SDK has tried again before, as often as `sdk` says.
pub(crate) fn store_error<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    if is_throttle(error.code()) {
        StoreError::Busy
    } else {
        StoreError::failed(error)
    }
}

/// An item, message or answer that lacks what it should have, or that this program never writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {of} is missing or of another form")]
pub(crate) struct Damaged {
    /// The attribute or member.
    pub(crate) what: &'static str,
    /// What it belongs to.
    pub(crate) of: String,
}

impl Damaged {
    pub(crate) fn new(what: &'static str, of: impl Into<String>) -> Self {
        Self { what, of: of.into() }
    }
}

impl From<Damaged> for StoreError {
    fn from(damaged: Damaged) -> Self {
        Self::failed(damaged)
    }
}
