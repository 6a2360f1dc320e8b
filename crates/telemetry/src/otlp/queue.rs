//! The spans that wait to be sent: as many as a bound allows, and no more.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ports::trace::SpanData;

/// The most spans that wait, some 5 MB: what a busy server keeps in half a minute.
pub(super) const MAX_WAITING: usize = 16_384;
/// The most spans of one request.
pub(super) const MAX_BATCH: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<SpanData>,
    has_dropped: bool,
    /// When sending must be over; `None` while it goes on.
    deadline: Option<Instant>,
    ended: bool,
}

/// What had no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) count: u64,
    /// Whether it is the first time that there was none.
    pub(super) is_first: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what there's room for.
    pub(super) fn push(&self, spans: &[SpanData]) -> Dropped {
        let mut state = self.lock();
        let room = if state.deadline.is_some() {
            0
        } else {
            MAX_WAITING - state.waiting.len()
        };
        let taken = spans.len().min(room);
        state.waiting.extend(spans.iter().take(taken).cloned());
        let count = (spans.len() - taken) as u64;
        let is_first = count > 0 && !state.has_dropped;
        state.has_dropped |= count > 0;
        drop(state);
        self.changed.notify_all();
        Dropped { count, is_first }
    }

    /// Waits for spans, and takes a batch; `None` when all are taken and no more will come, or when time is up.
    pub(super) fn take(&self) -> Option<Vec<SpanData>> {
        let mut state = self.lock();
        loop {
            let is_over = state.deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if is_over || (state.waiting.is_empty() && state.deadline.is_some()) {
                return None;
            }
            if !state.waiting.is_empty() {
                let count = state.waiting.len().min(MAX_BATCH);
                return Some(state.waiting.drain(..count).collect());
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for so long, or until sending must come to an end; `false` when it must.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let state = self.lock();
        let is_asked = |state: &mut State| state.deadline.is_none();
        let waited = self.changed.wait_timeout_while(state, pause, is_asked);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.deadline.is_none()
    }

    /// How much time sending still has; `None` when nobody has asked for its end.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let deadline = self.lock().deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// No more comes; sending is to be over by then.
    pub(super) fn end(&self, deadline: Instant) {
        self.lock().deadline = Some(deadline);
        self.changed.notify_all();
    }

    /// Nothing is sent any more. Returns how many spans were left.
    pub(super) fn close(&self) -> u64 {
        let mut state = self.lock();
        state.ended = true;
        let left = std::mem::take(&mut state.waiting).len() as u64;
        drop(state);
        self.changed.notify_all();
        left
    }

    /// Waits for [`Queue::close`], for at most so long.
    pub(super) fn has_ended(&self, within: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), within, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::span;
    use super::*;

    #[test]
    fn what_has_no_room_is_dropped_and_told_once() {
        let queue = Queue::default();
        let batch = vec![span("a"); MAX_WAITING - 1];
        let dropped = |count, is_first| Dropped { count, is_first };
        assert_eq!(queue.push(&batch), dropped(0, false));
        assert_eq!(queue.push(&batch[..3]), dropped(2, true));
        assert_eq!(queue.push(&batch[..3]), dropped(3, false));
        assert_eq!(queue.take().unwrap().len(), MAX_BATCH);
        assert_eq!(queue.push(&batch[..3]), dropped(0, false));
    }

    #[test]
    fn at_the_end_what_waits_is_taken_and_nothing_more_comes() {
        let queue = Queue::default();
        queue.push(&[span("a")]);
        queue.end(Instant::now() + Duration::from_secs(3_600));
        assert_eq!(queue.push(&[span("b")]).count, 1);
        assert_eq!(queue.take().unwrap(), [span("a")]);
        assert_eq!(queue.take(), None);
        assert!(!queue.pause(Duration::from_secs(3_600)));
    }

    #[test]
    fn when_time_is_up_what_waits_is_left() {
        let queue = Queue::default();
        queue.push(&[span("a"), span("b")]);
        queue.end(Instant::now());
        assert_eq!(queue.take(), None);
        assert_eq!(queue.close(), 2);
        assert!(queue.has_ended(Duration::ZERO));
    }
}
