//! What a driver's executions wait for that only time brings.

use std::collections::{BTreeSet, HashMap};

use domain::Timestamp;

use crate::time::Time;

/// The timers of a driver.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// Of executions that wait for nothing else.
    alone: BTreeSet<(Timestamp, u64)>,
    /// Of executions whose functions are being called.
    deadlines: BTreeSet<(Timestamp, u64)>,
    /// Executions that left memory, by their keys, and until when.
    parked: BTreeSet<(Timestamp, i64)>,
    /// Where each slot stands in the first two.
    armed: HashMap<u64, (Timestamp, bool), foldhash::fast::RandomState>,
}

impl Timers {
    /// Wakes the slot at `at`; `alone` when it waits for nothing else.
    pub(super) fn arm(&mut self, slot: u64, at: Timestamp, alone: bool) {
        self.disarm(slot);
        self.armed.insert(slot, (at, alone));
        self.set(alone).insert((at, slot));
    }

    /// Doesn't wake the slot.
    pub(super) fn disarm(&mut self, slot: u64) {
        if let Some((at, alone)) = self.armed.remove(&slot) {
            self.set(alone).remove(&(at, slot));
        }
    }

    /// Brings the execution with this key back at `until`.
    pub(super) fn park(&mut self, key: i64, until: Timestamp) {
        self.parked.insert((until, key));
    }

    /// A slot whose moment has come.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<u64> {
        let first = |set: &BTreeSet<(Timestamp, u64)>| set.first().filter(|(at, _)| *at <= now).copied();
        let (_, slot) = first(&self.alone).or_else(|| first(&self.deadlines))?;
        self.disarm(slot);
        Some(slot)
    }

    /// A parked execution whose moment has come.
    pub(super) fn take_parked(&mut self, now: Timestamp) -> Option<i64> {
        let first = *self.parked.first().filter(|(until, _)| *until <= now)?;
        self.parked.remove(&first);
        Some(first.1)
    }

    /// Resolves when the next moment has come. A clock that flies goes to the one that something waits for alone.
    pub(super) fn next<'t>(&self, time: &'t Time) -> impl Future<Output = ()> + use<'t> {
        let first = |set: &BTreeSet<(Timestamp, u64)>| set.first().map(|(at, _)| *at);
        let parked = self.parked.first().map(|(until, _)| *until);
        let alone = first(&self.alone).into_iter().chain(parked).min();
        let deadline = first(&self.deadlines);
        async move {
            tokio::select! {
                () = reach(alone, |at| time.sleep_until(at)) => {}
                () = reach(deadline, |at| time.deadline(at)) => {}
            }
        }
    }

    fn set(&mut self, alone: bool) -> &mut BTreeSet<(Timestamp, u64)> {
        if alone {
            &mut self.alone
        } else {
            &mut self.deadlines
        }
    }
}

async fn reach<F: Future<Output = ()>>(at: Option<Timestamp>, wait: impl FnOnce(Timestamp) -> F) {
    match at {
        Some(at) => wait(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_is_woken_once_at_the_moment_that_was_set_last() {
        let at = Timestamp::from_ms;
        let mut timers = Timers::default();
        timers.arm(1, at(10), true);
        timers.arm(2, at(5), false);
        timers.arm(1, at(7), false);
        timers.arm(3, at(6), true);
        timers.disarm(3);
        timers.park(9, at(8));
        assert_eq!(timers.take_due(at(4)), None);
        assert_eq!(
            (timers.take_due(at(20)), timers.take_due(at(20))),
            (Some(2), Some(1))
        );
        assert_eq!(timers.take_due(at(20)), None);
        assert_eq!(
            (timers.take_parked(at(7)), timers.take_parked(at(8))),
            (None, Some(9))
        );
        assert_eq!(timers.take_parked(at(20)), None);
    }
}
