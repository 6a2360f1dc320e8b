//! The X-Ray daemon: takes what a function did and how long it took, as subsegments.
//!
//! Lambda makes the segment of the function itself; with active tracing its daemon listens on UDP at
//! `AWS_XRAY_DAEMON_ADDRESS`. Each span below becomes a subsegment when it ends: a call of a service under the service's
//! name, any other under its own, such as `validate_input` (AWS X-Ray Developer Guide, "X-Ray segment documents" and
//! "Sending segment documents to the daemon"). What can't be sent is lost: a trace is no reason to fail an order.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ports::trace::{Recorder, ServiceKind, SpanData, SpanKind, SpanOutcome, TraceId};
use serde_json::{Map, Number, Value, json};

use super::header::xray_id;

/// What each datagram begins with.
const DATAGRAM_HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// Sends spans to the daemon. Only what is to be recorded comes here: Lambda has decided that before.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// `None` where no daemon listens.
    socket: Option<UdpSocket>,
    last_us: AtomicI64,
}

impl Daemon {
    /// The daemon at this address; none when there is no address.
    pub(crate) fn at(address: Option<&str>) -> Self {
        Self {
            socket: address.and_then(connect),
            last_us: AtomicI64::new(0),
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

impl Recorder for Daemon {
    /// Each answer is later than the one before, for a span's id is made of when it began.
    fn now_us(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        let later = |last: i64| Some(now_us.max(last + 1));
        let last = self
            .last_us
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        now_us.max(last.unwrap_or_default() + 1)
    }

    /// Lambda takes the decision, and passes it on in the trace header.
    fn takes_first(&self) -> bool {
        false
    }

    fn keep(&self, _: TraceId) {}

    fn record(&self, span: SpanData) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(format!("{DATAGRAM_HEADER}{}", document(&span)).as_bytes());
        }
    }
}

/// The span as a segment document.
fn document(span: &SpanData) -> Value {
    let mut document = Map::new();
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    let is_call = span.kind == SpanKind::Client;
    let name = if is_call { span.service.name } else { span.name };
    set("trace_id", xray_id(&span.trace.to_string()).into());
    set("id", span.id.to_string().into());
    set("parent_id", span.parent.map(|parent| parent.to_string()).into());
    set("type", "subsegment".into());
    set("name", name.as_str().into());
    set("start_time", seconds(span.started_us));
    set("end_time", seconds(span.ended_us));
    match span.outcome {
        SpanOutcome::Ok => {}
        SpanOutcome::Error => {
            set("error", true.into());
        }
        SpanOutcome::Throttle => {
            set("error", true.into());
            set("throttle", true.into());
        }
        SpanOutcome::Fault => {
            set("fault", true.into());
        }
    }
    if is_call && span.service.kind == ServiceKind::External {
        set("namespace", "remote".into());
    } else if is_call {
        set("namespace", "aws".into());
        set("aws", json!({ "operation": span.name.as_str() }));
    }
    if let Some(order) = span.order {
        // Annotations can be searched for.
        set("annotations", json!({ "orderId": order }));
    }
    Value::Object(document)
}

/// X-Ray has times as seconds since 1970 with decimals.
fn seconds(us: i64) -> Value {
    let text = format!("{}.{:06}", us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ports::trace::{Scope, Service, SpanId, call, subsegment};

    use super::*;

    /// The documents that a daemon gets from `work`.
    async fn sent(work: impl Future<Output = ()>) -> Vec<Value> {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        listener
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let daemon = Daemon::at(Some(&listener.local_addr().unwrap().to_string()));
        let trace = TraceId::parse("5759e988bd862e3fe1be46a994272793").unwrap();
        let function = Service::new("order-creation", ServiceKind::Function);
        let parent = SpanId::new(0x5399_5c3f_42cd_8ad8);
        let scope = Scope::new(
            Arc::new(daemon),
            function,
            "r-1".to_owned(),
            vec![(trace, parent)],
        );
        scope.run(Box::pin(work)).await;
        let mut documents = Vec::new();
        let mut buffer = [0; 65_536];
        while let Ok(length) = listener.recv(&mut buffer) {
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            let document = text
                .strip_prefix("{\"format\":\"json\",\"version\":1}\n")
                .unwrap();
            documents.push(serde_json::from_str(document).unwrap());
        }
        documents
    }

    #[tokio::test]
    async fn spans_become_subsegments_of_the_functions_segment() {
        let documents = sent(async {
            drop(subsegment("validate_input"));
            let mut put = call(Service::new("dynamodb", ServiceKind::Table), "PutItem");
            put.fail(SpanOutcome::Throttle, || "busy".to_owned());
            drop(put);
            drop(call(
                Service::new("payment-gateway", ServiceKind::External),
                "charge",
            ));
        })
        .await;
        let [validate, dynamodb, gateway] = documents.as_slice() else {
            panic!("{documents:?}")
        };
        assert_eq!(validate["name"], "validate_input");
        assert_eq!(validate["type"], "subsegment");
        assert_eq!(validate["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(validate["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(validate["id"].as_str().unwrap().len(), 16);
        assert_ne!(validate["id"], dynamodb["id"]);
        assert!(validate["end_time"].as_f64() > validate["start_time"].as_f64());
        assert!(validate.get("namespace").is_none() && validate.get("error").is_none());
        assert_eq!(
            (
                &dynamodb["name"],
                &dynamodb["namespace"],
                &dynamodb["aws"]["operation"]
            ),
            (&json!("dynamodb"), &json!("aws"), &json!("PutItem"))
        );
        assert_eq!(
            (&dynamodb["error"], &dynamodb["throttle"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            (&gateway["name"], &gateway["namespace"]),
            (&json!("payment-gateway"), &json!("remote"))
        );
    }

    #[tokio::test]
    async fn where_no_daemon_listens_nothing_is_sent_and_nothing_fails() {
        let daemon = Daemon::at(None);
        assert!(daemon.now_us() < daemon.now_us());
        let nowhere = Daemon::at(Some("no address"));
        assert!(nowhere.socket.is_none());
    }
}
