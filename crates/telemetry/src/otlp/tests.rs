//! The exporter against a receiver that answers as it is told. What a real collector makes of it is tested from outside,
//! in `crates/cli/tests/e2e/test_traces.py`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind as Kind;
use ports::metrics::MetricSource;
use ports::trace::{
    Name, Service, ServiceKind, SpanData, SpanDetail, SpanId, SpanKind, SpanOutcome, SpanSink, TraceId,
};
use prost::Message;

use super::{Exporter, OtlpSettings, Protocol};
use crate::Registry;

/// Longer than any of this takes.
const LONG: Duration = Duration::from_secs(60);

pub(super) fn span(name: &str) -> SpanData {
    let trace = TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    SpanData {
        trace,
        id: SpanId::of(trace, name, b""),
        parent: Some(SpanId::new(7)),
        service: Service::new("order-creation", ServiceKind::Function),
        caller: None,
        name: Name::of(name),
        kind: SpanKind::Internal,
        started_us: 1_000_000,
        ended_us: 1_000_250,
        outcome: SpanOutcome::Ok,
        order: None,
        detail: None,
    }
}

/// A request as it came.
struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn spans(&self) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest::decode(&self.body[..]).unwrap()
    }
}

/// Answers one request after the other so, then closes. Returns its endpoint and what it gets.
fn receiver(answers: &'static [&'static str]) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.iter();
        while answers.len() > 0 {
            let (stream, _) = listener.accept().unwrap();
            serve(&stream, &mut answers, &seen);
        }
    });
    (endpoint, requests)
}

fn serve(stream: &TcpStream, answers: &mut std::slice::Iter<'_, &str>, seen: &Sender<Request>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let Some(answer) = answers.next() else { return };
        seen.send(Request { head, body }).unwrap();
        (&*stream)
            .write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes())
            .unwrap();
    }
}

fn settings(endpoint: &str) -> OtlpSettings {
    let settings = OtlpSettings::new(endpoint, Protocol::Protobuf, LONG).unwrap();
    OtlpSettings {
        first_pause: Duration::from_millis(1),
        ..settings
    }
}

/// How many spans were exported, and how many were not.
fn counts(registry: &Registry) -> (u64, u64) {
    let samples = registry.take();
    let of = |name: &str| {
        let found = samples.iter().find(|sample| sample.name == name);
        found.map_or(0, |sample| sample.values.sum as u64)
    };
    (of("SpansExported"), of("SpansNotExported"))
}

/// Sends these spans and comes to the end.
fn export(settings: OtlpSettings, batches: &[&[SpanData]]) -> (u64, u64) {
    let registry = Arc::new(Registry::new());
    let exporter = Exporter::start(settings, &registry).unwrap();
    batches.iter().for_each(|batch| exporter.accept(batch));
    exporter.end(LONG);
    counts(&registry)
}

fn attributes(attributes: &[KeyValue]) -> Vec<String> {
    let shown = attributes.iter().map(|attribute| {
        let value = attribute.value.clone().and_then(|value| value.value);
        let Some(any_value::Value::StringValue(value)) = value else {
            panic!("{value:?}")
        };
        format!("{}={value}", attribute.key)
    });
    shown.collect()
}

#[test]
fn spans_arrive_as_they_were_with_the_headers_that_were_asked_for() {
    let (endpoint, requests) = receiver(&["200 OK"]);
    let settings = settings(&endpoint).headers("api-key=s%20cret").unwrap();
    assert_eq!(export(settings, &[&[span("validate_input")]]), (1, 0));
    let request = requests.recv().unwrap();
    assert!(
        request.head.starts_with("post /v1/traces http/1.1\r\n"),
        "{}",
        request.head
    );
    assert!(
        request
            .head
            .contains("\r\ncontent-type: application/x-protobuf\r\n")
    );
    assert!(request.head.contains("\r\napi-key: s cret\r\n"));
    let message = request.spans();
    let [group] = message.resource_spans.as_slice() else {
        panic!("{message:?}")
    };
    let resource = attributes(&group.resource.as_ref().unwrap().attributes);
    assert_eq!(resource[0], "service.name=order-creation");
    let sent = &group.scope_spans[0].spans[0];
    let given = span("validate_input");
    assert_eq!(sent.name, "validate_input");
    assert_eq!(sent.trace_id, given.trace.0.to_be_bytes());
    assert_eq!(sent.span_id, given.id.0.get().to_be_bytes());
    assert_eq!(sent.parent_span_id, 7_u64.to_be_bytes());
    assert_eq!(
        (sent.start_time_unix_nano, sent.end_time_unix_nano),
        (1_000_000_000, 1_000_250_000)
    );
    assert_eq!(sent.status, None);
}

