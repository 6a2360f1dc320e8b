//! What browsers of other origins get.

use expect_test::{Expect, expect};
use gateway::Cors;

use crate::harness::{Gateway, Setup};

const HEADERS: [&str; 7] = [
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-expose-headers",
    "vary",
    "allow",
];

async fn check(origins: &[&str], text: &str, expected: Expect) {
    let cors = Cors {
        allow_origins: origins.iter().map(ToString::to_string).collect(),
        ..Cors::default()
    };
    let gateway = Gateway::with(Setup {
        cors,
        ..Setup::default()
    });
    let answer = gateway.send(text).await;
    let shown = answer.show(&HEADERS);
    let head: Vec<&str> = shown
        .lines()
        .take_while(|line| !line.starts_with(['{', '/']))
        .collect();
    expected.assert_eq(&head.join("\n"));
}

#[tokio::test]
async fn preflights_need_no_key() {
    let preflight = "\norigin: https://shop.example\naccess-control-request-method: POST";
    for (path, expected) in [
        (
            "/orders",
            expect![[r#"
                200 OK
                access-control-allow-origin: *
                access-control-allow-methods: GET, POST, PUT, DELETE, OPTIONS
                access-control-allow-headers: Content-Type, X-Api-Key, Idempotency-Key, Last-Event-ID, X-Amzn-Trace-Id, Traceparent
                access-control-max-age: 600
                access-control-expose-headers: location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, x-amzn-trace-id, traceparent
                allow: GET, HEAD, OPTIONS, POST"#]],
        ),
        (
            "/admin/queues",
            expect![[r#"
                200 OK
                access-control-allow-origin: *
                access-control-allow-methods: GET, POST, PUT, DELETE, OPTIONS
                access-control-allow-headers: Content-Type, X-Api-Key, Idempotency-Key, Last-Event-ID, X-Amzn-Trace-Id, Traceparent
                access-control-max-age: 600
                access-control-expose-headers: location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, x-amzn-trace-id, traceparent
                allow: GET,HEAD"#]],
        ),
        (
            "/nowhere",
            expect![[r#"
                404 Not Found
                access-control-allow-origin: *
                access-control-expose-headers: location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, x-amzn-trace-id, traceparent"#]],
        ),
    ] {
        check(&["*"], &format!("OPTIONS {path}{preflight}"), expected).await;
    }
}

#[tokio::test]
async fn every_answer_may_be_read_by_every_origin_that_is_allowed() {
    for call in [
        "GET /orders\nkey: client",
        "GET /orders",
        "GET /nowhere",
        "GET /health",
        "POST /fail\nkey: client",
    ] {
        let gateway = Gateway::new();
        let answer = gateway.send(call).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{call}");
    }
}

#[tokio::test]
async fn named_origins_are_answered_by_name() {
    let origins = ["https://shop.example", "https://admin.example"];
    check(
        &origins,
        "GET /orders\nkey: client\norigin: https://admin.example",
        expect![[r#"
            201 Created
            access-control-allow-origin: https://admin.example
            access-control-expose-headers: location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, x-amzn-trace-id, traceparent
            vary: origin"#]],
    )
    .await;
    check(
        &origins,
        "GET /orders\nkey: client\norigin: https://evil.example",
        expect![[r#"
            201 Created
            vary: origin"#]],
    )
    .await;
}

#[tokio::test]
async fn without_origins_there_is_no_cors() {
    check(
        &[],
        "OPTIONS /orders\norigin: https://shop.example\naccess-control-request-method: POST",
        expect![[r#"
            200 OK
            allow: GET, HEAD, OPTIONS, POST"#]],
    )
    .await;
}

#[tokio::test]
async fn the_console_is_for_its_own_origin_whatever_the_interface_allows() {
    for origins in [&["*"][..], &["https://shop.example"]] {
        check(
            origins,
            "GET /console\norigin: https://shop.example",
            expect![[r#"
                200 OK
                console"#]],
        )
        .await;
    }
}
