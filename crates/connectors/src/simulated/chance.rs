//! Chance that can be repeated: SHA-256 over the seed, the key and the attempt.

use domain::OrderId;
use sha2::{Digest, Sha256};

use super::settings::Rate;

/// One draw: a number for whether it fails, another for how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    whether: u64,
    how: u64,
}

impl Chance {
    pub(super) fn of_charge(seed: u64, key: &str, attempt: u32) -> Self {
        Self::draw("charge", seed, key, attempt)
    }

    pub(super) fn of_refund(seed: u64, key: &str, attempt: u32) -> Self {
        Self::draw("refund", seed, key, attempt)
    }

    fn draw(purpose: &str, seed: u64, key: &str, attempt: u32) -> Self {
        let digest = Sha256::new()
            .chain_update(purpose)
            .chain_update(seed.to_be_bytes())
            .chain_update(attempt.to_be_bytes())
            .chain_update(key)
            .finalize();
        Self {
            whether: number(&digest[..8]),
            how: number(&digest[8..16]),
        }
    }

    /// True with the probability of `rate`.
    pub(super) fn is_within(self, rate: Rate) -> bool {
        // 53 bits, as many as an f64 holds exactly; so the quotient is below 1 and a rate of 1 always holds.
        let draw = (self.whether >> 11) as f64 / (1_u64 << 53) as f64;
        draw < rate.get()
    }

    /// A number below `total`, which is not 0.
    pub(super) fn below(self, total: u64) -> u64 {
        self.how % total
    }
}

/// `PAY-` and 20 hexadecimal digits that follow from the order and the key, so that a repeat has the same id, whoever
/// books it. The order's time comes first: ids that lie close together are cheap to keep an index of.
pub(super) fn payment_id(order: OrderId, key: &str) -> String {
    let digest = Sha256::new()
        .chain_update("payment id")
        .chain_update(key)
        .finalize();
    format!("PAY-{:012x}{:08x}", order.created_at_ms(), number(&digest[..4]))
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
