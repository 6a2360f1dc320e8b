//! Time and ids, which come in as ports so that tests can choose them.

use std::sync::{Mutex, PoisonError};

use domain::{OrderId, Timestamp};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, to the millisecond. It may step back when the machine's clock is set.
    fn now(&self) -> Timestamp;
}

/// Makes ids for new orders.
pub trait OrderIds: Send + Sync {
    /// A new id whose time is now, and which no other call of this source gets.
    fn next_order_id(&self) -> OrderId;
}

/// Gives each order an id that no other call of this source gets, in rising order. Sources of other processes are kept apart
/// by the random bits, and the table's own condition keeps out the rest.
#[derive(Debug, Default)]
pub struct IdSource {
    last: Mutex<(u64, u16)>,
}

impl IdSource {
    /// The next id. When the clock stepped back or a millisecond is used up, ids go on from the last one's time, so
    /// they keep rising; both heal by themselves as time goes on.
    pub fn next(&self, now: Timestamp, random: u64) -> OrderId {
        let now_ms = u64::try_from(now.as_ms()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match *last {
            (ms, _) if now_ms > ms => (now_ms, 0),
            (ms, counter) if counter + 1 < OrderId::PER_MILLISECOND => (ms, counter + 1),
            (ms, _) => (ms + 1, 0),
        };
        let (ms, counter) = *last;
        drop(last);
        OrderId::from_parts(ms, counter, random)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_rise_and_never_repeat_even_when_the_clock_stands_still_or_steps_back() {
        let source = IdSource::default();
        let at = |ms| Timestamp::from_ms(ms);
        let mut ids: Vec<OrderId> = (0..40_000)
            .map(|n| source.next(at(1_700_000_000_000), n))
            .collect();
        ids.push(source.next(at(1_600_000_000_000), 0));
        ids.push(source.next(at(1_700_000_001_000), 0));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let keys: HashSet<(u64, u16)> = ids.iter().map(|id| (id.created_at_ms(), id.counter())).collect();
        assert_eq!(keys.len(), ids.len());
    }
}
