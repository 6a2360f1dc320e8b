//! A part of the traces that the head did not decide to keep: their latest spans, and those that are kept all the same.

use std::collections::{HashSet, VecDeque};

use ports::trace::{SpanData, TraceId};

/// Spans that a ring holds. With eight rings and some 15 spans an order these are the last 2,000 orders.
const RING: usize = 4_096;
/// Traces that a shard remembers to keep; the oldest is forgotten first.
const KEPT: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Shard {
    /// The ring's spans; those that were kept after all left a hole.
    ring: VecDeque<Option<SpanData>>,
    /// Which trace each of them is of. Beside them, for all are looked through whenever a trace is kept.
    traces: VecDeque<TraceId>,
    kept: HashSet<TraceId>,
    oldest: VecDeque<TraceId>,
}

/// Where a span went.
pub(super) enum Place {
    /// Its trace is kept, so the span is handed back.
    Kept(SpanData),
    /// Into the ring.
    Ring,
}

impl Shard {
    /// Finds the span's place.
    pub(super) fn place(&mut self, span: SpanData) -> Place {
        if !self.kept.is_empty() && self.kept.contains(&span.trace) {
            return Place::Kept(span);
        }
        if self.ring.len() == RING {
            self.ring.pop_front();
            self.traces.pop_front();
        }
        self.traces.push_back(span.trace);
        self.ring.push_back(Some(span));
        Place::Ring
    }

    /// Keeps the trace from now on; returns what the ring still has of it.
    pub(super) fn keep(&mut self, trace: TraceId) -> Vec<SpanData> {
        if !self.kept.insert(trace) {
            return Vec::new();
        }
        self.oldest.push_back(trace);
        if self.oldest.len() > KEPT
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.kept.remove(&oldest);
        }
        let ring = self.traces.iter().zip(&mut self.ring);
        ring.filter(|(of, _)| **of == trace)
            .filter_map(|(_, span)| span.take())
            .collect()
    }
}
