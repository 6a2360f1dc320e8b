//! Token buckets, one a key: `burst` requests at once, refilled at `rate` a second.
//!
//! Each is a generic cell rate algorithm (ITU-T I.371): one atomic number, the time at which the bucket would be
//! full again. It is written here and not taken from `governor`, whose keyed limiter has one quota for all keys where
//! ours differ, and because the `RateLimit` headers need the tokens left and the wait from the same step.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderValue;
use ports::access::{ApiKey, UsagePlan};
use tokio::time::Instant;

use crate::rate_limit;

const NANOS_PER_S: u64 = 1_000_000_000;

/// What came of taking a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// One was there.
    Allowed {
        /// How many are left.
        remaining: u64,
    },
    /// None was there.
    Throttled {
        /// When there will be one.
        retry_after: Duration,
    },
}

/// One key's bucket.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    interval_ns: u64,
    depth_ns: u64,
    /// When the bucket is full again, in nanoseconds since `epoch`.
    full_at_ns: AtomicU64,
    epoch: Instant,
    policy: HeaderValue,
}

impl TokenBucket {
    /// A full bucket. `burst` defaults to `rate_per_s`; both are at least 1.
    fn new(plan: &UsagePlan, rate_per_s: u32, now: Instant) -> Self {
        let rate_per_s = rate_per_s.max(1);
        let burst = plan.burst.unwrap_or(rate_per_s).max(1);
        let interval_ns = (NANOS_PER_S / u64::from(rate_per_s)).max(1);
        Self {
            interval_ns,
            depth_ns: interval_ns * u64::from(burst),
            full_at_ns: AtomicU64::new(0),
            epoch: now,
            policy: rate_limit::throttle_policy(rate_per_s, burst),
        }
    }

    /// Takes a token at `now`.
    pub(crate) fn take(&self, now: Instant) -> Taken {
        let elapsed = now.saturating_duration_since(self.epoch).as_nanos();
        let now_ns = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let depth_ns = self.depth_ns;
        let mut full_at = self.full_at_ns.load(Ordering::Relaxed);
        loop {
            let next = full_at.max(now_ns) + self.interval_ns;
            let missing_ns = next - now_ns;
            if missing_ns > depth_ns {
                let retry_after = Duration::from_nanos(missing_ns - depth_ns);
                return Taken::Throttled { retry_after };
            }
            match self
                .full_at_ns
                .compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => {
                    let remaining = (depth_ns - missing_ns) / self.interval_ns;
                    return Taken::Allowed { remaining };
                }
                Err(seen) => full_at = seen,
            }
        }
    }

    /// `RateLimit-Policy`'s part about this bucket.
    pub(crate) fn policy(&self) -> &HeaderValue {
        &self.policy
    }
}

/// The buckets of all keys. Looking one up takes no lock; only a key seen for the first time changes the map.
#[derive(Default)]
pub(crate) struct Throttles(ArcSwap<HashMap<String, Arc<TokenBucket>>>);

impl Throttles {
    /// The bucket of this key; `None` when its plan doesn't throttle. A key's plan never changes, so its bucket is made
    /// once.
    pub(crate) fn bucket(&self, key: &ApiKey, now: Instant) -> Option<Arc<TokenBucket>> {
        let rate = key.plan.rate_per_s?;
        if let Some(bucket) = self.0.load().get(&key.key_id) {
            return Some(Arc::clone(bucket));
        }
        let fresh = Arc::new(TokenBucket::new(&key.plan, rate, now));
        self.0.rcu(|buckets| {
            let mut buckets = HashMap::clone(buckets);
            // Another request may have been first; its bucket counts already.
            buckets
                .entry(key.key_id.clone())
                .or_insert_with(|| Arc::clone(&fresh));
            buckets
        });
        self.0.load().get(&key.key_id).cloned()
    }

    /// Forgets the buckets of keys for which `keep` is false, so that the map stays as small as the list of keys.
    pub(crate) fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.0.rcu(|buckets| {
            buckets
                .iter()
                .filter(|(id, _)| keep(id))
                .map(|(id, bucket)| (id.clone(), Arc::clone(bucket)))
                .collect::<HashMap<_, _>>()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ports::access::{QuotaPeriod, UsagePlan};
    use tokio::time::Instant;

    use super::{Taken, TokenBucket};

    fn bucket(rate: u32, burst: Option<u32>, now: Instant) -> TokenBucket {
        let plan = UsagePlan {
            rate_per_s: Some(rate),
            burst,
            quota: None,
            period: QuotaPeriod::Month,
        };
        TokenBucket::new(&plan, rate, now)
    }

    #[test]
    fn gives_the_burst_at_once_and_then_the_rate() {
        let start = Instant::now();
        let bucket = bucket(100, Some(200), start);
        for left in (0..200).rev() {
            assert_eq!(bucket.take(start), Taken::Allowed { remaining: left });
        }
        let wait = Duration::from_millis(10);
        assert_eq!(bucket.take(start), Taken::Throttled { retry_after: wait });
        assert_eq!(bucket.take(start + wait), Taken::Allowed { remaining: 0 });
        let almost = start + wait + Duration::from_millis(9);
        let rest = Duration::from_millis(1);
        assert_eq!(bucket.take(almost), Taken::Throttled { retry_after: rest });
        let much_later = start + Duration::from_secs(3600);
        assert_eq!(bucket.take(much_later), Taken::Allowed { remaining: 199 });
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let start = Instant::now();
        let bucket = bucket(1, None, start);
        assert_eq!(bucket.take(start), Taken::Allowed { remaining: 0 });
        for _ in 0..50 {
            let retry_after = Duration::from_secs(1);
            assert_eq!(bucket.take(start), Taken::Throttled { retry_after });
        }
        let later = start + Duration::from_secs(1);
        assert_eq!(bucket.take(later), Taken::Allowed { remaining: 0 });
    }

    #[test]
    fn threads_together_take_no_more_than_the_burst() {
        let start = Instant::now();
        let bucket = bucket(10, Some(1000), start);
        let allowed: usize = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    let take = || (0..500).filter(|_| matches!(bucket.take(start), Taken::Allowed { .. }));
                    scope.spawn(move || take().count())
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!(allowed, 1000);
    }
}