#[test]
fn a_call_is_a_span_of_the_part_that_calls() {
    let (endpoint, requests) = receiver(&["200 OK"]);
    let function = Service::new("order-creation", ServiceKind::Function);
    let put = SpanData {
        service: Service::new("OrdersTable", ServiceKind::Table),
        caller: Some(function),
        kind: SpanKind::Client,
        outcome: SpanOutcome::Fault,
        detail: Some(Box::new(SpanDetail {
            error: Some("the disk is full".to_owned()),
            attributes: vec![("attempt", "2".to_owned())],
        })),
        ..span("PutItem")
    };
    let invoked = SpanData {
        caller: Some(Service::new("orders-api", ServiceKind::Api)),
        kind: SpanKind::Client,
        ..span("Invoke")
    };
    export(settings(&endpoint), &[&[put, invoked]]);
    let message = requests.recv().unwrap().spans();
    assert_eq!(message.resource_spans.len(), 1, "{message:?}");
    let [put, invoked] = message.resource_spans[0].scope_spans[0].spans.as_slice() else {
        panic!("{message:?}")
    };
    assert_eq!((put.kind(), invoked.kind()), (Kind::Client, Kind::Server));
    assert_eq!(put.status.as_ref().unwrap().message, "the disk is full");
    assert_eq!(
        attributes(&put.attributes),
        [
            "db.collection.name=OrdersTable",
            "db.operation.name=PutItem",
            "service.peer.name=OrdersTable",
            "attempt=2"
        ]
    );
}

#[test]
fn one_name_for_all_of_it_makes_one_service() {
    let (endpoint, requests) = receiver(&["200 OK"]);
    let settings = settings(&endpoint).service_name(Some("shop".to_owned()));
    let other = SpanData {
        service: Service::new("order-query", ServiceKind::Function),
        ..span("b")
    };
    export(settings.resource("a=b").unwrap(), &[&[span("a"), other]]);
    let message = requests.recv().unwrap().spans();
    let [group] = message.resource_spans.as_slice() else {
        panic!("{message:?}")
    };
    let resource = attributes(&group.resource.as_ref().unwrap().attributes);
    assert_eq!(
        (resource[0].as_str(), resource[2].as_str()),
        ("service.name=shop", "a=b")
    );
    assert_eq!(group.scope_spans[0].spans.len(), 2);
}

#[test]
fn json_is_the_same_in_text() {
    let (endpoint, requests) = receiver(&["200 OK"]);
    let settings = OtlpSettings {
        protocol: Protocol::Json,
        ..settings(&endpoint)
    };
    assert_eq!(export(settings, &[&[span("a")]]), (1, 0));
    let request = requests.recv().unwrap();
    assert!(request.head.contains("content-type: application/json\r\n"));
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let sent = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(sent["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(sent["startTimeUnixNano"], "1000000000");
}

#[test]
fn what_can_be_taken_later_is_sent_again() {
    let (endpoint, requests) = receiver(&["503 Busy\r\nretry-after: 0", "429 Slow", "200 OK"]);
    let registry = Registry::new();
    let exporter = Exporter::start(settings(&endpoint), &registry).unwrap();
    exporter.accept(&[span("a")]);
    let bodies: Vec<_> = (0..3).map(|_| requests.recv().unwrap().body).collect();
    assert!(bodies[1..].iter().all(|body| *body == bodies[0]));
    exporter.end(LONG);
    assert_eq!(counts(&registry), (1, 0));
}

#[test]
fn what_is_refused_is_dropped_and_the_next_is_sent() {
    let (endpoint, requests) = receiver(&["400 Bad", "200 OK"]);
    let registry = Registry::new();
    let exporter = Exporter::start(settings(&endpoint), &registry).unwrap();
    exporter.accept(&[span("a"), span("b")]);
    requests.recv().unwrap();
    exporter.accept(&[span("c")]);
    requests.recv().unwrap();
    exporter.end(LONG);
    assert_eq!(counts(&registry), (1, 2));
}

#[test]
fn the_end_waits_for_no_receiver_that_is_not_there() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = OtlpSettings {
        first_pause: LONG,
        ..settings(&endpoint)
    };
    assert_eq!(export(settings, &[&[span("a")], &[span("b")]]), (0, 2));
}
