//! A request's span: the root of its order's trace, or a child of the caller's span.

use std::sync::Arc;

use http::StatusCode;
use ports::trace::{
    Name, Recorder, Scope, Service, ServiceKind, SpanData, SpanDetail, SpanKind, SpanOutcome,
};

use crate::ids::RequestIds;
use crate::routes::BoundRoute;

/// A span that is under way.
pub(crate) struct Traced {
    recorder: Arc<dyn Recorder>,
    scope: Scope,
    started_us: i64,
}

impl Traced {
    pub(crate) fn begin(recorder: &Arc<dyn Recorder>, service: Service, ids: &RequestIds) -> Self {
        let spans = vec![(ids.trace(), ids.span())];
        Self {
            recorder: Arc::clone(recorder),
            scope: Scope::new(Arc::clone(recorder), service, Arc::clone(ids.request_id()), spans),
            started_us: recorder.now_us(),
        }
    }

    /// What the request is served in.
    pub(crate) fn scope(&self) -> Scope {
        self.scope.clone()
    }

    /// Records the span.
    pub(crate) fn end(self, route: &BoundRoute, ids: &RequestIds, status: StatusCode) {
        let outcome = match status {
            StatusCode::TOO_MANY_REQUESTS => SpanOutcome::Throttle,
            status if status.is_server_error() => SpanOutcome::Fault,
            status if status.is_client_error() => SpanOutcome::Error,
            _ => SpanOutcome::Ok,
        };
        let failed = || {
            Box::new(SpanDetail {
                error: Some(status.to_string()),
                attributes: vec![("http.response.status_code", status.as_u16().to_string())],
            })
        };
        self.recorder.record(SpanData {
            trace: ids.trace(),
            id: ids.span(),
            parent: ids.parent(),
            service: self.scope.service(),
            caller: Some(Service::new("Client", ServiceKind::Client)),
            name: route.name,
            kind: SpanKind::Server,
            started_us: self.started_us,
            ended_us: self.recorder.now_us(),
            outcome,
            order: None,
            detail: outcome.is_failure().then(failed),
        });
    }
}

/// The name of a route's spans, such as `POST /orders/{orderId}/cancel`.
pub(crate) fn span_name(method: &http::Method, resource: &str) -> Name {
    Name::of(&format!("{method} {resource}"))
}
