//! How the simulated payment gateway behaves.

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
    payment_failures: FailureWeights,
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
            failures: self.payment_failures,
            refund_failure_rate: self.payment_refund_failure_rate,
        }
    }
}
