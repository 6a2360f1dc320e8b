//! How often somebody may try to sign in: a few times a minute from one address, and not much more from all together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

/// Failures are counted for this long.
const WINDOW_MS: i64 = 60_000;
/// Failures within it from one address.
const MAX_FROM_ONE: u32 = 5;
/// Failures within it from all addresses. It also bounds how many addresses are remembered.
const MAX_FROM_ALL: u32 = 60;

/// Failures of the current window.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    begun_at_ms: i64,
    all: u32,
    by_address: HashMap<Option<IpAddr>, u32>,
}

impl Tries {
    /// Whether somebody at this address may try now; if not, in how many seconds. A try that is allowed counts as failed
    /// until [`Self::succeeded`] says otherwise, so that many at once are counted too.
    pub(crate) fn begin(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), i64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.as_ms() - window.begun_at_ms;
        if !(0..WINDOW_MS).contains(&age) {
            *window = Window {
                begun_at_ms: now.as_ms(),
                ..Window::default()
            };
        }
        let from_one = window.by_address.get(&address).copied().unwrap_or(0);
        if from_one >= MAX_FROM_ONE || window.all >= MAX_FROM_ALL {
            let left_ms = window.begun_at_ms + WINDOW_MS - now.as_ms();
            return Err((left_ms / 1000).max(1));
        }
        window.all += 1;
        window.by_address.insert(address, from_one + 1);
        Ok(())
    }

    /// The last try from this address was right.
    pub(crate) fn succeeded(&self, address: Option<IpAddr>) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = window.by_address.remove(&address).unwrap_or(0);
        window.all = window.all.saturating_sub(failed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use domain::Timestamp;

    use super::{MAX_FROM_ALL, MAX_FROM_ONE, Tries, WINDOW_MS};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    fn address(number: u8) -> Option<IpAddr> {
        Some(Ipv4Addr::new(127, 0, 0, number).into())
    }

    #[test]
    fn one_address_gets_a_few_tries_a_minute() {
        let tries = Tries::default();
        for _ in 0..MAX_FROM_ONE {
            assert_eq!(tries.begin(address(1), at(0)), Ok(()));
        }
        assert_eq!(tries.begin(address(1), at(10_000)), Err(50));
        assert_eq!(tries.begin(address(2), at(10_000)), Ok(()));
        assert_eq!(tries.begin(address(1), at(WINDOW_MS)), Ok(()));
    }

    #[test]
    fn success_clears_the_address() {
        let tries = Tries::default();
        for _ in 0..10 * MAX_FROM_ONE {
            assert_eq!(tries.begin(address(1), at(0)), Ok(()));
            tries.succeeded(address(1));
        }
    }

    #[test]
    fn many_addresses_together_are_bounded_too() {
        let tries = Tries::default();
        let allowed = (0..200).filter(|number| tries.begin(address(*number), at(0)).is_ok());
        assert_eq!(allowed.count(), MAX_FROM_ALL as usize);
    }
}
