//! What is stored of traces, and how it is told.

use ports::trace::{Name, Service, ServiceKind, SpanDetail, SpanId, SpanKind};

use super::*;

/// A Tuesday in 2023, in microseconds.
const NOON_US: i64 = 1_700_000_000_000_123;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(include_str!("../../../migrations/telemetry.sql"))
        .unwrap();
    connection
}

/// A span that begins so long after noon, and takes so long.
fn span(trace: u128, name: &str, after_us: i64, took_us: i64) -> SpanData {
    SpanData {
        trace: TraceId(trace),
        id: SpanId::of(TraceId(trace), name, b""),
        parent: None,
        service: Service::new("order-creation", ServiceKind::Function),
        caller: None,
        name: Name::of(name),
        kind: SpanKind::Client,
        started_us: NOON_US + after_us,
        ended_us: NOON_US + after_us + took_us,
        outcome: SpanOutcome::Ok,
        order: None,
        detail: None,
    }
}

fn store(connection: &mut Connection, spans: &[SpanData]) {
    let tx = connection.transaction().unwrap();
    insert(&tx, spans).unwrap();
    tx.commit().unwrap();
}

fn names(connection: &Connection, trace: u128) -> Vec<String> {
    let spans = spans(connection, TraceId(trace)).unwrap();
    spans.into_iter().map(|span| span.name).collect()
}

#[test]
fn a_trace_that_comes_in_parts_is_told_whole() {
    let mut connection = database();
    let order = OrderId::from_parts(1_700_000_000_000, 1, 2);
    let mut failed = span(7, "late", 500, 1_000_000);
    failed.outcome = SpanOutcome::Error;
    failed.order = Some(order);
    store(
        &mut connection,
        &[span(7, "b", 20, 5), span(8, "another's", 0, 1), failed],
    );
    store(&mut connection, &[span(7, "first", 10, 5)]);
    assert_eq!(names(&connection, 7), ["b", "late", "first"]);
    assert_eq!(names(&connection, 8), ["another's"]);
    assert_eq!(
        find(&connection, TraceId(7)).unwrap(),
        Some(Some(order.to_string()))
    );
    assert_eq!(find(&connection, TraceId(9)).unwrap(), None);

    let failures = TraceFilter {
        failed: true,
        ..TraceFilter::default()
    };
    let listed = list(&connection, &failures, 10).unwrap();
    let [trace] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!((trace.name.as_str(), trace.spans), ("first", 3));
    assert_eq!(trace.duration_us, 500 + 1_000_000 - 10);
    assert_eq!(
        (trace.outcome, trace.keeping),
        (SpanOutcome::Error, Keeping::Failed)
    );
    assert_eq!(list(&connection, &TraceFilter::default(), 10).unwrap().len(), 2);
}

#[test]
fn a_slow_span_is_why_a_trace_was_kept_whichever_part_it_came_in() {
    for slow_first in [true, false] {
        let mut connection = database();
        let (slow, quick) = (span(7, "slow", 0, 1_000_000), span(7, "quick", 1, 10));
        let parts = if slow_first { [slow, quick] } else { [quick, slow] };
        parts.into_iter().for_each(|part| store(&mut connection, &[part]));
        let listed = list(&connection, &TraceFilter::default(), 10).unwrap();
        assert_eq!(listed[0].keeping, Keeping::Slow);
    }
}

#[test]
fn a_span_is_told_as_it_was_recorded() {
    let mut connection = database();
    let mut recorded = span(7, "Invoke", 0, 42);
    recorded.parent = Some(SpanId::new(u64::MAX));
    recorded.outcome = SpanOutcome::Fault;
    recorded.detail = Some(Box::new(SpanDetail {
        error: Some("said \"no\"".to_owned()),
        attributes: vec![("http.response.status_code", "500".to_owned())],
    }));
    store(&mut connection, std::slice::from_ref(&recorded));
    let told = spans(&connection, TraceId(7)).unwrap();
    let right = Span {
        span_id: recorded.id.to_string(),
        parent_id: Some("ffffffffffffffff".to_owned()),
        depth: 0,
        name: "Invoke".to_owned(),
        service: "order-creation".to_owned(),
        kind: SpanKind::Client,
        started_at: Timestamp::from_ms(1_700_000_000_000),
        offset_us: 123,
        duration_us: 42,
        outcome: SpanOutcome::Fault,
        error: Some("said \"no\"".to_owned()),
        attributes: vec![("http.response.status_code".to_owned(), "500".to_owned())],
    };
    assert_eq!(told, [right]);
}

#[test]
fn a_trace_fills_no_disk() {
    let mut connection = database();
    let many: Vec<SpanData> = (0..1_500).map(|at| span(7, "again", at, 1)).collect();
    for _ in 0..3 {
        store(&mut connection, &many);
    }
    assert_eq!(names(&connection, 7).len(), MAX_SPANS);
}

#[test]
fn what_is_too_old_goes_with_its_spans() {
    let mut connection = database();
    store(&mut connection, &[span(7, "old", -1, 1), span(8, "new", 0, 1)]);
    let tx = connection.transaction().unwrap();
    assert!(!expire(&tx, NOON_US + KEPT_US).unwrap());
    tx.commit().unwrap();
    assert_eq!((names(&connection, 7).len(), names(&connection, 8).len()), (0, 1));
    assert_eq!(find(&connection, TraceId(7)).unwrap(), None);
}
