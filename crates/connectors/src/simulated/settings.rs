//! How the simulated gateway behaves.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::chance::Chance;

/// A probability, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate(f64);

/// The number is no probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number from 0 to 1, such as 0.95")]
pub struct RateError;

impl Rate {
    /// Never.
    pub const NEVER: Self = Self(0.0);
    /// Always.
    pub const ALWAYS: Self = Self(1.0);

    /// Checks and takes a probability.
    ///
    /// # Errors
    /// [`RateError`] outside 0 to 1, and for what is no number.
    pub fn new(rate: f64) -> Result<Self, RateError> {
        if (0.0..=1.0).contains(&rate) {
            Ok(Self(rate))
        } else {
            Err(RateError)
        }
    }

    /// The probability.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Rate {
    type Error = RateError;

    fn try_from(rate: f64) -> Result<Self, RateError> {
        Self::new(rate)
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> f64 {
        rate.0
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        Self::new(text.parse().map_err(|_| RateError)?)
    }
}

/// A way in which a charge fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Refused for good, and booked as that.
    Declined,
    /// The gateway says that it failed. Nothing is booked.
    Error,
    /// No answer, and nothing is booked.
    TimeoutBeforeCharge,
    /// No answer, and the charge is booked.
    TimeoutAfterCharge,
}

/// How often each kind of failure is picked among the failures, in proportion to the others. All 0 is all declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FailureWeights {
    /// Of [`FailureKind::Declined`].
    pub declined: u32,
    /// Of [`FailureKind::Error`].
    pub error: u32,
    /// Of [`FailureKind::TimeoutBeforeCharge`].
    pub timeout_before_charge: u32,
    /// Of [`FailureKind::TimeoutAfterCharge`].
    pub timeout_after_charge: u32,
}

impl Default for FailureWeights {
    /// As in the seed: what fails is declined.
    fn default() -> Self {
        Self::only(FailureKind::Declined)
    }
}

impl FailureWeights {
    /// Every failure is of this kind.
    #[must_use]
    pub fn only(kind: FailureKind) -> Self {
        let weight = |of| u32::from(of == kind);
        Self {
            declined: weight(FailureKind::Declined),
            error: weight(FailureKind::Error),
            timeout_before_charge: weight(FailureKind::TimeoutBeforeCharge),
            timeout_after_charge: weight(FailureKind::TimeoutAfterCharge),
        }
    }

    pub(super) fn pick(self, chance: Chance) -> FailureKind {
        let weights = [
            (FailureKind::Declined, self.declined),
            (FailureKind::Error, self.error),
            (FailureKind::TimeoutBeforeCharge, self.timeout_before_charge),
            (FailureKind::TimeoutAfterCharge, self.timeout_after_charge),
        ];
        let total: u64 = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
        if total == 0 {
            return FailureKind::Declined;
        }
        let mut left = chance.below(total);
        for (kind, weight) in weights {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return kind,
            }
        }
        FailureKind::Declined
    }
}

/// How the simulated gateway behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedSettings {
    /// How many charges succeed.
    pub success_rate: Rate,
    /// How long each call takes.
    pub delay: Duration,
    /// What all its chance follows from.
    pub seed: u64,
    /// How charges fail that don't succeed.
    pub failures: FailureWeights,
    /// How many attempts of a refund fail.
    pub refund_failure_rate: Rate,
}

impl Default for SimulatedSettings {
    /// As in the seed: 95% succeed, the others are declined; at once, and refunds never fail.
    fn default() -> Self {
        Self {
            success_rate: Rate(0.95),
            delay: Duration::ZERO,
            seed: 0,
            failures: FailureWeights::default(),
            refund_failure_rate: Rate::NEVER,
        }
    }
}
