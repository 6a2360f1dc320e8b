//! How long to wait before a request is sent again: twice as long each time, with chance in it, as OTLP asks ("OTLP/HTTP
//! Throttling", "Retryable Response Codes").

use std::time::Duration;

/// No pause is longer, whatever a receiver asks for.
const LONGEST: Duration = Duration::from_secs(30);
/// After so many attempts a batch is given up: some two minutes.
pub(super) const MAX_ATTEMPTS: u32 = 8;

/// The pause before the attempt after `attempt`, counted from 1; `None` when there's none any more. `asked` is the
/// receiver's `Retry-After`; `chance` is from 0 to 1.
pub(super) fn pause(first: Duration, attempt: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
    if attempt >= MAX_ATTEMPTS {
        return None;
    }
    let doubled = first.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST);
    // Between half and all of it, so that many who were refused at once don't come back at once.
    let ours = doubled.mul_f64(0.5 + chance / 2.0);
    Some(asked.map_or(ours, |asked| asked.min(LONGEST).max(ours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_come_to_an_end() {
        let pauses: Vec<u64> = (1..)
            .map_while(|attempt| pause(Duration::from_secs(1), attempt, None, 1.0))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn chance_takes_up_to_half_of_it() {
        let first = Duration::from_secs(2);
        assert_eq!(pause(first, 1, None, 0.0), Some(Duration::from_secs(1)));
        assert_eq!(pause(first, 1, None, 1.0), Some(first));
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_not_for_ever() {
        let asked = |s| pause(Duration::from_secs(1), 1, Some(Duration::from_secs(s)), 0.0);
        assert_eq!(asked(0), Some(Duration::from_millis(500)));
        assert_eq!(asked(7), Some(Duration::from_secs(7)));
        assert_eq!(asked(3_600), Some(LONGEST));
    }
}
