//! `POST /orders`, from the event to the answer.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use ::http::HeaderValue;
use domain::OrderStatus;
use expect_test::{Expect, expect};
use ports::StoreError;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::function::aws_lambda_events::encodings::Body;
use ports::function::{Context, Handler, Invocation};
use ports::trace::{Recorder, Scope, Service, ServiceKind, SpanData, SpanId, SpanOutcome, TraceId};
use serde_json::{Map, Value};

use super::OrderCreation;
use crate::test_ports::{Counts, Ids, Store, context, id, order};

const GOOD: &str =
    r#"{"customerId":"CUST-001","items":[{"productId":"PROD-001","quantity":2,"price":29.99}]}"#;

type Function = OrderCreation<Store, Ids, Counts>;

fn function(store: Store) -> Function {
    OrderCreation::new(Arc::new(store), Arc::default(), Arc::default())
}

fn request(body: &str, key: Option<&str>) -> ApiGatewayProxyRequest {
    let mut request = ApiGatewayProxyRequest::default();
    request.path = Some("/orders".to_owned());
    request.body = Some(body.to_owned());
    request
        .headers
        .insert("content-type", HeaderValue::from_static("application/json"));
    request.request_context.identity.api_key_id = Some("key-1".to_owned());
    if let Some(key) = key {
        request
            .headers
            .insert("idempotency-key", HeaderValue::from_str(key).unwrap());
    }
    request
}

async fn place(function: &Function, body: &str, key: Option<&str>) -> ApiGatewayProxyResponse {
    function.handle(&request(body, key), &context()).await
}

