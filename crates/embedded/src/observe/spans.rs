//! The spans of the engine's own parts: tables, queues, topics and the state machine.
//!
//! A span on the far side of a queue or a topic hangs below one whose id both sides can tell ([`SpanId::of`]). States are
//! not recorded at all: the journal has them, and a trace that is read gets them from there.

use std::sync::Arc;

use asl::{EventKind, TaskCall};
use domain::{OrderId, PlacedOrder};
use ports::trace::{
    self, Name, Scope, Segment, Service, ServiceKind, SpanData, SpanDetail, SpanId, SpanKind, SpanOutcome,
    TraceId,
};

use crate::Engine;
use crate::executions::{Finish, Identity, Prepared, Write, status_name};
use crate::queue::ReadyMessage;
use crate::topic::{Publication, ReadyDelivery};

/// What an execution's span is called.
pub(super) const EXECUTION: &str = "Execution";

/// Which attempt of which visit of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    state: Arc<str>,
    visit: u32,
    attempt: u32,
}

impl Attempt {
    pub(crate) fn of(call: &TaskCall) -> Self {
        Self {
            state: call.state.clone(),
            visit: call.visit,
            attempt: call.attempt,
        }
    }

    fn span(&self, trace: TraceId) -> SpanId {
        attempt_span(trace, &self.state, self.visit, self.attempt)
    }
}

/// The id of an attempt's span.
pub(crate) fn attempt_span(trace: TraceId, state: &str, visit: u32, attempt: u32) -> SpanId {
    let state = SpanId::of(trace, "attempt", state.as_bytes());
    let key = (u128::from(state.0.get()) << 64) | (u128::from(visit) << 32) | u128::from(attempt);
    SpanId::of(trace, "attempt", &key.to_be_bytes())
}

/// The id of an execution's span.
pub(crate) fn execution_span(trace: TraceId, execution: &str) -> SpanId {
    SpanId::of(trace, "execution", execution.as_bytes())
}

/// The id of the span that started an execution.
fn start_span(trace: TraceId, execution: &str) -> SpanId {
    SpanId::of(trace, "start", execution.as_bytes())
}

/// The id of the span that sent a message of this trace to the queue.
fn send_span(trace: TraceId, queue: &str) -> SpanId {
    SpanId::of(trace, "send", queue.as_bytes())
}

/// The id of the span that published a message.
fn publish_span(trace: TraceId, message_id: &str) -> SpanId {
    SpanId::of(trace, "publish", message_id.as_bytes())
}

/// The id of the span of a message's or a delivery's wait for one of its tries.
fn wait_span(trace: TraceId, part: &str, seq: i64, tries: u32) -> SpanId {
    let key = (i128::from(seq) << 32) | i128::from(tries);
    SpanId::of(trace, part, &key.to_be_bytes())
}

/// Storing an order: the table and the queue take their part in one transaction, so both spans are the same time.
#[derive(Default)]
pub(crate) struct Placing {
    put: Segment,
    send: Segment,
}

impl Placing {
    pub(crate) fn end<T, E: std::fmt::Display>(self, stored: &Result<T, E>) {
        self.put.end(stored);
        self.send.end(stored);
    }
}

pub(crate) fn begin_placing(engine: &Engine, order: &PlacedOrder) -> Placing {
    let Some((scope, trace)) = trace::current().and_then(|scope| Some((scope.clone(), scope.trace()?)))
    else {
        return Placing::default();
    };
    let settings = engine.settings();
    let table = Service::new(&settings.orders_table, ServiceKind::Table);
    let queue = Service::new(&settings.order_queue, ServiceKind::Queue);
    let mut put = scope.begin(None, table, "PutItem", SpanKind::Client);
    put.order(order.order_id);
    let mut send = scope.begin(None, queue, "SendMessage", SpanKind::Producer);
    send.order(order.order_id);
    send.identify(send_span(trace, &settings.order_queue));
    Placing { put, send }
}

impl Engine {
    /// The inventory table is called, by the work at hand.
    pub(crate) fn call_inventory(&self) -> Segment {
        let table = Service::new(&self.settings().inventory_table, ServiceKind::Table);
        trace::call(table, "UpdateItem")
    }
}

