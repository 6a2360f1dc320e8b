//! How the simulated payment gateway behaves.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use connectors::{FailureWeights, Rate, SimulatedSettings};

/// How the simulated payment gateway behaves.
#[derive(Debug, Args)]
#[command(next_help_heading = "Simulated payment gateway")]
pub struct PaymentArgs {
    /// Part of the payments that succeed, from 0 to 1
    #[arg(
        long,
        env = "ORDERMILL_PAYMENT_SUCCESS_RATE",
        default_value = "0.95",
        value_name = "RATE"
    )]
    payment_success_rate: Rate,
    /// How long each call of it takes, in milliseconds
    #[arg(
        long,
        env = "ORDERMILL_PAYMENT_DELAY_MS",
        default_value_t = 0,
        value_name = "MS"
    )]
    payment_delay_ms: u64,
    /// What its chance follows from: the same seed fails in the same places
    #[arg(
        long,
        env = "ORDERMILL_PAYMENT_SEED",
        default_value_t = 0,
        value_name = "NUMBER"
    )]
    payment_seed: u64,
    /// How payments fail that don't succeed: declined, error, timeout-before-charge, timeout-after-charge, each
    /// with its weight among the others
    #[arg(
        long,
        env = "ORDERMILL_PAYMENT_FAILURES",
        default_value = "declined",
        value_name = "KIND[=WEIGHT],..."
    )]
    payment_failures: Failures,
    /// Part of the attempts to refund that fail, from 0 to 1
    #[arg(
        long,
        env = "ORDERMILL_PAYMENT_REFUND_FAILURE_RATE",
        default_value = "0",
        value_name = "RATE"
    )]
    payment_refund_failure_rate: Rate,
}

impl PaymentArgs {
    /// The settings that the arguments ask for.
    pub fn settings(&self) -> SimulatedSettings {
        SimulatedSettings {
            success_rate: self.payment_success_rate,
            delay: Duration::from_millis(self.payment_delay_ms),
            seed: self.payment_seed,
            failures: self.payment_failures.0,
            refund_failure_rate: self.payment_refund_failure_rate,
        }
    }
}

/// Weights as they are written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failures(FailureWeights);

impl FromStr for Failures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut weights = FailureWeights {
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
                _ => {
                    let kinds = "declined, error, timeout-before-charge and timeout-after-charge";
                    return Err(format!("{kind:?} is no kind of failure; there are {kinds}"));
                }
            };
            *place = weight
                .parse()
                .map_err(|_| format!("{weight:?} is no weight; write {kind}=2"))?;
        }
        Ok(Self(weights))
    }
}

#[cfg(test)]
mod tests {
    use connectors::FailureKind;

    use super::*;

    #[test]
    fn failures_are_kinds_with_weights() {
        let only = Failures(FailureWeights::only(FailureKind::TimeoutAfterCharge));
        assert_eq!("timeout-after-charge".parse(), Ok(only));
        let Failures(weights) = "declined=3,error".parse().unwrap();
        assert_eq!(
            (weights.declined, weights.error, weights.timeout_before_charge),
            (3, 1, 0)
        );
        for wrong in ["", "decline", "declined=", "declined=x", "declined,,error"] {
            assert!(wrong.parse::<Failures>().is_err(), "{wrong}");
        }
    }
}
