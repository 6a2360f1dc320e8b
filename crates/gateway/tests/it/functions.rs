//! From a request to a function's event, and from its answer back.

use std::time::Duration;

use axum::body::Body;
use expect_test::{Expect, expect};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use serde_json::Value;

use crate::harness::{Gateway, Setup, request};

const HEADERS: [&str; 4] = ["content-type", "allow", "retry-after", "location"];

async fn check(text: &str, expected: Expect) {
    let gateway = Gateway::new();
    expected.assert_eq(&gateway.send(text).await.show(&HEADERS));
}

#[tokio::test]
async fn gives_the_function_the_whole_request() {
    let gateway = Gateway::new();
    let answer = gateway
        .send(
            "POST /orders/a%20b%2Fc/cancel?reason=too%20late&x=1&x=2&empty\nkey: client\n\
             content-type: application/json\nidempotency-key: k-1\nx-twice: a\nx-twice: b\n\
             traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n\
             x-amzn-requestid: 550e8400-e29b-41d4-a716-446655440000\n\n{\"a\":1}",
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let (event, context) = gateway.last_event();
    assert_eq!(&*context.request_id, "550e8400-e29b-41d4-a716-446655440000");
    assert_eq!(&*context.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    let mut event: Value = serde_json::to_value(event).unwrap();
    // Unset members say nothing here.
    event["requestContext"]
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    event["requestContext"]["identity"]
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    // Headers come in whatever order the map has them.
    event.sort_all_objects();
    expect![[r#"
        {
          "body": "{\"a\":1}",
          "headers": {
            "content-type": "application/json",
            "idempotency-key": "k-1",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "x-amzn-requestid": "550e8400-e29b-41d4-a716-446655440000",
            "x-amzn-trace-id": "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736",
            "x-twice": "a"
          },
          "httpMethod": "POST",
          "isBase64Encoded": false,
          "multiValueHeaders": {
            "content-type": [
              "application/json"
            ],
            "idempotency-key": [
              "k-1"
            ],
            "traceparent": [
              "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            ],
            "x-amzn-requestid": [
              "550e8400-e29b-41d4-a716-446655440000"
            ],
            "x-amzn-trace-id": [
              "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736"
            ],
            "x-twice": [
              "a",
              "b"
            ]
          },
          "multiValueQueryStringParameters": {
            "empty": [
              ""
            ],
            "reason": [
              "too late"
            ],
            "x": [
              "1",
              "2"
            ]
          },
          "path": "/orders/a%20b%2Fc/cancel",
          "pathParameters": {
            "orderId": "a b/c"
          },
          "queryStringParameters": {
            "empty": "",
            "reason": "too late",
            "x": "1"
          },
          "requestContext": {
            "httpMethod": "POST",
            "identity": {
              "apiKeyId": "id-client"
            },
            "path": "/orders/a%20b%2Fc/cancel",
            "protocol": "HTTP/1.1",
            "requestId": "550e8400-e29b-41d4-a716-446655440000",
            "requestTimeEpoch": 1768469400000,
            "resourcePath": "/orders/{orderId}/cancel",
            "stage": "local"
          },
          "resource": "/orders/{orderId}/cancel",
          "stageVariables": {}
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&event).unwrap());
}

#[tokio::test]
async fn takes_the_rest_of_a_path_where_the_template_says_so() {
    let gateway = Gateway::new();
    let answer = gateway.send("GET /files/a/b/c.txt\nkey: client").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let (event, _) = gateway.last_event();
    assert_eq!(event.path_parameters["proxy"], "a/b/c.txt");
    assert_eq!(event.resource.as_deref(), Some("/files/{proxy+}"));
}

#[tokio::test]
async fn answers_with_what_the_function_answered() {
    check(
        "POST /orders\nkey: client\ncontent-type: application/json; charset=utf-8\n\n{\"a\":\"ü\"}",
        expect![[r#"
            201 Created
            content-type: application/json
            {"a":"ü"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_post_without_a_body_needs_no_media_type() {
    check(
        "POST /orders/1/cancel\nkey: client",
        expect![[r#"
            201 Created
            content-type: application/json
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_function_that_fails_tells_the_client_nothing_of_its_insides() {
    for path in ["/fail", "/panic", "/nonsense"] {
        check(
            &format!("POST {path}\nkey: client"),
            expect![[r#"
                502 Bad Gateway
                content-type: application/problem+json
                /docs/errors/function-failed | Internal server error | The function failed. The request may have taken effect: send it again with the same Idempotency-Key."#]],
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_takes_too_long_is_left() {
    check(
        "POST /wait\nkey: client",
        expect![[r#"
            504 Gateway Timeout
            content-type: application/problem+json
            retry-after: 1
            /docs/errors/timeout | Endpoint request timed out | The function took too long. The request may have taken effect: send it again with the same Idempotency-Key."#]],
    )
    .await;
}

#[tokio::test]
async fn more_calls_than_the_bound_get_503_at_once_and_room_comes_back() {
    let mut setup = Setup::default();
    setup.limits.max_in_flight = 1;
    let gateway = Gateway::with(setup);
    let first = tokio::spawn({
        let router = gateway.router.clone();
        async move { tower::ServiceExt::oneshot(router, request("POST /wait\nkey: client")).await }
    });
    // On this single-threaded runtime the first call runs until it waits inside its function.
    tokio::task::yield_now().await;
    let refused = gateway.send("POST /orders\nkey: client").await;
    expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 1
        /docs/errors/overloaded | Service Unavailable | The server has as much in hand as it can take; try again shortly."#]]
    .assert_eq(&refused.show(&HEADERS));
    gateway.release.notify_one();
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
    let after = gateway.send("POST /orders\nkey: client").await;
    assert_eq!(after.status, StatusCode::CREATED);
}

/// Nothing of a call that can't be served is read, and it costs its key nothing.
#[tokio::test]
async fn what_is_shed_is_neither_read_nor_counted() {
    let mut setup = Setup::default();
    setup.limits.max_in_flight = 1;
    let gateway = Gateway::with(setup);
    let first = tokio::spawn({
        let router = gateway.router.clone();
        async move { tower::ServiceExt::oneshot(router, request("POST /wait\nkey: client")).await }
    });
    tokio::task::yield_now().await;
    let before = gateway.engine.counted();
    let mut never_ends = request("POST /orders\nkey: client\ncontent-type: application/json");
    *never_ends.body_mut() =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(gateway.send_request(never_ends).await.status, 503);
    assert_eq!(gateway.engine.counted(), before);
    gateway.release.notify_one();
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn large_bodies_are_few_at_a_time_and_small_ones_pass_them() {
    let mut setup = Setup::default();
    setup.limits.max_large_bodies = 1;
    let gateway = Gateway::with(setup);
    let post = |body: Body| {
        let mut request = request("POST /orders\nkey: client\ncontent-type: application/json");
        *request.body_mut() = body;
        request
    };
    let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![b' '; 20_000])]);
    let endless = Body::from_stream(begun.chain(futures_util::stream::pending()));
    let first = tokio::spawn(tower::ServiceExt::oneshot(gateway.router.clone(), post(endless)));
    tokio::task::yield_now().await;
    let large = vec![b' '; 20_000];
    assert_eq!(gateway.send_request(post(large.clone().into())).await.status, 503);
    assert_eq!(
        gateway.send_request(post(vec![b' '; 16_384].into())).await.status,
        201
    );
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(gateway.send_request(post(large.into())).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_left_gives_its_place_back() {
    let mut setup = Setup::default();
    setup.limits.max_in_flight = 1;
    let gateway = Gateway::with(setup);
    for _ in 0..3 {
        let answer = gateway.send("POST /wait\nkey: client").await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    }
    drop(tokio::time::timeout(Duration::from_secs(1), gateway.send("POST /wait\nkey: client")).await);
    let after = gateway.send("POST /orders\nkey: client").await;
    assert_eq!(after.status, StatusCode::CREATED);
}

#[tokio::test]
async fn counts_what_api_gateway_counts() {
    let gateway = Gateway::new();
    gateway.send("POST /orders\nkey: client").await;
    gateway.send("GET /orders/1").await;
    gateway.send("POST /fail\nkey: client").await;
    gateway.send("GET /nowhere").await;
    expect![[r#"
        Count ApiName=orders-api Stage=local Resource=/orders Method=POST +1
        Latency observed
        Count ApiName=orders-api Stage=local Resource=/orders/{orderId} Method=GET +1
        4XXError ApiName=orders-api Stage=local Resource=/orders/{orderId} Method=GET +1
        Latency observed
        Count ApiName=orders-api Stage=local Resource=/fail Method=POST +1
        5XXError ApiName=orders-api Stage=local Resource=/fail Method=POST +1
        Latency observed"#]]
    .assert_eq(&gateway.metrics.names.lock().unwrap().join("\n"));
}

#[tokio::test]
async fn every_request_has_ids_of_its_own() {
    let gateway = Gateway::new();
    let first = gateway.send("POST /orders\nkey: client").await;
    let second = gateway.send("POST /orders\nkey: client").await;
    for header in ["x-amzn-requestid", "x-amzn-trace-id", "traceparent"] {
        assert_ne!(first.header(header).unwrap(), second.header(header).unwrap());
    }
    let (event, context) = gateway.last_event();
    assert_eq!(context.trace_id.len(), 32);
    assert_eq!(
        event.headers["x-amzn-trace-id"],
        second.header("x-amzn-trace-id").unwrap()
    );
    assert_eq!(&*context.request_id, second.header("x-amzn-requestid").unwrap());
}

#[tokio::test]
async fn head_is_get_to_the_function() {
    let gateway = Gateway::new();
    let head = Request::head("/orders").header("x-api-key", "secret-client");
    let answer = gateway.send_request(head.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(gateway.last_event().0.http_method, http::Method::GET);
}