/// Messages were received: a span each for the time that they waited, and the scope of what handles them.
pub(crate) fn received(
    engine: &Engine,
    queue: &str,
    messages: &[ReadyMessage],
    request_id: &Arc<str>,
) -> Scope {
    let recorder = &engine.settings().recorder;
    let (service, now_us) = (Service::new(queue, ServiceKind::Queue), recorder.now_us());
    let mut spans = Vec::with_capacity(messages.len());
    for message in messages {
        let Some(trace) = TraceId::parse(&message.trace) else {
            continue;
        };
        let id = wait_span(trace, "queue", message.seq, message.receives);
        spans.push((trace, id));
        recorder.record(SpanData {
            parent: Some(send_span(trace, queue)),
            kind: SpanKind::Consumer,
            started_us: end_of_ms(message.sent_at).min(now_us),
            ..ended(trace, id, service, "Wait", now_us)
        });
    }
    Scope::new(Arc::clone(recorder), service, Arc::clone(request_id), spans)
}

/// A delivery is tried: a span for the time that it waited, and the scope of what handles it.
pub(crate) fn delivered(
    engine: &Engine,
    topic: &str,
    delivery: &ReadyDelivery,
    request_id: &Arc<str>,
) -> Scope {
    let recorder = &engine.settings().recorder;
    let service = Service::new(topic, ServiceKind::Topic);
    let mut spans = Vec::new();
    if let Some(trace) = TraceId::parse(&delivery.message.trace) {
        let now_us = recorder.now_us();
        let id = wait_span(trace, "topic", delivery.seq, delivery.attempts);
        spans.push((trace, id));
        recorder.record(SpanData {
            parent: Some(publish_span(trace, &delivery.message.id)),
            kind: SpanKind::Consumer,
            started_us: delivery.message.published_at.saturating_mul(1_000).min(now_us),
            ..ended(trace, id, service, "Deliver", now_us)
        });
    }
    Scope::new(Arc::clone(recorder), service, Arc::clone(request_id), spans)
}

/// Starting an execution: the order's notification is published in the same transaction.
#[derive(Default)]
pub(crate) struct Starting {
    start: Segment,
    publish: Segment,
}

impl Starting {
    pub(crate) fn end<T, E: std::fmt::Display>(self, started: &Result<T, E>) {
        self.start.end(started);
        self.publish.end(started);
    }
}

/// An execution is about to be started, for one of the orders that the caller handles.
pub(crate) fn begin_start(
    engine: &Engine,
    identity: &Identity,
    publication: Option<&Publication>,
) -> Starting {
    let scope = trace::current();
    let (Some(scope), Some(trace)) = (scope, identity.trace_id) else {
        return Starting::default();
    };
    let mut start = scope.begin(
        Some(trace),
        engine.workflow_service(),
        "StartExecution",
        SpanKind::Client,
    );
    start.identify(start_span(trace, &identity.name));
    if let Some(order) = order_of(&identity.name) {
        start.order(order);
    }
    let publish = publication.map_or_else(Segment::default, |publication| {
        let topic = Service::new(&publication.topic, ServiceKind::Topic);
        let mut publish = scope.begin(Some(trace), topic, "Publish", SpanKind::Producer);
        publish.identify(publish_span(trace, &publication.message.id));
        publish
    });
    Starting { start, publish }
}

/// Something was published for an order in whose trace the caller need not be.
pub(crate) fn published(engine: &Engine, publication: &Publication) {
    let Some(trace) = TraceId::parse(&publication.message.trace) else {
        return;
    };
    let (scope, recorder) = (trace::current(), &engine.settings().recorder);
    recorder.record(SpanData {
        parent: scope.as_ref().and_then(|scope| scope.span_of(trace)),
        caller: scope.map(|scope| scope.service()),
        kind: SpanKind::Producer,
        ..ended(
            trace,
            publish_span(trace, &publication.message.id),
            Service::new(&publication.topic, ServiceKind::Topic),
            "Publish",
            recorder.now_us(),
        )
    });
}

