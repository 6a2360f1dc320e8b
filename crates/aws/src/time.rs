//! The clock, and the source of order ids.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::{OrderId, Timestamp};

/// Now, by the machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Seconds since 1970, as a table's TTL attribute has them.
pub(crate) fn epoch_s(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(1_000)
}

/// Gives each order an id that no other call of this process gets, in rising order. Other processes make ids at the same
/// time; 59 random bits keep them apart, and the table's condition keeps out the rest.
#[derive(Debug, Default)]
pub(crate) struct IdSource {
    last: Mutex<(u64, u16)>,
}

impl IdSource {
    /// The next id. When the clock stepped back or a millisecond is used up, ids go on from the last one's time.
    pub(crate) fn next(&self, now: Timestamp) -> OrderId {
        let now_ms = u64::try_from(now.as_ms()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match *last {
            (ms, _) if now_ms > ms => (now_ms, 0),
            (ms, counter) if counter + 1 < OrderId::PER_MILLISECOND => (ms, counter + 1),
            (ms, _) => (ms + 1, 0),
        };
        let (ms, counter) = *last;
        drop(last);
        OrderId::from_parts(ms, counter, rand::random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_stands_still_or_steps_back() {
        let source = IdSource::default();
        let mut ids: Vec<OrderId> = (0..40_000)
            .map(|_| source.next(Timestamp::from_ms(1_700_000_000_000)))
            .collect();
        ids.push(source.next(Timestamp::from_ms(1_600_000_000_000)));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
