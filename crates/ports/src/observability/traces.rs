//! Traces: one for the whole way of an order, and the service map that all of them make together.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Answer;

/// What a span is to its parent, as OpenTelemetry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// A request from outside is answered.
    Server,
    /// Work within a part: X-Ray's subsegment.
    Internal,
    /// Another part is called and answers.
    Client,
    /// A message is handed over; the span lasts until it is taken.
    Producer,
    /// A message is handled.
    Consumer,
}

/// How a span ended, in X-Ray's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanOutcome {
    /// As it should.
    Ok,
    /// The caller was at fault: a status of 400 to 499.
    Error,
    /// We were at fault: a status of 500 or more, a failed function, a failed execution.
    Fault,
    /// Too much was asked for: a status of 429.
    Throttle,
}

impl SpanOutcome {
    /// Whether it ended otherwise than it should.
    #[must_use]
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Ok)
    }
}

/// Why a trace was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keeping {
    /// It was the first of its second, one of the 5 %, or its caller asked for it.
    Sampled,
    /// Something in it failed.
    Failed,
    /// Something in it was slow.
    Slow,
    /// It was not: what is shown is what the order's journal tells.
    Journal,
}

/// A trace at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceSummary {
    /// 32 lowercase hexadecimal digits.
    pub trace_id: String,
    /// The same as X-Ray writes it: `1-5759e988-bd862e3fe1be46a994272793`.
    pub x_ray_trace_id: String,
    /// The order that it is about, if it is about one.
    pub order_id: Option<String>,
    /// What began it, such as `POST /orders`.
    pub name: String,
    /// When its first span began.
    pub started_at: Timestamp,
    /// From the beginning of its first span to the end of its last, in microseconds.
    pub duration_us: u64,
    /// The worst that happened in it.
    pub outcome: SpanOutcome,
    /// How many spans it has.
    pub spans: u32,
    /// Why it was kept.
    pub keeping: Keeping,
}

/// A trace whole: its waterfall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// At a glance.
    pub summary: TraceSummary,
    /// Its spans in the waterfall's order: each after its parent, siblings by their beginning.
    pub spans: Vec<Span>,
}

/// One span of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// 16 lowercase hexadecimal digits.
    pub span_id: String,
    /// The span that it is part of or follows from; `None` for a root.
    pub parent_id: Option<String>,
    /// How deep it hangs in the waterfall; a root is 0.
    pub depth: u32,
    /// What was done, such as `validate_input`, `PutItem` or `ProcessPayment`.
    pub name: String,
    /// The part that did it or was called: the node of the service map, such as `order-creation` or `OrdersTable`.
    pub service: String,
    /// What it is to its parent.
    pub kind: SpanKind,
    /// When it began.
    pub started_at: Timestamp,
    /// When it began, from the beginning of the trace, in microseconds.
    pub offset_us: u64,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// How it ended.
    pub outcome: SpanOutcome,
    /// What went wrong.
    pub error: Option<String>,
    /// What else is known, such as `http.status` or `attempt`; never a secret.
    pub attributes: Vec<(String, String)>,
}

/// Which traces to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceFilter {
    /// Begun at this time or later.
    pub from: Option<Timestamp>,
    /// Begun before this time.
    pub to: Option<Timestamp>,
    /// Only those in which something failed.
    pub failed: bool,
    /// Only those that took at least so many microseconds.
    pub at_least_us: Option<u64>,
}

/// What kind of part a node of the service map is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// Whoever calls.
    Client,
    /// The HTTP interface.
    Api,
    /// A function.
    Function,
    /// A table.
    Table,
    /// A table's stream of changes.
    Stream,
    /// A queue.
    Queue,
    /// A topic.
    Topic,
    /// A state machine.
    StateMachine,
    /// Something outside: the payment gateway, mail, SMS.
    External,
}

impl ServiceKind {
    const ALL: [Self; 9] = [
        Self::Client,
        Self::Api,
        Self::Function,
        Self::Table,
        Self::Stream,
        Self::Queue,
        Self::Topic,
        Self::StateMachine,
        Self::External,
    ];

    /// As it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Api => "api",
            Self::Function => "function",
            Self::Table => "table",
            Self::Stream => "stream",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::StateMachine => "state-machine",
            Self::External => "external",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Figures of a node or an edge in the map's span of time. They count every call, sampled or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceFigures {
    /// Calls.
    pub calls: u64,
    /// Calls a second.
    pub calls_per_s: f64,
    /// Calls that failed.
    pub failures: u64,
    /// Failed of all, 0 to 1.
    pub failure_rate: f64,
    /// The mean of how long they took, in milliseconds.
    pub average_ms: f64,
    /// The median, in milliseconds.
    pub p50_ms: f64,
    /// What 99 % don't exceed, in milliseconds.
    pub p99_ms: f64,
}

/// A part of the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceNode {
    /// Its name, such as `order-creation`.
    pub name: String,
    /// What it is.
    pub kind: ServiceKind,
    /// All calls that reached it.
    pub figures: ServiceFigures,
}

/// Calls from one part to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEdge {
    /// The calling node's name.
    pub from: String,
    /// The called node's name.
    pub to: String,
    /// Those calls.
    pub figures: ServiceFigures,
}

/// The parts and what went on between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceMap {
    /// From this time.
    pub from: Timestamp,
    /// Until before this time.
    pub to: Timestamp,
    /// Every part that called or was called, the calling before the called.
    pub nodes: Vec<ServiceNode>,
    /// Every pair that had a call.
    pub edges: Vec<ServiceEdge>,
}

/// Traces that were kept, and the service map.
pub trait Traces: Send + Sync {
    /// The trace of this id: 32 hexadecimal digits, or X-Ray's form.
    ///
    /// # Errors
    /// [`super::ObserveError::NotFound`] when it was not kept or has expired.
    fn get_trace(&self, trace_id: String) -> Answer<'_, Trace>;

    /// The trace that the order was placed in. An order whose trace was not kept has one all the same, made of its journal.
    ///
    /// # Errors
    /// [`super::ObserveError::NotFound`] when there's no such order.
    fn get_order_trace(&self, order_id: String) -> Answer<'_, Trace>;

    /// Traces that were kept, newest first, at most `limit`.
    fn list_traces(&self, filter: TraceFilter, limit: u32) -> Answer<'_, Vec<TraceSummary>>;

    /// The parts of the system and the calls between them in `[from, to)`.
    fn service_map(&self, from: Timestamp, to: Timestamp) -> Answer<'_, ServiceMap>;
}

/// X-Ray's form of a trace id of 32 hexadecimal digits: its first 8 are the time.
#[must_use]
pub fn x_ray_trace_id(trace_id: &str) -> String {
    match (trace_id.get(..8), trace_id.get(8..)) {
        (Some(time), Some(rest)) => format!("1-{time}-{rest}"),
        _ => String::new(),
    }
}
