//! Traces as they are made: what a part says about the work that it just did, and how one piece of work knows which other
//! it belongs to.
//!
//! A part makes a [`Scope`] for the work that it has done for somebody, and runs the work in it. Within, wherever
//! that is, [`subsegment`] and [`call`] record spans below the scope's own: functions need not hand anything around. What
//! is recorded goes to a [`Recorder`], which decides what is kept; recording never blocks and never fails.
//!
//! Ids of spans on the two sides of a queue, a topic or a journal follow from what both sides know ([`SpanId::of`]), so
//! nothing but the trace's id is ever stored with a message.

mod ids;
mod names;
mod scope;

use domain::OrderId;

pub use ids::{SpanId, TraceId};
pub use names::{Name, Service};
pub use scope::{InScope, Invoked, Scope, Segment, call, current, subsegment};

pub use crate::observability::{ServiceKind, SpanKind, SpanOutcome};

/// A span that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanData {
    /// The trace that it is part of.
    pub trace: TraceId,
    /// Its own id.
    pub id: SpanId,
    /// The span that it is part of, or follows from.
    pub parent: Option<SpanId>,
    /// The part that did it, or was called.
    pub service: Service,
    /// The part that called.
    pub caller: Option<Service>,
    /// What was done.
    pub name: Name,
    /// What it is to its parent.
    pub kind: SpanKind,
    /// When it began, in microseconds since 1970.
    pub started_us: i64,
    /// When it ended.
    pub ended_us: i64,
    /// How it ended.
    pub outcome: SpanOutcome,
    /// The order that it was done for.
    pub order: Option<OrderId>,
    /// What else there is to say, which for most is nothing.
    pub detail: Option<Box<SpanDetail>>,
}

impl SpanData {
    /// How long it took, in microseconds; never negative.
    #[must_use]
    pub fn duration_us(&self) -> u64 {
        u64::try_from(self.ended_us.saturating_sub(self.started_us)).unwrap_or(0)
    }
}

/// What else there is to say of a span. Never a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpanDetail {
    /// What went wrong.
    pub error: Option<String>,
    /// By OpenTelemetry's names where it has one, such as `http.response.status_code`.
    pub attributes: Vec<(&'static str, String)>,
}

/// Takes spans.
pub trait Recorder: Send + Sync + std::fmt::Debug {
    /// Now, in microseconds since 1970. While the process runs it never steps back.
    fn now_us(&self) -> i64;

    /// Whether a trace that begins now is one to be kept whatever comes of it: X-Ray's reservoir, the first of each
    /// second. Asked once for each new trace.
    fn takes_first(&self) -> bool;

    /// Keeps the trace, for whoever called us keeps it too.
    fn keep(&self, trace: TraceId);

    /// Takes a span. It counts in the service map, and it is kept if its trace is.
    fn record(&self, span: SpanData);
}

/// Keeps nothing. For tools and tests that are not about traces.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn now_us(&self) -> i64 {
        0
    }

    fn takes_first(&self) -> bool {
        false
    }

    fn keep(&self, _: TraceId) {}

    fn record(&self, _: SpanData) {}
}

/// Takes spans that were kept, in batches, on a thread that may block.
pub trait SpanSink: Send + Sync {
    /// Stores or sends them. What fails is this sink's to log and to count: a trace is no reason to fail an order.
    fn accept(&self, spans: &[SpanData]);
}
