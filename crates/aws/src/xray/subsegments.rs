//! Subsegments: what a function did and how long it took, told to the X-Ray daemon.
//!
//! Lambda makes the segment of the function itself; with active tracing its daemon listens on UDP at
//! `AWS_XRAY_DAEMON_ADDRESS`. Each span below `invocation` becomes a subsegment when it closes: a call of a service under the
//! service's name, any other under its own, such as `validate_input` (AWS X-Ray Developer Guide, "X-Ray segment
//! documents" and "Sending segment documents to the daemon"). What can't be sent is lost: a trace is no reason to fail an order.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::header::TraceHeader;

/// What each datagram begins with.
const DATAGRAM_HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// The span that an invocation runs in; its field `xray` is the trace header.
const INVOCATION: &str = "invocation";

/// Sends spans as subsegments.
#[derive(Debug)]
pub(crate) struct Subsegments {
    /// `None` where no daemon listens.
    daemon: Option<UdpSocket>,
}

impl Subsegments {
    /// To the daemon that Lambda names; nowhere when it names none.
    pub(crate) fn from_environment() -> Self {
        let address = std::env::var("AWS_XRAY_DAEMON_ADDRESS").ok();
        Self {
            daemon: address.and_then(|address| connect(&address)),
        }
    }

    fn send(&self, document: &Value) {
        if let Some(daemon) = &self.daemon {
            let _ = daemon.send(format!("{DATAGRAM_HEADER}{document}").as_bytes());
        }
    }
}

fn connect(address: &str) -> Option<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // A full buffer drops the datagram rather than hold up the function.
    socket.set_nonblocking(true).ok()?;
    socket.connect(address).ok()?;
    Some(socket)
}

/// A span that is on its way to the daemon.
#[derive(Debug)]
struct Subsegment {
    trace: TraceHeader,
    /// 16 hexadecimal digits. An invocation's is that of its segment, which Lambda sends.
    id: String,
    parent: Option<String>,
    started_s: f64,
    fields: Fields,
    failed: bool,
}

/// What a span says of itself.
#[derive(Debug, Default)]
struct Fields {
    xray: Option<String>,
    service: Option<String>,
    operation: Option<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "xray" => self.xray = Some(value.to_owned()),
            "service" => self.service = Some(value.to_owned()),
            "operation" => self.operation = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl<S> Layer<S> for Subsegments
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|_| self.daemon.is_some()) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let subsegment = if span.name() == INVOCATION {
            of_invocation(fields)
        } else {
            of_span(&span, fields)
        };
        if let Some(subsegment) = subsegment {
            span.extensions_mut().insert(subsegment);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let Some(span) = context.event_span(event) else {
            return;
        };
        if let Some(subsegment) = span.extensions_mut().get_mut::<Subsegment>() {
            subsegment.failed = true;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if span.name() == INVOCATION {
            return;
        }
        if let Some(subsegment) = span.extensions_mut().remove::<Subsegment>() {
            self.send(&document(span.name(), &subsegment, now_s()));
        }
    }
}

/// Where the subsegments of an invocation begin; `None` when its trace is not recorded.
fn of_invocation(fields: Fields) -> Option<Subsegment> {
    let trace = TraceHeader::parse(fields.xray.as_deref()?).filter(|trace| trace.sampled)?;
    Some(Subsegment {
        id: trace.parent.clone()?,
        parent: None,
        started_s: 0.0,
        trace,
        fields,
        failed: false,
    })
}

/// The subsegment of a span somewhere below an invocation.
fn of_span<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, fields: Fields) -> Option<Subsegment> {
    let mut above = span.parent();
    while let Some(parent) = above {
        if let Some(subsegment) = parent.extensions().get::<Subsegment>() {
            return Some(Subsegment {
                trace: subsegment.trace.clone(),
                id: format!("{:016x}", rand::random::<u64>()),
                parent: Some(subsegment.id.clone()),
                started_s: now_s(),
                fields,
                failed: false,
            });
        }
        above = parent.parent();
    }
    None
}

/// X-Ray has times as seconds since 1970 with decimals.
fn now_s() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}

fn document(name: &str, subsegment: &Subsegment, ended_s: f64) -> Value {
    let mut document = Map::new();
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    set("trace_id", subsegment.trace.root.as_str().into());
    set("id", subsegment.id.as_str().into());
    set("parent_id", subsegment.parent.as_deref().into());
    set("type", "subsegment".into());
    set(
        "name",
        subsegment.fields.service.as_deref().unwrap_or(name).into(),
    );
    set("start_time", subsegment.started_s.into());
    set("end_time", ended_s.into());
    if subsegment.failed {
        set("fault", true.into());
    }
    if subsegment.fields.service.is_some() {
        set("namespace", "aws".into());
        set("aws", json!({ "operation": subsegment.fields.operation }));
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const SAMPLED: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    /// The documents that a daemon gets from `work`.
    fn sent(header: &str, work: impl FnOnce()) -> Vec<Value> {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        daemon.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let layer = Subsegments {
            daemon: connect(&daemon.local_addr().unwrap().to_string()),
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info_span!("invocation", xray = header).in_scope(work);
        });
        let mut documents = Vec::new();
        let mut buffer = [0; 65_536];
        while let Ok(length) = daemon.recv(&mut buffer) {
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            let document = text
                .strip_prefix("{\"format\":\"json\",\"version\":1}\n")
                .unwrap();
            documents.push(serde_json::from_str(document).unwrap());
        }
        documents
    }

    fn nested() {
        tracing::info_span!("validate_input").in_scope(|| {});
        tracing::info_span!("store_order").in_scope(|| {
            tracing::info_span!("call", service = "dynamodb", operation = "PutItem").in_scope(|| {
                tracing::error!("it failed");
            });
        });
    }

    #[test]
    fn spans_become_subsegments_of_the_functions_segment() {
        let documents = sent(SAMPLED, nested);
        let names: Vec<&str> = documents.iter().map(|d| d["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["validate_input", "dynamodb", "store_order"]);
        let [validate, dynamodb, store] = documents.as_slice() else {
            panic!()
        };
        assert_eq!(validate["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(validate["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(store["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(dynamodb["parent_id"], store["id"]);
        assert_eq!(dynamodb["namespace"], "aws");
        assert_eq!(dynamodb["aws"]["operation"], "PutItem");
        assert_eq!(dynamodb["fault"], true);
        assert!(store.get("fault").is_none());
        assert_eq!(store["id"].as_str().unwrap().len(), 16);
        assert!(store["end_time"].as_f64() >= store["start_time"].as_f64());
    }

    #[test]
    fn a_trace_that_is_not_sampled_is_not_sent() {
        assert!(sent(&SAMPLED.replace("Sampled=1", "Sampled=0"), nested).is_empty());
        assert!(sent("", nested).is_empty());
    }
}
