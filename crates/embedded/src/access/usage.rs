//! Counting requests: in memory at once, in the table with the next commit.
//!
//! A count is one atomic word, and what changed is told to the writer through a channel, so that counting waits for
//! nobody. A transaction that takes a count along may be rolled back; so the count is also written once a second, until
//! a commit is known to hold it. A count in the table never goes down, so it doesn't matter which of both comes first.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use domain::Timestamp;
use ports::access::{ApiKey, QuotaPeriod, Usage};

use super::period::{Day, first_day, usage, usage_from};
use crate::tx::Tx;
use crate::writer::Command;

/// A period's first day in the upper 20 bits, requests in the lower 44.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed(u64);

impl Packed {
    const USED_BITS: u32 = 44;
    const MAX_USED: u64 = (1 << Self::USED_BITS) - 1;

    pub(super) fn new(day: Day, used: u64) -> Self {
        Self(day.0.min(Day::MAX) << Self::USED_BITS | used.min(Self::MAX_USED))
    }

    pub(super) fn day(self) -> Day {
        Day(self.0 >> Self::USED_BITS)
    }

    pub(super) fn used(self) -> u64 {
        self.0 & Self::MAX_USED
    }

    /// With one request more, in the period that begins on `day`. When the clock was set back over a period's edge,
    /// the later period goes on.
    fn count(self, day: Day) -> Self {
        if self.day() < day {
            Self::new(day, 1)
        } else {
            Self::new(self.day(), self.used() + 1)
        }
    }
}

/// What one key used.
#[derive(Debug)]
pub(super) struct Counter {
    key_id: String,
    period: QuotaPeriod,
    now: AtomicU64,
    /// What a commit is known to hold.
    durable: AtomicU64,
    /// The channel to the writer holds this counter.
    told: AtomicBool,
}

impl Counter {
    /// A counter that goes on from what the table holds.
    pub(super) fn new(key: &ApiKey, used: Option<Packed>) -> Self {
        let used = used.unwrap_or(Packed(0)).0;
        Self {
            key_id: key.key_id.clone(),
            period: key.plan.period,
            now: AtomicU64::new(used),
            durable: AtomicU64::new(used),
            told: AtomicBool::new(false),
        }
    }

    /// The use at `now`, without counting.
    pub(super) fn read(&self, now: Timestamp) -> Usage {
        let packed = self.load();
        if packed.day() < first_day(self.period, now) {
            return usage(self.period, now, 0);
        }
        usage_from(self.period, packed.day(), packed.used())
    }

    fn load(&self) -> Packed {
        Packed(self.now.load(Ordering::Acquire))
    }

    fn count(&self, now: Timestamp) -> Usage {
        let day = first_day(self.period, now);
        let mut before = self.load();
        loop {
            let after = before.count(day);
            match self
                .now
                .compare_exchange_weak(before.0, after.0, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return usage_from(self.period, after.day(), after.used()),
                Err(other) => before = Packed(other),
            }
        }
    }

    fn write(&self, tx: &Tx<'_>, count: Packed) -> rusqlite::Result<()> {
        tx.prepare(
            "INSERT INTO usage (key_id, period_start, used) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET used = max(used, excluded.used)",
        )?
        .execute((
            &self.key_id,
            count.day().start().as_ms(),
            count.used().cast_signed(),
        ))?;
        Ok(())
    }
}

/// The counters whose counts changed since the writer looked.
#[derive(Debug)]
pub(super) struct UsageCounters {
    changed: mpsc::Sender<Arc<Counter>>,
    /// Only the writer's thread takes from it, so nobody ever waits for this lock.
    changes: Mutex<mpsc::Receiver<Arc<Counter>>>,
}

impl Default for UsageCounters {
    fn default() -> Self {
        let (changed, changes) = mpsc::channel();
        Self {
            changed,
            changes: Mutex::new(changes),
        }
    }
}

impl UsageCounters {
    /// Counts one request at `now` and tells the use with it.
    pub(super) fn count(&self, counter: &Arc<Counter>, now: Timestamp) -> Usage {
        let usage = counter.count(now);
        self.tell(counter);
        usage
    }

    fn tell(&self, counter: &Arc<Counter>) {
        if !counter.told.swap(true, Ordering::AcqRel) {
            // The receiver lives as long as the sender, so there is always somebody to tell.
            let _ = self.changed.send(Arc::clone(counter));
        }
    }

    /// Writes the counts that changed since the last call.
    pub(super) fn flush_changed(&self, tx: &Tx<'_>) -> rusqlite::Result<()> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(counter) = changes.try_recv() {
            // Before the count is read, so that a request counted from now on tells again.
            counter.told.store(false, Ordering::Release);
            counter.write(tx, counter.load())?;
        }
        Ok(())
    }
}

/// Writes every count that isn't known to be durable.
pub(super) struct WriteCounts {
    counters: Vec<Arc<Counter>>,
}

impl WriteCounts {
    /// `None` when each is durable.
    pub(super) fn of(mut counters: Vec<Arc<Counter>>) -> Option<Self> {
        counters.retain(|counter| counter.load().0 != counter.durable.load(Ordering::Acquire));
        (!counters.is_empty()).then_some(Self { counters })
    }
}

/// A count that was written, to be confirmed once that is committed.
#[derive(Debug)]
pub(super) struct Written {
    counter: Arc<Counter>,
    count: Packed,
}

impl Written {
    /// The commit holds it.
    pub(super) fn confirm(self) {
        self.counter.durable.store(self.count.0, Ordering::Release);
    }
}

impl Command for WriteCounts {
    type Output = Vec<Written>;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output> {
        let write = |counter: &Arc<Counter>| {
            let count = counter.load();
            counter.write(tx, count)?;
            Ok(Written {
                counter: Arc::clone(counter),
                count,
            })
        };
        self.counters.iter().map(write).collect()
    }
}
