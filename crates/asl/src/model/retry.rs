//! Retriers and catchers: which errors they match, and how long a retrier waits.

use crate::failure::{ErrorKind, Failure};
use crate::model::{ResultPath, StateIndex};
use crate::{jsonata, payload};

/// The longest that a retrier waits without `MaxDelaySeconds`, in seconds: one year, as long as an execution may run.
const LONGEST_DELAY_S: f64 = 31_536_000.0;

/// The errors that a retrier or a catcher names.
#[derive(Debug)]
pub(crate) struct ErrorEquals(pub Vec<String>);

impl ErrorEquals {
    /// Whether one of the names matches the failure. What ends an execution whatever its definition says
    /// (`States.Runtime`) is matched by none.
    pub(crate) fn matches(&self, failure: &Failure) -> bool {
        failure.is_catchable() && self.0.iter().any(|name| ErrorEquals::name_matches(name, failure))
    }

    fn name_matches(name: &str, failure: &Failure) -> bool {
        match name {
            "States.ALL" => true,
            "States.TaskFailed" => !matches!(failure.kind, ErrorKind::Timeout | ErrorKind::HeartbeatTimeout),
            "States.HeartbeatTimeout" => failure.kind == ErrorKind::HeartbeatTimeout,
            name => failure.error.as_deref() == Some(name),
        }
    }
}

/// One entry of `Retry`.
#[derive(Debug)]
pub(crate) struct Retrier {
    pub errors: ErrorEquals,
    pub interval_s: f64,
    pub max_attempts: u32,
    pub backoff_rate: f64,
    pub max_delay_s: Option<f64>,
    pub full_jitter: bool,
}

impl Retrier {
    /// How long to wait before the retry that follows `used` earlier ones of this retrier, in milliseconds.
    /// `chance` is uniform between 0 and 1.
    pub(crate) fn delay_ms(&self, used: u32, chance: f64) -> i64 {
        let exponent = i32::try_from(used).unwrap_or(i32::MAX);
        let delay_s = (self.interval_s * self.backoff_rate.powi(exponent))
            .min(self.max_delay_s.unwrap_or(LONGEST_DELAY_S))
            .clamp(0.0, LONGEST_DELAY_S);
        let delay_s = if self.full_jitter {
            delay_s * chance
        } else {
            delay_s
        };
        #[expect(clippy::cast_possible_truncation, reason = "clamped to a year")]
        let delay_ms = (delay_s * 1000.0).round() as i64;
        delay_ms
    }
}

/// One entry of `Catch`.
#[derive(Debug)]
pub(crate) struct Catcher {
    pub errors: ErrorEquals,
    pub next: StateIndex,
    pub flow: CatchFlow,
}

/// What a catcher makes of the error, by the state's query language.
#[derive(Debug)]
pub(crate) enum CatchFlow {
    JsonPath {
        result: ResultPath,
        assign: Option<payload::Template>,
    },
    Jsonata {
        output: Option<jsonata::Template>,
        assign: Option<jsonata::Template>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(interval_s: f64, backoff_rate: f64, max_delay_s: Option<f64>) -> Retrier {
        Retrier {
            errors: ErrorEquals(vec!["States.ALL".into()]),
            interval_s,
            max_attempts: 3,
            backoff_rate,
            max_delay_s,
            full_jitter: false,
        }
    }

    #[test]
    fn the_delay_grows_by_the_rate_up_to_its_limit() {
        let delays = |retrier: &Retrier| (0..5).map(|used| retrier.delay_ms(used, 0.5)).collect::<Vec<_>>();
        assert_eq!(delays(&retrier(2.0, 2.0, None)), [2000, 4000, 8000, 16000, 32000]);
        assert_eq!(
            delays(&retrier(3.0, 1.5, Some(5.0))),
            [3000, 4500, 5000, 5000, 5000]
        );
        assert_eq!(retrier(1e8, 1e300, None).delay_ms(99, 0.5), 31_536_000_000);
        let jittered = Retrier {
            full_jitter: true,
            ..retrier(2.0, 2.0, None)
        };
        assert_eq!(delays(&jittered), [1000, 2000, 4000, 8000, 16000]);
    }

    #[test]
    fn reserved_names_match_what_the_language_says() {
        let matches = |name: &str, failure: Failure| ErrorEquals(vec![name.to_owned()]).matches(&failure);
        assert!(matches("States.ALL", Failure::named("Custom", "")));
        assert!(matches("States.ALL", Failure::timeout()));
        assert!(!matches("States.ALL", Failure::runtime("")));
        assert!(!matches("States.Runtime", Failure::runtime("")));
        assert!(matches("States.TaskFailed", Failure::named("Custom", "")));
        assert!(!matches("States.TaskFailed", Failure::timeout()));
        assert!(!matches("States.TaskFailed", Failure::heartbeat_timeout()));
        assert!(!matches("States.TaskFailed", Failure::runtime("")));
        assert!(matches("States.Timeout", Failure::heartbeat_timeout()));
        assert!(matches("States.HeartbeatTimeout", Failure::heartbeat_timeout()));
        assert!(!matches("States.HeartbeatTimeout", Failure::timeout()));
        assert!(!matches("Custom", Failure::named("custom", "")));
    }
}
