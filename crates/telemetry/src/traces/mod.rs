//! Spans as they come in: which of them are kept, and where to.
//!
//! The head decides for most: one trace a second and 5 % of the rest, which the trace's id tells ([`TraceId::is_sampled`]).
//! The tail decides for what turns out to matter: a trace in which something fails or is slow is kept too. So that its
//! beginning is not lost then, every span that isn't kept stays in a small ring until others have taken its place.
//!
//! Kept spans go to the sinks in batches, on a thread of their own. What doesn't fit is dropped and counted, for nobody
//! waits for a trace.

mod collector;
mod edges;
mod shard;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ports::trace::{Recorder, SpanData, SpanKind, TraceId};

use crate::metrics::{Handle, Registry};
pub use collector::Collector;
use collector::Outgoing;
use edges::Edges;
use shard::{Place, Shard};

/// From so many microseconds on a span is slow, and its trace is kept: the threshold of the template's latency alarm.
pub const SLOW_US: u64 = 1_000_000;
const SHARDS: usize = 8;
/// The most traces a second that are kept because the tail or a caller asks for it: when everything fails, these tell why.
const MAX_KEPT_PER_S: u32 = 100;

/// Decides what is kept.
#[derive(Debug)]
pub struct Tracer {
    began: Instant,
    began_us: i64,
    shards: [Mutex<Shard>; SHARDS],
    edges: Edges,
    outgoing: Arc<Outgoing>,
    /// The second of the last first.
    first_s: AtomicI64,
    /// The second that `kept` counts.
    kept_s: AtomicI64,
    kept: AtomicU32,
    not_kept: Handle,
}

impl Tracer {
    /// A tracer whose service map and whose losses are counted in `registry`: `SpansDropped` were to be kept, and the sinks
    /// were too slow; `TracesNotKept` were to be kept for their tail, beyond the bound on those. What it keeps waits for [`Tracer::collector`].
    #[must_use]
    pub fn new(registry: Arc<Registry>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            began: Instant::now(),
            began_us: i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            shards: std::array::from_fn(|_| Mutex::default()),
            outgoing: Arc::new(Outgoing::new(registry.counter("SpansDropped", &[]))),
            not_kept: registry.counter("TracesNotKept", &[]),
            edges: Edges::new(registry),
            first_s: AtomicI64::new(0),
            kept_s: AtomicI64::new(0),
            kept: AtomicU32::new(0),
        }
    }

    /// Hands what is kept to sinks.
    #[must_use]
    pub fn collector(&self) -> Collector {
        Collector::new(Arc::clone(&self.outgoing))
    }

    /// Whether one more may be kept in this second.
    fn has_room(&self) -> bool {
        let second = self.now_us() / 1_000_000;
        if self.kept_s.swap(second, Ordering::Relaxed) != second {
            self.kept.store(0, Ordering::Relaxed);
        }
        let has_room = self.kept.fetch_add(1, Ordering::Relaxed) < MAX_KEPT_PER_S;
        if !has_room {
            self.not_kept.count(1);
        }
        has_room
    }

    fn shard(&self, trace: TraceId) -> &Mutex<Shard> {
        &self.shards[trace.0 as usize % SHARDS]
    }
}

/// Whether the trace is worth keeping for this span's sake. Waiting in a queue is nobody's slowness, and an execution's
/// time is that of its states.
fn is_remarkable(span: &SpanData) -> bool {
    let works = matches!(span.kind, SpanKind::Server | SpanKind::Client);
    span.outcome.is_failure() || (works && span.duration_us() >= SLOW_US)
}

impl Recorder for Tracer {
    fn now_us(&self) -> i64 {
        let elapsed = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.began_us.saturating_add(elapsed)
    }

    fn takes_first(&self) -> bool {
        let second = self.now_us() / 1_000_000;
        self.first_s.load(Ordering::Relaxed) < second && self.first_s.swap(second, Ordering::Relaxed) < second
    }

    fn keep(&self, trace: TraceId) {
        if !trace.is_sampled() && self.has_room() {
            let mut shard = self.shard(trace).lock().unwrap_or_else(PoisonError::into_inner);
            self.outgoing.push_all(shard.keep(trace));
        }
    }

    fn record(&self, span: SpanData) {
        self.edges.count(&span);
        let trace = span.trace;
        if trace.is_sampled() {
            return self.outgoing.push(span);
        }
        let remarkable = is_remarkable(&span);
        let place = {
            let mut shard = self.shard(trace).lock().unwrap_or_else(PoisonError::into_inner);
            shard.place(span)
        };
        match place {
            Place::Kept(span) => self.outgoing.push(span),
            // It is in the ring now, and comes out again with all that came before it.
            Place::Ring if remarkable => self.keep(trace),
            Place::Ring => {}
        }
    }
}