/// The answer as text: status, headers, body.
fn show(answer: &ApiGatewayProxyResponse) -> String {
    let mut text = format!("{}\n", answer.status_code);
    for (name, value) in &answer.headers {
        text += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    match &answer.body {
        Some(Body::Text(body)) => text + body,
        other => panic!("{other:?}"),
    }
}

fn check(answer: &ApiGatewayProxyResponse, expected: &Expect) {
    expected.assert_eq(&show(answer));
}

#[tokio::test]
async fn the_seeds_order_is_answered_201() {
    let function = function(Store::new());
    check(
        &place(&function, GOOD, None).await,
        &expect![[r#"
            201
            content-type: application/json
            location: /orders/019bc0fd-8a3b-7000-8000-000000000000
            {"orderId":"019bc0fd-8a3b-7000-8000-000000000000","status":"PENDING","customerId":"CUST-001","totalAmount":59.98,"currency":"USD","createdAt":"2026-01-15T09:30:00.123Z","items":[{"productId":"PROD-001","quantity":2,"price":29.99}],"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#]],
    );
    expect![[r#"
        OrdersCreated{Status=Success} +1
        OrderValue{Currency=USD} =59.98"#]]
    .assert_eq(&function.metrics.take().join("\n"));
    assert!(function.store.orders.lock().unwrap().contains_key(&id(0)));
}

#[tokio::test]
async fn every_fault_is_answered_at_once() {
    let function = function(Store::new());
    let body = r#"{"items":[{"productId":"PROD-001","quantity":0,"price":-1}],"colour":"red"}"#;
    check(
        &place(&function, body, None).await,
        &expect![[r#"
        400
        content-type: application/problem+json
        {"type":"/docs/errors/validation","title":"Invalid Request","status":400,"detail":"unknown field: colour; known here: customerId, items, currency, customerEmail, customerPhone, metadata (and 3 more; see errors)","instance":"/orders","message":"unknown field: colour; known here: customerId, items, currency, customerEmail, customerPhone, metadata (and 3 more; see errors)","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","errors":[{"pointer":"/colour","code":"unknown_field","detail":"unknown field: colour; known here: customerId, items, currency, customerEmail, customerPhone, metadata"},{"pointer":"/customerId","code":"missing_field","detail":"Missing required field: customerId"},{"pointer":"/items/0/quantity","code":"out_of_range","detail":"quantity must be from 1 to 10000, not 0"},{"pointer":"/items/0/price","code":"out_of_range","detail":"price must not be negative, but is -1"}]}"#]],
    );
    assert_eq!(function.metrics.take(), ["OrdersCreated{Status=Invalid} +1"]);
    assert!(function.store.orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn all_that_was_sent_comes_back_beside_the_status() {
    let sent = r#"{"customerId":"CUST-001","items":[{"productId":"PROD-001","quantity":2,"price":29.99}],
        "customerEmail":"a@example.com","customerPhone":"+4366012345","metadata":{"note":"a, \"b\", ü","status":"gift"}}"#;
    let answer = place(&function(Store::new()), sent, None).await;
    let Some(Body::Text(body)) = answer.body else {
        panic!("{answer:?}")
    };
    let mut said: Map<String, Value> = serde_json::from_str(&body).unwrap();
    assert_eq!(said.remove("status"), Some("PENDING".into()));
    let sent: Map<String, Value> = serde_json::from_str(sent).unwrap();
    assert_eq!(
        sent.iter().find(|(name, value)| said.get(*name) != Some(value)),
        None
    );
}

#[tokio::test]
async fn a_missing_body_is_a_bad_request() {
    let function = function(Store::new());
    let mut request = request("", None);
    request.body = None;
    let answer = function.handle(&request, &context()).await;
    assert_eq!(answer.status_code, 400);
}

#[tokio::test]
async fn a_body_in_base64_is_read() {
    use base64::Engine as _;
    let function = function(Store::new());
    let mut request = request(&base64::engine::general_purpose::STANDARD.encode(GOOD), None);
    request.is_base64_encoded = true;
    assert_eq!(function.handle(&request, &context()).await.status_code, 201);
    request.body = Some("%".to_owned());
    assert_eq!(function.handle(&request, &context()).await.status_code, 400);
}

#[tokio::test]
async fn a_client_cannot_choose_its_price() {
    let function = function(Store::new());
    check(
        &place(&function, &GOOD.replace("29.99", "0.01"), None).await,
        &expect![[r#"
            400
            content-type: application/problem+json
            {"type":"/docs/errors/validation","title":"Invalid Request","status":400,"detail":"PROD-001 costs 29.99 USD, not 0.01","instance":"/orders","message":"PROD-001 costs 29.99 USD, not 0.01","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","errors":[{"pointer":"/items/0/price","code":"price_mismatch","detail":"PROD-001 costs 29.99 USD, not 0.01"}]}"#]],
    );
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let function = function(Store::new());
    let first = place(&function, GOOD, Some("a")).await;
    let again = place(&function, GOOD, Some("a")).await;
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers.get("location"), again.headers.get("location"));
    assert_eq!(first.headers.get("idempotent-replayed"), None);
    assert_eq!(
        again.headers.get("idempotent-replayed"),
        Some(&HeaderValue::from_static("true"))
    );
    assert_eq!(function.store.orders.lock().unwrap().len(), 1);

    let other_key = place(&function, GOOD, Some("b")).await;
    assert_ne!(first.body, other_key.body);
    expect![[r#"
        OrdersCreated{Status=Success} +1
        OrderValue{Currency=USD} =59.98
        OrdersCreated{Status=Replayed} +1
        OrdersCreated{Status=Success} +1
        OrderValue{Currency=USD} =59.98"#]]
    .assert_eq(&function.metrics.take().join("\n"));
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_though_the_price_changed_since() {
    let function = function(Store::new());
    let first = place(&function, GOOD, Some("a")).await;
    function.store.put("PROD-001", "31.00", 10);
    let again = place(&function, GOOD, Some("a")).await;
    assert_eq!(again.status_code, 201);
    assert_eq!(first.body, again.body);
    assert_eq!(place(&function, GOOD, Some("b")).await.status_code, 400);
    assert_eq!(place(&function, GOOD, None).await.status_code, 400);
}

#[tokio::test]
async fn clients_do_not_meet_each_others_keys() {
    let function = function(Store::new());
    let first = place(&function, GOOD, Some("a")).await;
    let mut other = request(GOOD, Some("a"));
    other.request_context.identity.api_key_id = Some("key-2".to_owned());
    let second = function.handle(&other, &context()).await;
    assert_eq!(second.status_code, 201);
    assert_ne!(first.body, second.body);
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let function = function(Store::new());
    place(&function, GOOD, Some("a")).await;
    let body = GOOD.replace(":2,", ":3,");
    check(
        &place(&function, &body, Some("a")).await,
        &expect![[r#"
        422
        content-type: application/problem+json
        {"type":"/docs/errors/idempotency-key-reused","title":"Idempotency Key Reused","status":422,"detail":"This Idempotency-Key was used with another body. Send the first body again, or a new key.","instance":"/orders","message":"This Idempotency-Key was used with another body. Send the first body again, or a new key.","traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#]],
    );
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_characters_and_there_once() {
    let function = function(Store::new());
    for (key, status) in [
        ("", 400),
        ("a b", 400),
        (&"x".repeat(256), 400),
        (&"x".repeat(255), 201),
        ("!~", 201),
    ] {
        assert_eq!(
            place(&function, GOOD, Some(key)).await.status_code,
            status,
            "{key}"
        );
    }
    let mut twice = request(GOOD, Some("a"));
    twice
        .headers
        .append("idempotency-key", HeaderValue::from_static("b"));
    assert_eq!(function.handle(&twice, &context()).await.status_code, 400);
}

#[tokio::test]
async fn an_id_that_exists_is_not_used_again() {
    let taken = |count| {
        (0..count).fold(Store::new(), |store, n| {
            store.with_order(order(n, OrderStatus::Pending))
        })
    };
    let placed = function(taken(3));
    let answer = place(&placed, GOOD, None).await;
    assert_eq!(answer.status_code, 201);
    assert_eq!(answer.headers["location"], format!("/orders/{}", id(3)));

    // Ids that are taken time and again are a fault of ours, and end as one.
    let refused = function(taken(100));
    assert_eq!(place(&refused, GOOD, None).await.status_code, 503);
    assert_eq!(refused.metrics.take(), ["OrdersCreated{Status=Failed} +1"]);
}

#[tokio::test]
async fn a_store_that_fails_is_told_without_its_secrets() {
    let function = function(Store::new());
    let secret = || StoreError::failed(std::io::Error::other("/secret/path"));
    for (failure, status, retry_after) in [
        (secret(), 500, None),
        (StoreError::Busy, 503, Some("1")),
        (StoreError::Full("/secret/path".to_owned()), 503, Some("60")),
    ] {
        function.store.fail_next(failure);
        let answer = place(&function, GOOD, None).await;
        assert_eq!(answer.status_code, status);
        let header = answer.headers.get("retry-after").map(|v| v.to_str().unwrap());
        assert_eq!(header, retry_after);
        assert!(!show(&answer).contains("secret"), "{}", show(&answer));
        assert_eq!(function.metrics.take(), ["OrdersCreated{Status=Failed} +1"]);
    }
}

#[tokio::test]
async fn an_order_without_a_trace_gets_one_of_its_own() {
    let function = function(Store::new());
    for trace_id in ["", "not a trace", &"A".repeat(32)] {
        let context = Context {
            trace_id: trace_id.into(),
            ..context()
        };
        let answer = function.handle(&request(GOOD, None), &context).await;
        let orders = function.store.orders.lock().unwrap();
        let last = orders.values().next_back().unwrap();
        assert_eq!(
            last.placed.trace_id,
            last.placed.order_id.as_uuid().simple().to_string()
        );
        assert!(show(&answer).contains(&last.placed.trace_id));
    }
}

#[tokio::test]
async fn another_event_is_refused() {
    let function = Arc::new(function(Store::new()));
    let failure = function
        .call(Invocation::Direct(Value::Null), context())
        .await
        .unwrap_err();
    assert_eq!(failure.error_type, "WrongEvent");
}

/// Keeps the spans that end.
#[derive(Debug, Default)]
struct Spans(AtomicI64, Mutex<Vec<SpanData>>);

impl Recorder for Spans {
    fn now_us(&self) -> i64 {
        self.0.fetch_add(10, Ordering::Relaxed)
    }

    fn takes_first(&self) -> bool {
        false
    }

    fn keep(&self, _: TraceId) {}

    fn record(&self, span: SpanData) {
        self.1.lock().unwrap().push(span);
    }
}

#[tokio::test]
async fn a_trace_has_the_seeds_parts_of_a_creation() {
    let function = function(Store::new());
    function.store.fail_next(StoreError::Busy);
    let spans = Arc::new(Spans::default());
    for _ in 0..2 {
        let trace = TraceId::parse(&context().trace_id).unwrap();
        let scope = Scope::new(
            Arc::clone(&spans) as Arc<dyn Recorder>,
            Service::new("order-creation", ServiceKind::Function),
            "request-1".to_owned(),
            vec![(trace, SpanId::new(1))],
        );
        scope.run(Box::pin(place(&function, GOOD, None))).await;
    }
    let spans = spans.1.lock().unwrap();
    let told: Vec<_> = spans
        .iter()
        .map(|span| (span.name.as_str(), span.outcome, span.order))
        .collect();
    assert_eq!(
        told,
        [
            ("validate_input", SpanOutcome::Ok, None),
            ("create_order", SpanOutcome::Fault, Some(id(0))),
            ("validate_input", SpanOutcome::Ok, None),
            ("create_order", SpanOutcome::Ok, Some(id(1))),
        ]
    );
}
