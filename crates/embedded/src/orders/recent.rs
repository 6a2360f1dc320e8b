//! The orders and changes of late, in memory as the last commit left them.
//!
//! An order is looked at many times between its request and its end, and each of its changes is read by every follower
//! of the stream right after it was made. Here they are handed on instead of read back and parsed again. The database
//! is the truth: only the writer puts something in, after its commit and before anybody is told of it, and what is not
//! here is read from there.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Change, OrderRow};

/// The most orders kept; the one that was put in first makes room.
const MAX_ORDERS: usize = 16_384;
/// The most changes kept.
const MAX_CHANGES: usize = 8_192;
/// Parts with a lock each, so that few wait for one.
const SHARDS: usize = 16;

/// What was committed of late.
#[derive(Debug)]
pub(crate) struct Recent {
    shards: [Mutex<Shard>; SHARDS],
    changes: Mutex<VecDeque<Arc<Change>>>,
}

#[derive(Debug, Default)]
struct Shard {
    rows: HashMap<i64, Arc<OrderRow>>,
    /// Keys in the order in which they came.
    keys: VecDeque<i64>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            changes: Mutex::default(),
        }
    }

    /// Takes over a change that was committed. Changes come in the order of their numbers.
    pub(crate) fn put(&self, change: &Arc<Change>) {
        self.put_row(&change.new);
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() >= MAX_CHANGES {
            changes.pop_front();
        }
        changes.push_back(Arc::clone(change));
    }

    fn put_row(&self, row: &Arc<OrderRow>) {
        let mut shard = self.shard(row.key);
        if shard.rows.insert(row.key, Arc::clone(row)).is_none() {
            shard.keys.push_back(row.key);
        }
        if shard.keys.len() > MAX_ORDERS / SHARDS
            && let Some(oldest) = shard.keys.pop_front()
        {
            shard.rows.remove(&oldest);
        }
    }

    /// The order with this key, if it is here.
    pub(crate) fn row(&self, key: i64) -> Option<Arc<OrderRow>> {
        self.shard(key).rows.get(&key).cloned()
    }

    /// At most `limit` changes numbered above `after`; `None` when the first of them is not here (any more).
    pub(crate) fn changes_after(&self, after: u64, limit: u32) -> Option<Vec<Arc<Change>>> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let first = changes.front()?.seq;
        let skipped = usize::try_from(after.checked_add(1)?.checked_sub(first)?).ok()?;
        // Numbers have no gaps, unless a transaction was rolled back; then the database has to tell.
        let wanted = changes.get(skipped)?;
        (wanted.seq == after + 1).then(|| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            changes.iter().skip(skipped).take(limit).cloned().collect()
        })
    }

    fn shard(&self, key: i64) -> std::sync::MutexGuard<'_, Shard> {
        // The low bits count orders of one millisecond, those above are milliseconds.
        let number = (key ^ (key >> 15)).unsigned_abs() as usize % SHARDS;
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use domain::{OrderId, OrderStatus, Timestamp};

    use super::*;
    use crate::orders::{Placed, order_key};

    fn change(seq: u64) -> Arc<Change> {
        let id = OrderId::from_parts(1_700_000_000_000 + seq, 0, 0);
        let row = OrderRow {
            key: order_key(id),
            id,
            status: OrderStatus::Pending,
            placed: Placed::from_json(b"{}".to_vec()),
            updated_at: Timestamp::from_ms(0),
            attributes: None,
        };
        Arc::new(Change {
            seq,
            at: Timestamp::from_ms(0),
            old: None,
            new: Arc::new(row),
        })
    }

    #[test]
    fn changes_are_here_without_a_gap_or_not_at_all() {
        let recent = Recent::new();
        let seqs = |after, limit| {
            let changes = recent.changes_after(after, limit)?;
            Some(changes.iter().map(|change| change.seq).collect::<Vec<_>>())
        };
        assert_eq!(seqs(0, 10), None);
        for seq in [5, 6, 7] {
            recent.put(&change(seq));
        }
        assert_eq!(seqs(3, 10), None, "number 4 is not here");
        assert_eq!(seqs(4, 10), Some(vec![5, 6, 7]));
        assert_eq!(seqs(5, 1), Some(vec![6]));
        assert_eq!(seqs(7, 10), None);
        recent.put(&change(9));
        assert_eq!(seqs(7, 10), None, "number 8 is not here");
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let recent = Recent::new();
        let count = 2 * MAX_ORDERS as u64;
        for seq in 1..=count {
            recent.put(&change(seq));
        }
        assert_eq!(recent.changes_after(count - MAX_CHANGES as u64 - 1, 1), None);
        assert_eq!(
            recent.changes_after(count - MAX_CHANGES as u64, 1).unwrap().len(),
            1
        );
        assert_eq!(recent.row(change(1).new.key), None);
        assert_eq!(
            recent.row(change(count).new.key),
            Some(Arc::clone(&change(count).new))
        );
        let kept: usize = recent
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().rows.len())
            .sum();
        assert!(kept <= MAX_ORDERS);
    }
}
