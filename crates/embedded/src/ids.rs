//! The source of order ids: UUIDv7 with a counter in each millisecond.

use std::sync::{Mutex, PoisonError};

use domain::OrderId;
use ports::clock::Clock;

use crate::time::Time;

/// Gives each order an id that no other call gets, in rising order.
#[derive(Debug, Default)]
pub(crate) struct IdSource {
    last: Mutex<(u64, u16)>,
}

impl IdSource {
    /// The next id. When the clock stepped back or a millisecond is used up, ids go on from the last one's time, so
    /// they keep rising; both heal by themselves as time goes on.
    pub(crate) fn next(&self, time: &Time) -> OrderId {
        let now_ms = u64::try_from(time.now().as_ms()).unwrap_or(0);
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
    use std::collections::HashSet;
    use std::time::Duration;

    use domain::Timestamp;

    use super::*;
    use crate::time::ManualTime;

    #[test]
    fn ids_rise_and_never_repeat_even_when_the_clock_stands_still_or_steps_back() {
        let source = IdSource::default();
        let clock = ManualTime::at(Timestamp::from_ms(1_700_000_000_000));
        let mut ids: Vec<OrderId> = (0..40_000)
            .map(|_| source.next(&Time::Manual(clock.clone())))
            .collect();
        let earlier = ManualTime::at(Timestamp::from_ms(1_600_000_000_000));
        ids.push(source.next(&Time::Manual(earlier)));
        clock.advance(Duration::from_secs(1));
        ids.push(source.next(&Time::Manual(clock)));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let keys: HashSet<(u64, u16)> = ids.iter().map(|id| (id.created_at_ms(), id.counter())).collect();
        assert_eq!(keys.len(), ids.len());
    }
}
