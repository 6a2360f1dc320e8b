//! Time as the engine uses it: what it is, and waiting for it. Tests bring their own.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use ports::clock::Clock;
use tokio::sync::watch;

/// The engine's clock: the machine's, or one that a test moves by hand.
#[derive(Debug, Clone)]
pub enum Time {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved.
    Manual(ManualTime),
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual(manual) => *manual.now.borrow(),
        }
    }
}

impl Time {
    /// Returns once `at` is reached, at once when it lies in the past. For waiting with nothing else to wait for: a
    /// clock that flies goes there at once.
    pub async fn sleep_until(&self, at: Timestamp) {
        if let Self::Manual(manual) = self {
            manual.fly_to(at);
        }
        self.deadline(at).await;
    }

    /// Returns once `at` is reached, at once when it lies in the past. For giving up on something that is under way.
    pub async fn deadline(&self, at: Timestamp) {
        match self {
            Self::System => {
                // The wall clock may be set while we sleep, so look again at least every minute.
                loop {
                    let left_ms = at.as_ms().saturating_sub(self.now().as_ms());
                    let Ok(left_ms @ 1..) = u64::try_from(left_ms) else {
                        return;
                    };
                    tokio::time::sleep(Duration::from_millis(left_ms.min(60_000))).await;
                }
            }
            Self::Manual(manual) => {
                let mut now = manual.now.subscribe();
                // An error means that nobody can move the clock any more, so the moment never comes.
                if now.wait_for(|now| *now >= at).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// A clock that stands still until it is moved. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct ManualTime {
    now: Arc<watch::Sender<Timestamp>>,
    flies: bool,
}

impl ManualTime {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self {
            now: Arc::new(watch::Sender::new(start)),
            flies: false,
        }
    }

    /// A clock that stands at `start` and goes at once to any moment that somebody waits for.
    #[must_use]
    pub fn flying(start: Timestamp) -> Self {
        Self {
            flies: true,
            ..Self::at(start)
        }
    }

    fn fly_to(&self, at: Timestamp) {
        if self.flies {
            self.now.send_if_modified(|now| {
                let later = at > *now;
                *now = at.max(*now);
                later
            });
        }
    }

    /// Moves the clock on and wakes who waited for that.
    pub fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.now
            .send_modify(|now| *now = Timestamp::from_ms(now.as_ms().saturating_add(by_ms)));
    }
}