/// An execution has ended.
pub(crate) fn finished(engine: &Engine, identity: &Identity, finish: &Finish) {
    let Some(trace) = identity.trace_id else {
        return;
    };
    let failed = finish.status != 1;
    let detail = failed.then(|| {
        let error = finish
            .error
            .clone()
            .unwrap_or_else(|| status_name(finish.status).to_owned());
        Box::new(SpanDetail {
            error: Some(error),
            attributes: Vec::new(),
        })
    });
    engine.settings().recorder.record(SpanData {
        parent: Some(start_span(trace, &identity.name)),
        kind: SpanKind::Internal,
        started_us: identity.started_at.as_ms().saturating_mul(1_000),
        outcome: if failed {
            SpanOutcome::Fault
        } else {
            SpanOutcome::Ok
        },
        order: order_of(&identity.name),
        detail,
        ..ended(
            trace,
            execution_span(trace, &identity.name),
            engine.workflow_service(),
            EXECUTION,
            finish.at.as_ms().saturating_mul(1_000),
        )
    });
}

/// A task that the engine answers by itself: the table's or the topic's part in it.
pub(crate) fn integrated(engine: &Engine, trace: Option<TraceId>, attempt: &Attempt, prepared: &Prepared) {
    let Some(trace) = trace else {
        return;
    };
    let settings = engine.settings();
    let table = || Service::new(&settings.orders_table, ServiceKind::Table);
    let (service, name, known_id) = match prepared {
        Prepared::Answered(EventKind::TaskSucceeded { .. }) => (table(), "GetItem", None),
        // What was not even asked for, or is some function's to answer.
        Prepared::Answered(_) | Prepared::Function(_) => return,
        Prepared::Write(Write::Update(_), _) => (table(), "UpdateItem", None),
        Prepared::Write(Write::Publish(publication), _) => (
            Service::new(&publication.topic, ServiceKind::Topic),
            "Publish",
            Some(publish_span(trace, &publication.message.id)),
        ),
    };
    let attempt = attempt.span(trace);
    let id = known_id.unwrap_or_else(|| SpanId::of(trace, name, &attempt.0.get().to_be_bytes()));
    let kind = match service.kind {
        ServiceKind::Topic => SpanKind::Producer,
        _ => SpanKind::Client,
    };
    settings.recorder.record(SpanData {
        parent: Some(attempt),
        caller: Some(engine.workflow_service()),
        kind,
        ..ended(trace, id, service, name, settings.recorder.now_us())
    });
}

/// The scope of a function that a task calls.
pub(crate) fn attempted(
    engine: &Engine,
    trace: Option<TraceId>,
    attempt: &Attempt,
    request_id: &Arc<str>,
) -> Scope {
    let spans = trace.map(|trace| (trace, attempt.span(trace)));
    let recorder = Arc::clone(&engine.settings().recorder);
    Scope::new(recorder, engine.workflow_service(), Arc::clone(request_id), spans)
}

/// A state machine as a part of the service map, where a function may have its name.
pub(crate) fn workflow(machine: &str) -> Service {
    Service::new(&format!("{machine} workflow"), ServiceKind::StateMachine)
}

/// The last microsecond of a millisecond. What is only known to the millisecond is taken to begin there: else it may seem
/// to begin before what caused it, and to have begun the trace.
fn end_of_ms(at_ms: i64) -> i64 {
    at_ms.saturating_mul(1_000).saturating_add(999)
}

/// An execution is called as its order is.
pub(super) fn order_of(execution: &str) -> Option<OrderId> {
    execution.parse().ok()
}

/// A call without anything special about it that ends at this moment, and took none.
fn ended(trace: TraceId, id: SpanId, service: Service, name: &str, at_us: i64) -> SpanData {
    SpanData {
        trace,
        id,
        parent: None,
        service,
        caller: None,
        name: Name::of(name),
        kind: SpanKind::Client,
        started_us: at_us,
        ended_us: at_us,
        outcome: SpanOutcome::Ok,
        order: None,
        detail: None,
    }
}
