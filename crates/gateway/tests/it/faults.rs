//! Requests that are wrong: each gets a problem document that says what and where, and reaches no function.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use expect_test::{Expect, expect};
use gateway::{ConfigError, Cors, GatewayConfig, Limits};
use http::{Method, Request};

use crate::doubles::parts;
use crate::harness::{Gateway, Setup, route};

const HEADERS: [&str; 3] = ["content-type", "allow", "retry-after"];

async fn check(text: &str, expected: Expect) {
    check_with(Gateway::new(), crate::harness::request(text), expected).await;
}

async fn check_with(gateway: Gateway, request: Request<Body>, expected: Expect) {
    let answer = gateway.send_request(request).await;
    expected.assert_eq(&answer.show(&HEADERS));
    assert!(gateway.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn unknown_paths() {
    for path in [
        "/nowhere",
        "/orders/",
        "//orders",
        "/Orders",
        "/orders/1/2/3",
        "/admin",
        "/files/",
    ] {
        check(
            &format!("GET {path}\nkey: client"),
            expect![[r#"
                404 Not Found
                content-type: application/problem+json
                /docs/errors/not-found | Not Found | There is nothing at this path; /openapi.json lists all there is."#]],
        )
        .await;
    }
}

#[tokio::test]
async fn wrong_methods() {
    check(
        "DELETE /orders\nkey: client",
        expect![[r#"
            405 Method Not Allowed
            content-type: application/problem+json
            allow: GET, HEAD, OPTIONS, POST
            /docs/errors/method-not-allowed | Method Not Allowed | This path exists, but not with this method; Allow names those it has."#]],
    )
    .await;
    check(
        "POST /health",
        expect![[r#"
            405 Method Not Allowed
            content-type: application/problem+json
            allow: GET,HEAD
            /docs/errors/method-not-allowed | Method Not Allowed | This path exists, but not with this method; Allow names those it has."#]],
    )
    .await;
    check(
        "PATCH /admin/keys",
        expect![[r#"
            405 Method Not Allowed
            content-type: application/problem+json
            allow: GET,HEAD,POST
            /docs/errors/method-not-allowed | Method Not Allowed | This path exists, but not with this method; Allow names those it has."#]],
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_not_json() {
    let media_types = [
        "content-type: application/x-www-form-urlencoded\n",
        "content-type: text/plain\n",
        "",
    ];
    for media_type in media_types {
        check(
            &format!("POST /orders\nkey: client\n{media_type}\n{{}}"),
            expect![[r#"
                415 Unsupported Media Type
                content-type: application/problem+json
                /docs/errors/unsupported-media-type | Unsupported Media Type | Send the body as JSON with Content-Type: application/json."#]],
        )
        .await;
    }
    check(
        "POST /orders\nkey: client\ncontent-type: application/json\ncontent-encoding: gzip\n\n{}",
        expect![[r#"
            415 Unsupported Media Type
            content-type: application/problem+json
            /docs/errors/unsupported-media-type | Unsupported Media Type | Send the body without Content-Encoding."#]],
    )
    .await;
}

fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/orders")
        .header("x-api-key", "secret-client")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn bodies_that_are_not_utf8() {
    check_with(
        Gateway::new(),
        post(&b"{\"a\":\"\xff\"}"[..]),
        expect![[r#"
            400 Bad Request
            content-type: application/problem+json
            /docs/errors/bad-request | The body is not UTF-8: the byte at offset 6 is wrong."#]],
    )
    .await;
}

/// A body in pieces of 10 bytes, whose length nobody announces.
fn chunked(bytes: usize) -> Body {
    let pieces = (0..bytes)
        .step_by(10)
        .map(move |at| Ok::<_, std::io::Error>(vec![b' '; 10.min(bytes - at)]));
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn bodies_over_the_limit() {
    let too_long = || {
        expect![[r#"
            413 Payload Too Large
            content-type: application/problem+json
            /docs/errors/body-too-large | Request Too Long | A request body holds at most 100 bytes."#]]
    };
    let small = || {
        let mut setup = Setup::default();
        setup.limits.max_body_bytes = 100;
        Gateway::with(setup)
    };
    check_with(small(), post(vec![b' '; 101]), too_long()).await;
    check_with(small(), post(chunked(101)), too_long()).await;
    check_with(small(), post(chunked(10_000)), too_long()).await;
    let mut announced = post(Body::empty());
    announced
        .headers_mut()
        .insert("content-length", http::HeaderValue::from_static("99999999999"));
    *announced.body_mut() = chunked(10);
    check_with(small(), announced, too_long()).await;

    let gateway = small();
    for body in [Body::from(vec![b' '; 100]), chunked(100), chunked(95)] {
        assert_eq!(gateway.send_request(post(body)).await.status, 201);
    }
    let lengths: Vec<usize> = gateway
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|(event, _)| event.body.as_ref().unwrap().len())
        .collect();
    assert_eq!(lengths, [100, 100, 95]);
}

/// A client that sends first and reads then gets its answer only if what it sends is read; but not without end.
#[tokio::test]
async fn a_body_over_the_limit_is_read_up_to_four_times_the_limit() {
    for (bytes, read) in [(390, 39), (10_000, 41)] {
        let mut setup = Setup::default();
        setup.limits.max_body_bytes = 100;
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let pieces = (0..bytes / 10).map(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(vec![b' '; 10])
        });
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        assert_eq!(Gateway::with(setup).send_request(post(body)).await.status, 413);
        assert_eq!(count.load(Ordering::SeqCst), read);
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_that_never_come() {
    let body = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    check_with(
        Gateway::new(),
        post(body),
        expect![[r#"
            408 Request Timeout
            content-type: application/problem+json
            /docs/errors/request-timeout | Request Timeout | The body did not arrive within 10 seconds."#]],
    )
    .await;
}

#[tokio::test]
async fn bodies_that_break_off() {
    let pieces = [Ok("{\"a\":".to_owned()), Err(std::io::Error::other("hung up"))];
    check_with(
        Gateway::new(),
        post(Body::from_stream(futures_util::stream::iter(pieces))),
        expect![[r#"
            400 Bad Request
            content-type: application/problem+json
            /docs/errors/bad-request | The body ended before it was whole."#]],
    )
    .await;
}

#[tokio::test]
async fn paths_and_queries_that_are_not_utf8() {
    check(
        "GET /orders/%ff\nkey: client",
        expect![[r#"
            400 Bad Request
            content-type: application/problem+json
            /docs/errors/bad-request | The path is not UTF-8 once its percent signs are decoded."#]],
    )
    .await;
    check(
        "GET /orders?status=%c3%28\nkey: client",
        expect![[r#"
            400 Bad Request
            content-type: application/problem+json
            /docs/errors/bad-request | The query string is not UTF-8 once its percent signs are decoded."#]],
    )
    .await;
}

#[tokio::test]
async fn heads_over_the_limit() {
    let long = "x".repeat(11_000);
    let requests = [
        format!("GET /orders?cursor={long}\nkey: client"),
        format!("GET /orders/{long}\nkey: client"),
        format!("GET /health\nx-flood: {long}"),
    ];
    for request in requests {
        check(
            &request,
            expect![[r#"
                431 Request Header Fields Too Large
                content-type: application/problem+json
                /docs/errors/headers-too-large | Request Header Fields Too Large | Path, query and headers together hold at most 10240 bytes."#]],
        )
        .await;
    }
}

#[test]
fn configurations_that_cannot_be_served() {
    let check = |routes, cors: Cors, expected: Expect| {
        let config = GatewayConfig {
            api: "orders-api".to_owned(),
            stage: "local".to_owned(),
            routes,
            cors,
            limits: Limits::default(),
            access_log: false,
        };
        let functions = [(
            "f".to_owned(),
            Arc::new(crate::doubles::Function(|_, _| async {
                Ok(ports::function::Reply::Done)
            })) as Arc<dyn ports::function::Handler>,
        )];
        let error: ConfigError = gateway::router(config, parts(functions.into())).unwrap_err();
        expected.assert_eq(&error.to_string());
    };
    let get = |path, function| route(Method::GET, path, function);
    check(
        vec![get("/a", "g")],
        Cors::default(),
        expect!["GET /a goes to the function g, which doesn't exist"],
    );
    check(
        vec![get("/a", "f"), get("/a", "f")],
        Cors::default(),
        expect!["GET /a is there twice"],
    );
    check(
        vec![get("/a/{x}", "f"), get("/a/{y}", "f")],
        Cors::default(),
        expect![
            "the path /a/{y} can't be used: Insertion failed due to conflict with previously registered route: /a/{x}"
        ],
    );
    let cors = Cors {
        allow_origins: vec!["https://a\n".to_owned()],
        ..Cors::default()
    };
    check(
        vec![],
        cors,
        expect![[r#"the CORS setting "https://a\n" can't stand in a header"#]],
    );
}
