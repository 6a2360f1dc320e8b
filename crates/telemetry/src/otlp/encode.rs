//! Spans as OpenTelemetry's messages.
//!
//! Each part of the system is a service (`service.name`), so that a backend draws the same map as we do; all are of one
//! `service.namespace`. A call of a table, a queue or something outside is a span of the part that calls.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span, status};
use ports::trace::{Name, Service, ServiceKind, SpanData, SpanKind, SpanOutcome};

use super::settings::OtlpSettings;

const NAMESPACE: &str = "ordermill";
/// The flag of W3C Trace Context that says that the trace is kept.
const SAMPLED: u32 = 1;

/// Makes messages of spans.
#[derive(Debug)]
pub(super) struct Encoder {
    service_name: Option<String>,
    resource: Vec<(String, String)>,
}

impl Encoder {
    pub(super) fn new(settings: &OtlpSettings) -> Self {
        Self {
            service_name: settings.service_name.clone(),
            resource: settings.resource.clone(),
        }
    }

    /// One request with all the spans.
    pub(super) fn encode(&self, spans: &[SpanData]) -> ExportTraceServiceRequest {
        let mut groups: Vec<(Option<Name>, Vec<Span>)> = Vec::new();
        let mut known: HashMap<Option<Name>, usize> = HashMap::new();
        for span in spans {
            let part = self.service_name.is_none().then_some(owner(span).name);
            let at = *known.entry(part).or_insert_with(|| {
                groups.push((part, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(message(span));
        }
        let resource_spans = groups.into_iter().map(|(part, spans)| self.group(part, spans));
        ExportTraceServiceRequest {
            resource_spans: resource_spans.collect(),
        }
    }

    fn group(&self, part: Option<Name>, spans: Vec<Span>) -> ResourceSpans {
        let name = part.map(Name::as_str).or(self.service_name.as_deref());
        let mut attributes = vec![
            text("service.name", name.unwrap_or(NAMESPACE)),
            text("service.version", env!("CARGO_PKG_VERSION")),
        ];
        if part.is_some() {
            attributes.push(text("service.namespace", NAMESPACE));
        }
        attributes.extend(self.resource.iter().map(|(key, value)| text(key, value)));
        ResourceSpans {
            resource: Some(Resource {
                attributes,
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: NAMESPACE.to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    ..InstrumentationScope::default()
                }),
                spans,
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }
    }
}

/// The part whose span it is: what runs tells of itself, what is only called is told of by its caller.
fn owner(span: &SpanData) -> Service {
    let is_own = match span.service.kind {
        ServiceKind::Api | ServiceKind::Function => true,
        ServiceKind::StateMachine => span.kind == SpanKind::Internal,
        ServiceKind::Client
        | ServiceKind::Table
        | ServiceKind::Stream
        | ServiceKind::Queue
        | ServiceKind::Topic
        | ServiceKind::External => false,
    };
    match span.caller {
        Some(caller) if !is_own => caller,
        Some(_) | None => span.service,
    }
}

fn message(data: &SpanData) -> Span {
    let ns = |us: i64| u64::try_from(us).unwrap_or(0).saturating_mul(1_000);
    Span {
        trace_id: data.trace.0.to_be_bytes().to_vec(),
        span_id: data.id.0.get().to_be_bytes().to_vec(),
        parent_span_id: data
            .parent
            .map_or_else(Vec::new, |parent| parent.0.get().to_be_bytes().to_vec()),
        flags: SAMPLED,
        name: data.name.as_str().to_owned(),
        kind: kind(data).into(),
        start_time_unix_nano: ns(data.started_us),
        end_time_unix_nano: ns(data.ended_us.max(data.started_us)),
        attributes: attributes(data),
        status: status(data),
        ..Span::default()
    }
}

/// A function that is invoked answers: for OpenTelemetry it is a server, for its caller has no span of the call.
fn kind(data: &SpanData) -> span::SpanKind {
    match (data.kind, data.service.kind) {
        (SpanKind::Client, ServiceKind::Function) => span::SpanKind::Server,
        (SpanKind::Client, _) => span::SpanKind::Client,
        (SpanKind::Server, _) => span::SpanKind::Server,
        (SpanKind::Internal, _) => span::SpanKind::Internal,
        (SpanKind::Producer, _) => span::SpanKind::Producer,
        (SpanKind::Consumer, _) => span::SpanKind::Consumer,
    }
}

/// By OpenTelemetry's semantic conventions, as far as they have a name.
fn attributes(data: &SpanData) -> Vec<KeyValue> {
    let (service, name) = (data.service.name.as_str(), data.name.as_str());
    let mut attributes = match data.service.kind {
        ServiceKind::Table => vec![
            text("db.collection.name", service),
            text("db.operation.name", name),
        ],
        ServiceKind::Queue | ServiceKind::Topic | ServiceKind::Stream => vec![
            text("messaging.destination.name", service),
            text("messaging.operation.name", name),
        ],
        ServiceKind::Client
        | ServiceKind::Api
        | ServiceKind::Function
        | ServiceKind::StateMachine
        | ServiceKind::External => Vec::new(),
    };
    if owner(data) != data.service {
        attributes.push(text("service.peer.name", service));
    }
    if let Some(order) = data.order {
        attributes.push(text("ordermill.order.id", &order.to_string()));
    }
    if data.outcome == SpanOutcome::Throttle {
        attributes.push(text("error.type", "throttle"));
    }
    let more = data.detail.iter().flat_map(|detail| &detail.attributes);
    attributes.extend(more.map(|(key, value)| text(key, value)));
    attributes
}

/// A caller's fault is none of ours, so a request that was refused leaves its span's status unset, as the conventions for
/// HTTP servers have it.
fn status(data: &SpanData) -> Option<Status> {
    let is_ours = match (data.outcome, data.kind) {
        (SpanOutcome::Ok, _) | (SpanOutcome::Error | SpanOutcome::Throttle, SpanKind::Server) => false,
        (SpanOutcome::Fault | SpanOutcome::Error | SpanOutcome::Throttle, _) => true,
    };
    let message = data.detail.as_ref().and_then(|detail| detail.error.clone());
    is_ours.then(|| Status {
        message: message.unwrap_or_default(),
        code: status::StatusCode::Error.into(),
    })
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}
