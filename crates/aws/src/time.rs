//! The clock, and time as tables have it.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// Now, by the machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Seconds since 1970, as a table's TTL attribute has them.
pub(crate) fn epoch_s(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(1_000)
}
