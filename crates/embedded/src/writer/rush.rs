//! A rush: many customers place orders at once, and the work behind them gives way.
//!
//! Customers wait for their answers, and orders can wait in their queue: it is what a queue is for. So while a rush is on,
//! what takes up new work does so slowly, and the processor and the commits are for the customers. Nothing waits long: what
//! has waited for [`LONGEST_WAIT`] is taken up as if there were no rush.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::Timestamp;
use tokio::time::Instant;

/// A rush is over when nobody came in one for so long. The store stops for some milliseconds now and then, when its disk does.
const LASTS: Duration = Duration::from_millis(50);
/// During a rush each worker takes something up once in this time, so that work goes on and its faults are seen.
const PACE: Duration = Duration::from_millis(20);
/// What has waited for so long gives way no more.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Whether a rush is on.
#[derive(Debug)]
pub(crate) struct Rush {
    from: Instant,
    /// Until when, in microseconds since `from`.
    until_us: AtomicU64,
}

impl Rush {
    pub(super) fn new() -> Self {
        Self {
            from: Instant::now(),
            until_us: AtomicU64::new(0),
        }
    }

    /// Many customers are there at once.
    pub(super) fn note(&self) {
        let until = (self.from.elapsed() + LASTS).as_micros();
        self.until_us
            .store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// When the rush that is on will be over, if nobody comes until then.
    fn until(&self) -> Option<Instant> {
        let until = self.from + Duration::from_micros(self.until_us.load(Ordering::Relaxed));
        (until > Instant::now()).then_some(until)
    }

    /// Waits until the rush is over, if one is on, and for [`PACE`] at most.
    pub(crate) async fn pause(&self) {
        let pace = Instant::now() + PACE;
        while let Some(until) = self.until()
            && Instant::now() < pace
        {
            tokio::time::sleep_until(until.min(pace)).await;
        }
    }

    /// Waits likewise before work is taken up that has waited since then, unless it has waited for long, or there is none.
    pub(crate) async fn give_way(&self, since: Option<Timestamp>, now: Timestamp) {
        let Some(since) = since else { return };
        let waited_ms = u128::try_from(now.as_ms().saturating_sub(since.as_ms())).unwrap_or(0);
        if waited_ms < LONGEST_WAIT.as_millis() {
            self.pause().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For how long work gives way that has waited for so many seconds.
    async fn given_way(rush: &Rush, waited_s: i64) -> Duration {
        let (since, now) = (Timestamp::from_ms(0), Timestamp::from_ms(waited_s * 1_000));
        let began = Instant::now();
        rush.give_way(Some(since), now).await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn work_gives_way_until_the_rush_is_over() {
        let rush = Rush::new();
        assert_eq!(given_way(&rush, 0).await, Duration::ZERO, "nobody is there");
        rush.note();
        let mut given = Duration::ZERO;
        for _ in 0..3 {
            given += given_way(&rush, 0).await;
        }
        assert!((LASTS..LASTS + PACE).contains(&given), "{given:?}");
        assert_eq!(given_way(&rush, 0).await, Duration::ZERO, "they have gone");
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_during_a_rush_and_what_waited_long_gives_way_no_more() {
        let rush = Rush::new();
        rush.note();
        let crowds = async {
            loop {
                rush.note();
                tokio::time::sleep(LASTS / 2).await;
            }
        };
        let looks = async {
            let given = given_way(&rush, 9).await;
            assert!((PACE..2 * PACE).contains(&given), "{given:?}");
            assert_eq!(given_way(&rush, 10).await, Duration::ZERO);
            rush.give_way(None, Timestamp::from_ms(0)).await;
        };
        tokio::select! {
            biased;
            () = looks => {}
            () = crowds => {}
        }
    }
}
