//! The orders and changes of late, in memory as the last commit left them.
//!
//! An order is looked at many times between its request and its end, and each of its changes is read by every follower
//! of the stream right after it was made. Here they are handed on instead of read back and parsed again. The database
//! is the truth: only the writer puts something in, after its commit and before anybody is told of it, and what is not
//! here is read from there.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::OrderStatus;
use foldhash::fast::RandomState;

use super::{Change, OrderRow};

/// The most orders kept. Those that are at rest make room; while none is, orders that are placed besides are not taken in: those
/// that are here stand before them in the queue.
const MAX_ORDERS: usize = 16_384;
/// The most of them that are at rest. They are looked at once or twice more, right after; kept longer, they would only see to it
/// that each new order lies in memory that no cache has.
const MAX_AT_REST: usize = 4_096;
/// The most beyond [`MAX_ORDERS`], for orders that were not taken in before their turn came.
const MAX_UNDER_WAY: usize = 4_096;
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
    rows: HashMap<i64, Arc<OrderRow>, RandomState>,
    /// Keys of those that came to rest, in the order in which they did.
    at_rest: VecDeque<i64>,
}

impl Shard {
    fn put(&mut self, row: &Arc<OrderRow>) {
        let known = self.rows.get(&row.key);
        if known.is_none() && !self.has_room(row.status) {
            return;
        }
        let known = self.rows.insert(row.key, Arc::clone(row));
        if is_at_rest(row) && known.is_none_or(|known| !is_at_rest(&known)) {
            self.at_rest.push_back(row.key);
            if self.at_rest.len() > MAX_AT_REST / SHARDS
                && let Some(key) = self.at_rest.pop_front()
            {
                self.rows.remove(&key);
            }
        }
    }

    /// Whether an order of this status can be taken in; makes room for it if it can.
    fn has_room(&mut self, status: OrderStatus) -> bool {
        while self.rows.len() >= MAX_ORDERS / SHARDS
            && let Some(key) = self.at_rest.pop_front()
        {
            self.rows.remove(&key);
        }
        let most = match status {
            OrderStatus::Pending => MAX_ORDERS,
            OrderStatus::Processing
            | OrderStatus::Completed
            | OrderStatus::Failed
            | OrderStatus::Cancelled => MAX_ORDERS + MAX_UNDER_WAY,
        };
        self.rows.len() < most / SHARDS
    }
}

/// Whether nothing more is to be expected of an order: it has ended, or a person has to look at it.
fn is_at_rest(row: &OrderRow) -> bool {
    let needs_attention = || {
        row.attributes
            .as_ref()
            .is_some_and(|set| set.contains(r#""attention":"#))
    };
    row.status.is_final() || needs_attention()
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
        self.shard(change.new.key).put(&change.new);
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() >= MAX_CHANGES {
            changes.pop_front();
        }
        changes.push_back(Arc::clone(change));
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
        change_to(seq, OrderStatus::Pending, None)
    }

    fn change_to(seq: u64, status: OrderStatus, attributes: Option<&str>) -> Arc<Change> {
        let id = OrderId::from_parts(1_700_000_000_000 + seq, 0, 0);
        let row = OrderRow {
            key: order_key(id),
            id,
            status,
            placed: Placed::from_json(b"{}".to_vec()),
            updated_at: Timestamp::from_ms(0),
            attributes: attributes.map(str::to_owned),
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

    fn kept(recent: &Recent) -> usize {
        let shards = recent.shards.iter();
        shards.map(|shard| shard.lock().unwrap().rows.len()).sum()
    }

    #[test]
    fn what_has_come_to_rest_makes_room_the_oldest_first() {
        for (status, attributes) in [
            (OrderStatus::Completed, None),
            (
                OrderStatus::Processing,
                Some(r#"{"attention":"RefundUnavailable"}"#),
            ),
        ] {
            let recent = Recent::new();
            let count = 2 * MAX_ORDERS as u64;
            for seq in 1..=count {
                recent.put(&change_to(seq, status, attributes));
                // However often an order at rest is changed, it has one place.
                recent.put(&change_to(seq, status, attributes));
            }
            assert_eq!(recent.changes_after(count - MAX_CHANGES as u64 - 1, 1), None);
            assert_eq!(recent.row(change(1).new.key), None);
            let last = change_to(count, status, attributes);
            assert_eq!(recent.row(last.new.key), Some(Arc::clone(&last.new)));
            assert_eq!(kept(&recent), MAX_AT_REST);
        }
    }

    #[test]
    fn those_that_wait_longest_stay_and_what_is_under_way_comes_in() {
        let recent = Recent::new();
        let count = 2 * MAX_ORDERS as u64;
        (1..=count).for_each(|seq| recent.put(&change(seq)));
        assert!(kept(&recent) <= MAX_ORDERS);
        assert!(recent.row(change(1).new.key).is_some());
        assert_eq!(recent.row(change(count).new.key), None);
        let begun = change_to(count, OrderStatus::Processing, None);
        recent.put(&begun);
        assert_eq!(recent.row(begun.new.key), Some(Arc::clone(&begun.new)));
        (1..=count).for_each(|seq| recent.put(&change_to(seq, OrderStatus::Processing, None)));
        assert!(kept(&recent) <= MAX_ORDERS + MAX_UNDER_WAY);
        // What is here is never older than what was committed.
        (1..=count).for_each(|seq| recent.put(&change_to(seq, OrderStatus::Completed, None)));
        let statuses = (1..=count).filter_map(|seq| Some(recent.row(change(seq).new.key)?.status));
        assert!(
            statuses
                .into_iter()
                .all(|status| status == OrderStatus::Completed)
        );
    }
}
