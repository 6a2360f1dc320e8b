//! What is kept and what isn't.

use std::sync::{Arc, Mutex};

use ports::metrics::{MetricSource, Sample};
use ports::trace::{
    Name, Recorder, Service, ServiceKind, SpanData, SpanId, SpanKind, SpanOutcome, SpanSink, TraceId,
};

use super::{MAX_KEPT_PER_S, Tracer};
use crate::metrics::Registry;

#[derive(Default)]
struct Kept(Mutex<Vec<SpanData>>);

impl SpanSink for Kept {
    fn accept(&self, spans: &[SpanData]) {
        self.0.lock().unwrap().extend_from_slice(spans);
    }
}

fn span(trace: u128, name: &str, outcome: SpanOutcome, took_us: i64) -> SpanData {
    SpanData {
        trace: TraceId(trace),
        id: SpanId::of(TraceId(trace), name, b""),
        parent: None,
        service: Service::new("order-creation", ServiceKind::Function),
        caller: Some(Service::new("orders-api", ServiceKind::Api)),
        name: Name::of(name),
        kind: SpanKind::Client,
        started_us: 0,
        ended_us: took_us,
        outcome,
        order: None,
        detail: None,
    }
}

/// The spans that are kept of those recorded, by trace and name.
fn kept(tracer: &Tracer) -> Vec<(u128, &'static str)> {
    let kept = Arc::new(Kept::default());
    tracer
        .collector()
        .hand_over(&[Arc::clone(&kept) as Arc<dyn SpanSink>]);
    let spans = kept.0.lock().unwrap();
    spans.iter().map(|s| (s.trace.0, s.name.as_str())).collect()
}

fn tracer() -> Tracer {
    Tracer::new(Arc::new(Registry::new()))
}

#[test]
fn a_sampled_trace_is_kept_and_another_is_not() {
    let tracer = tracer();
    let sampled = TraceId(7).sampled().0;
    tracer.record(span(7, "a", SpanOutcome::Ok, 10));
    tracer.record(span(sampled, "b", SpanOutcome::Ok, 10));
    assert_eq!(kept(&tracer), [(sampled, "b")]);
}

#[test]
fn a_failure_keeps_what_came_before_and_what_comes_after() {
    for (outcome, took_us) in [
        (SpanOutcome::Fault, 10),
        (SpanOutcome::Error, 10),
        (SpanOutcome::Throttle, 10),
        (SpanOutcome::Ok, super::SLOW_US as i64),
    ] {
        let tracer = tracer();
        tracer.record(span(7, "before", SpanOutcome::Ok, 10));
        tracer.record(span(8, "another's", SpanOutcome::Ok, 10));
        tracer.record(span(7, "bad", outcome, took_us));
        tracer.record(span(7, "after", SpanOutcome::Ok, 10));
        assert_eq!(
            kept(&tracer),
            [(7, "before"), (7, "bad"), (7, "after")],
            "{outcome:?}"
        );
    }
}

#[test]
fn waiting_is_not_slow() {
    let tracer = tracer();
    let mut waited = span(7, "Wait", SpanOutcome::Ok, 3_600_000_000);
    waited.kind = SpanKind::Consumer;
    tracer.record(waited);
    assert_eq!(kept(&tracer), []);
}

#[test]
fn a_trace_that_a_caller_keeps_is_kept() {
    let tracer = tracer();
    tracer.keep(TraceId(9));
    tracer.record(span(9, "a", SpanOutcome::Ok, 10));
    assert_eq!(kept(&tracer), [(9, "a")]);
}

#[test]
fn when_everything_fails_no_more_is_kept_than_tells_why() {
    let registry = Arc::new(Registry::new());
    let tracer = Tracer::new(Arc::clone(&registry));
    for trace in 0..u128::from(MAX_KEPT_PER_S) * 3 {
        tracer.record(span(trace, "bad", SpanOutcome::Fault, 10));
    }
    let kept = kept(&tracer).len() as u64;
    // A second may have turned meanwhile, but not three.
    assert!((100..300).contains(&kept), "{kept}");
    let not_kept = registry
        .take()
        .into_iter()
        .find(|sample| sample.name == "TracesNotKept");
    assert_eq!(kept + not_kept.unwrap().values.count, 300);
}

#[test]
fn the_first_of_each_second_is_taken_once() {
    let tracer = tracer();
    assert!(tracer.takes_first());
    let second = |tracer: &Tracer| tracer.now_us() / 1_000_000;
    let began = second(&tracer);
    let more = (0..1_000).filter(|_| tracer.takes_first()).count() as i64;
    assert!(more <= second(&tracer) - began, "{more}");
}

#[test]
fn every_call_is_on_the_map_whether_it_is_kept_or_not() {
    let registry = Arc::new(Registry::new());
    let tracer = Tracer::new(Arc::clone(&registry));
    tracer.record(span(1, "a", SpanOutcome::Ok, 2_000));
    tracer.record(span(2, "a", SpanOutcome::Fault, 4_000));
    let mut samples: Vec<Sample> = registry.take();
    samples.sort_by_key(|sample| sample.name);
    let [failures, latency] = samples.as_slice() else {
        panic!("{samples:?}")
    };
    assert_eq!(
        (failures.values.count, latency.values.count, latency.values.sum),
        (1, 2, 6.0)
    );
    let dimensions: Vec<_> = latency
        .dimensions
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(
        dimensions,
        [
            "From=orders-api",
            "FromKind=api",
            "To=order-creation",
            "ToKind=function"
        ]
    );
}

#[test]
fn calls_of_tables_are_counted_as_dynamodb_does() {
    let registry = Arc::new(Registry::new());
    let tracer = Tracer::new(Arc::clone(&registry));
    for (operation, outcome, took_us) in [
        ("PutItem", SpanOutcome::Ok, 2_000),
        ("PutItem", SpanOutcome::Ok, 6_000),
        ("PutItem", SpanOutcome::Fault, 9_000),
        ("UpdateItem", SpanOutcome::Error, 1_000),
        // Part of a transaction of the engine's.
        ("GetItem", SpanOutcome::Ok, 0),
    ] {
        tracer.record(SpanData {
            service: Service::new("OrdersTable", ServiceKind::Table),
            ..span(1, operation, outcome, took_us)
        });
    }
    let of_tables = registry
        .take()
        .into_iter()
        .filter(|sample| sample.dimensions[0].0 == "TableName");
    let mut shown: Vec<String> = of_tables
        .map(|sample| {
            let dimensions: Vec<&str> = sample
                .dimensions
                .iter()
                .map(|(_, value)| value.as_str())
                .collect();
            let (count, sum) = (sample.values.count, sample.values.sum);
            format!("{} {} {count} {sum}", sample.name, dimensions.join(" "))
        })
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            "SuccessfulRequestLatency OrdersTable PutItem 2 8",
            "SystemErrors OrdersTable PutItem 1 1",
            "UserErrors OrdersTable UpdateItem 1 1",
        ]
    );
}
