//! The in-memory index of rows that wait for a worker: what can be taken now, and what can be taken later.
//!
//! The table is the truth. At most [`MAX_LOADED`] rows are held here; when more wait, the rest stays in the table and is
//! read once those before them are taken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use ports::StoreError;
use tokio::sync::Notify;

use crate::time::Time;
use ports::clock::Clock;

/// The most rows held in memory.
const MAX_LOADED: usize = 8_192;

/// A row with a number that rises with each new row.
pub(crate) trait Row {
    fn seq(&self) -> i64;
}

/// Reads rows of one backlog from the table.
pub(crate) trait Source<T> {
    /// The first `limit` rows numbered above `after`, in order.
    fn load_after(&self, after: i64, limit: usize) -> Result<Vec<T>, StoreError>;
    /// The rows with these numbers that still exist; none for no numbers, without a look at the table.
    fn load(&self, seqs: &[i64]) -> Result<Vec<T>, StoreError>;
}

/// Rows that wait.
#[derive(Debug)]
pub(crate) struct Backlog<T> {
    state: Mutex<State<T>>,
    changed: Notify,
}

#[derive(Debug)]
struct State<T> {
    ready: VecDeque<T>,
    /// Rows to take again later, by when.
    hidden: BinaryHeap<Reverse<(Timestamp, i64)>>,
    /// The table holds rows above `loaded` that are not in memory.
    more_in_table: bool,
    /// The highest number seen here.
    loaded: i64,
    /// How many were taken and are neither hidden again nor done.
    taken: usize,
}

impl<T: Row> Backlog<T> {
    /// A backlog whose rows, if any, are all still in the table.
    pub(crate) fn new() -> Self {
        let state = State {
            ready: VecDeque::new(),
            hidden: BinaryHeap::new(),
            more_in_table: true,
            loaded: 0,
            taken: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new row was committed. Rows come in the order of their numbers.
    pub(crate) fn push(&self, row: T) {
        let mut state = self.lock();
        if row.seq() <= state.loaded || state.more_in_table {
            return;
        }
        if state.ready.len() >= MAX_LOADED {
            state.more_in_table = true;
            return;
        }
        state.loaded = row.seq();
        state.ready.push_back(row);
        let first = state.ready.len() == 1;
        drop(state);
        if first {
            self.changed.notify_one();
        }
    }

    /// A row that was taken can be taken again at `at`.
    pub(crate) fn hide(&self, seq: i64, at: Timestamp) {
        let mut state = self.lock();
        state.taken = state.taken.saturating_sub(1);
        state.hidden.push(Reverse((at, seq)));
        drop(state);
        self.changed.notify_one();
    }

    /// So many rows that were taken are done with.
    pub(crate) fn done(&self, count: usize) {
        let mut state = self.lock();
        state.taken = state.taken.saturating_sub(count);
    }

    /// Looks at the first row that can be taken now, if it is in memory.
    pub(crate) fn first<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.lock().ready.front().map(look)
    }

    /// Waits until at least one row can be taken, and takes at most `limit`.
    pub(crate) async fn take(
        &self,
        limit: usize,
        time: &Time,
        source: &impl Source<T>,
    ) -> Result<Vec<T>, StoreError> {
        loop {
            let changed = self.changed.notified();
            let (rows, wake_at) = self.try_take(limit, time.now(), source)?;
            if !rows.is_empty() {
                return Ok(rows);
            }
            match wake_at {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = time.sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }

    fn try_take(
        &self,
        limit: usize,
        now: Timestamp,
        source: &impl Source<T>,
    ) -> Result<(Vec<T>, Option<Timestamp>), StoreError> {
        let mut state = self.lock();
        let mut due = Vec::new();
        while due.len() < limit && state.hidden.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            due.extend(state.hidden.pop().map(|Reverse((_, seq))| seq));
        }
        let mut rows = match source.load(&due) {
            Ok(rows) => rows,
            Err(error) => {
                state
                    .hidden
                    .extend(due.into_iter().map(|seq| Reverse((now, seq))));
                return Err(error);
            }
        };
        if state.ready.is_empty() && state.more_in_table {
            let loaded = source.load_after(state.loaded, MAX_LOADED)?;
            state.more_in_table = loaded.len() == MAX_LOADED;
            state.loaded = loaded.last().map_or(state.loaded, Row::seq);
            state.ready.extend(loaded);
        }
        let room = limit.saturating_sub(rows.len()).min(state.ready.len());
        rows.extend(state.ready.drain(..room));
        state.taken += rows.len();
        if !state.ready.is_empty() {
            // Another worker may wait for what is left.
            self.changed.notify_one();
        }
        Ok((rows, state.hidden.peek().map(|Reverse((at, _))| *at)))
    }
}
