//! Waits between tries that somebody else got in the way of: longer each time, and random, so that those who met part.

use std::time::Duration;

/// The waits of one call.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    left: u32,
    most_ms: u64,
    longest_ms: u64,
}

impl Backoff {
    /// At most so many waits. The first is up to `first_ms`, each one after it up to twice as long, none over `longest_ms`.
    pub(crate) const fn new(waits: u32, first_ms: u64, longest_ms: u64) -> Self {
        Self {
            left: waits,
            most_ms: first_ms,
            longest_ms,
        }
    }

    /// Waits for the next try; `false`, at once, when there were enough.
    pub(crate) async fn wait(&mut self) -> bool {
        let Some(left) = self.left.checked_sub(1) else {
            return false;
        };
        let wait_ms = rand::random_range(1..=self.most_ms);
        self.left = left;
        self.most_ms = (self.most_ms * 2).min(self.longest_ms);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_to_a_bound_and_come_to_an_end() {
        let mut backoff = Backoff::new(5, 50, 200);
        let mut most = Vec::new();
        let mut waited = Vec::new();
        loop {
            let before = Instant::now();
            most.push(u128::from(backoff.most_ms));
            if !backoff.wait().await {
                assert_eq!(before.elapsed(), Duration::ZERO);
                break;
            }
            waited.push(before.elapsed().as_millis());
        }
        assert_eq!(most, [50, 100, 200, 200, 200, 200]);
        assert_eq!(waited.len(), 5);
        for (waited, most) in waited.iter().zip(&most) {
            assert!((1..=*most).contains(waited), "{waited} of {most}");
        }
    }
}
