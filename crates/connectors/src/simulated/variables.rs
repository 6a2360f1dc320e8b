//! Settings as they are written on the command line and in a function's environment.

use std::str::FromStr;
use std::time::Duration;

use super::settings::{FailureWeights, SimulatedSettings};

/// The text is no list of failures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailuresError {
    /// No failure has this name.
    #[error(
        "{0:?} is no kind of failure; there are declined, error, timeout-before-charge and timeout-after-charge"
    )]
    UnknownKind(String),
    /// A weight is a whole number.
    #[error("{weight:?} is no weight; write {kind}=2")]
    Weight {
        /// Of this kind.
        kind: String,
        /// As it was written.
        weight: String,
    },
}

impl FromStr for FailureWeights {
    type Err = FailuresError;

    /// Reads `declined=3,error`: kinds, each with its weight, 1 where it has none.
    fn from_str(text: &str) -> Result<Self, FailuresError> {
        let mut weights = Self {
            declined: 0,
            error: 0,
            timeout_before_charge: 0,
            timeout_after_charge: 0,
        };
        for part in text.split(',') {
            let (kind, weight) = part.split_once('=').unwrap_or((part, "1"));
            let place = match kind {
                "declined" => &mut weights.declined,
                "error" => &mut weights.error,
                "timeout-before-charge" => &mut weights.timeout_before_charge,
                "timeout-after-charge" => &mut weights.timeout_after_charge,
                _ => return Err(FailuresError::UnknownKind(kind.to_owned())),
            };
            *place = weight.parse().map_err(|_| FailuresError::Weight {
                kind: kind.to_owned(),
                weight: weight.to_owned(),
            })?;
        }
        Ok(weights)
    }
}

/// A variable that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value:?} can't be read: {reason}")]
pub struct VariableError {
    name: &'static str,
    value: String,
    reason: String,
}

impl SimulatedSettings {
    /// The settings that the variables `ORDERMILL_PAYMENT_…` ask for, as `ordermill serve` has them; what is not set is as
    /// in [`SimulatedSettings::default`].
    ///
    /// # Errors
    /// [`VariableError`] names the first that can't be read.
    pub fn from_variables(read: impl Fn(&'static str) -> Option<String>) -> Result<Self, VariableError> {
        let mut settings = Self::default();
        parse(
            &read,
            "ORDERMILL_PAYMENT_SUCCESS_RATE",
            &mut settings.success_rate,
        )?;
        parse(&read, "ORDERMILL_PAYMENT_FAILURES", &mut settings.failures)?;
        parse(&read, "ORDERMILL_PAYMENT_SEED", &mut settings.seed)?;
        parse(
            &read,
            "ORDERMILL_PAYMENT_REFUND_FAILURE_RATE",
            &mut settings.refund_failure_rate,
        )?;
        let mut delay_ms = 0;
        parse(&read, "ORDERMILL_PAYMENT_DELAY_MS", &mut delay_ms)?;
        settings.delay = Duration::from_millis(delay_ms);
        Ok(settings)
    }
}

/// Sets `to` to what the variable says, if it says anything.
fn parse<T: FromStr<Err: ToString>>(
    read: &impl Fn(&'static str) -> Option<String>,
    name: &'static str,
    to: &mut T,
) -> Result<(), VariableError> {
    if let Some(value) = read(name).filter(|value| !value.is_empty()) {
        *to = value.parse().map_err(|error: T::Err| VariableError {
            name,
            reason: error.to_string(),
            value,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::{FailureKind, Rate};

    #[test]
    fn failures_are_kinds_with_weights() {
        let only = FailureWeights::only(FailureKind::TimeoutAfterCharge);
        assert_eq!("timeout-after-charge".parse(), Ok(only));
        let weights: FailureWeights = "declined=3,error".parse().unwrap();
        assert_eq!(
            (weights.declined, weights.error, weights.timeout_before_charge),
            (3, 1, 0)
        );
        for wrong in ["", "decline", "declined=", "declined=x", "declined,,error"] {
            assert!(wrong.parse::<FailureWeights>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variable_that_cannot_be_read_is_named() {
        let read = |name| match name {
            "ORDERMILL_PAYMENT_SUCCESS_RATE" => Some("0.5".to_owned()),
            "ORDERMILL_PAYMENT_DELAY_MS" => Some("20".to_owned()),
            _ => None,
        };
        let settings = SimulatedSettings::from_variables(read).unwrap();
        assert_eq!(settings.success_rate, Rate::new(0.5).unwrap());
        assert_eq!(settings.delay, Duration::from_millis(20));
        assert_eq!(settings.failures, FailureWeights::default());
        let wrong = SimulatedSettings::from_variables(|_| Some("2".to_owned())).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "ORDERMILL_PAYMENT_SUCCESS_RATE=\"2\" can't be read: a rate is a number from 0 to 1, such as 0.95"
        );
    }
}
