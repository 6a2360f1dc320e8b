//! The service map's figures: every call between two parts, sampled or not, as a metric; and what DynamoDB tells of its
//! tables.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use ports::trace::{Name, Service, ServiceKind, SpanData, SpanOutcome};

use crate::metrics::{Handle, Registry};

/// The metric of how long calls took, in milliseconds, by `From`, `FromKind`, `To` and `ToKind`.
pub const LATENCY: &str = "ServiceLatency";
/// The metric of calls that failed, by the same dimensions.
pub const FAILURES: &str = "ServiceFailures";

#[derive(Debug)]
pub(super) struct Edges {
    registry: Arc<Registry>,
    known: RwLock<HashMap<Key, Edge, RandomState>>,
}

/// Who calls whom; and the operation, if a table is called.
type Key = (Service, Service, Option<Name>);

#[derive(Debug)]
struct Edge {
    latency: Handle,
    failures: Handle,
    table: Option<Table>,
}

/// An operation on a table.
#[derive(Debug)]
struct Table {
    latency: Handle,
    system_errors: Handle,
    user_errors: Handle,
}

impl Edges {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            known: RwLock::default(),
        }
    }

    /// Counts the span, if it is a call from one part to another.
    pub(super) fn count(&self, span: &SpanData) {
        let Some(caller) = span.caller.filter(|caller| *caller != span.service) else {
            return;
        };
        let operation = (span.service.kind == ServiceKind::Table).then_some(span.name);
        let key = (caller, span.service, operation);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(edge) = known.get(&key) {
            return edge.count(span);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(key)
            .or_insert_with(|| Edge::new(&self.registry, key))
            .count(span);
    }
}

impl Edge {
    fn new(registry: &Registry, (from, to, operation): Key) -> Self {
        let kind = |service: Service| service.kind.as_str();
        let dimensions = [
            ("From", from.name.as_str()),
            ("FromKind", kind(from)),
            ("To", to.name.as_str()),
            ("ToKind", kind(to)),
        ];
        Self {
            latency: registry.histogram(LATENCY, &dimensions),
            failures: registry.counter(FAILURES, &dimensions),
            table: operation.map(|operation| Table::new(registry, to, operation)),
        }
    }

    fn count(&self, span: &SpanData) {
        self.latency.observe(span.duration_us() as f64 / 1_000.0);
        if span.outcome.is_failure() {
            self.failures.count(1);
        }
        if let Some(table) = &self.table {
            table.count(span);
        }
    }
}

impl Table {
    fn new(registry: &Registry, table: Service, operation: Name) -> Self {
        let dimensions = [
            ("TableName", table.name.as_str()),
            ("Operation", operation.as_str()),
        ];
        Self {
            latency: registry.histogram("SuccessfulRequestLatency", &dimensions),
            system_errors: registry.counter("SystemErrors", &dimensions),
            user_errors: registry.counter("UserErrors", &dimensions),
        }
    }

    fn count(&self, span: &SpanData) {
        match span.outcome {
            // What the engine does by itself together with other things has no time of its own.
            SpanOutcome::Ok if span.duration_us() == 0 => {}
            SpanOutcome::Ok => self.latency.observe(span.duration_us() as f64 / 1_000.0),
            SpanOutcome::Fault => self.system_errors.count(1),
            SpanOutcome::Error | SpanOutcome::Throttle => self.user_errors.count(1),
        }
    }
}
