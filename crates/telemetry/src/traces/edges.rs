//! The service map's figures: every call between two parts, sampled or not, as a metric.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use ports::trace::{Service, SpanData};

use crate::metrics::{Handle, Registry};

/// The metric of how long calls took, in milliseconds, by `From`, `FromKind`, `To` and `ToKind`.
pub const LATENCY: &str = "ServiceLatency";
/// The metric of calls that failed, by the same dimensions.
pub const FAILURES: &str = "ServiceFailures";

#[derive(Debug)]
pub(super) struct Edges {
    registry: Arc<Registry>,
    known: RwLock<HashMap<(Service, Service), Edge, RandomState>>,
}

#[derive(Debug)]
struct Edge {
    latency: Handle,
    failures: Handle,
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
        let pair = (caller, span.service);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(edge) = known.get(&pair) {
            return edge.count(span);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(pair)
            .or_insert_with(|| Edge::new(&self.registry, caller, span.service))
            .count(span);
    }
}

impl Edge {
    fn new(registry: &Registry, from: Service, to: Service) -> Self {
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
        }
    }

    fn count(&self, span: &SpanData) {
        self.latency.observe(span.duration_us() as f64 / 1_000.0);
        if span.outcome.is_failure() {
            self.failures.count(1);
        }
    }
}
