//! Keys, throttles and quotas.

use std::time::Duration;

use expect_test::{Expect, expect};

use crate::harness::Gateway;

const HEADERS: [&str; 3] = ["retry-after", "ratelimit-policy", "ratelimit"];

async fn check(text: &str, expected: Expect) {
    let gateway = Gateway::new();
    expected.assert_eq(&gateway.send(text).await.show(&HEADERS));
    assert!(gateway.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_a_known_key_nobody_gets_in() {
    for key in ["", "\nkey: nobody", "\nx-api-key: ", "\nx-api-key: clé"] {
        check(
            &format!("POST /orders{key}"),
            expect![[r#"
                403 Forbidden
                /docs/errors/forbidden | Forbidden | Send a valid API key in the x-api-key header."#]],
        )
        .await;
    }
}

#[tokio::test]
async fn a_clients_key_is_not_an_admins() {
    for call in [
        "PUT /products/P-1",
        "GET /admin/queues",
        "POST /admin/keys",
        "DELETE /admin/keys/x",
    ] {
        check(
            &format!("{call}\nkey: client"),
            expect![[r#"
                403 Forbidden
                /docs/errors/unauthorized-admin | Forbidden | This call needs an admin's key."#]],
        )
        .await;
    }
    let gateway = Gateway::new();
    let put = gateway
        .send("PUT /products/P-1\nkey: admin\ncontent-type: application/json\n\n{}")
        .await;
    assert_eq!(put.status, 201);
}

#[tokio::test]
async fn a_route_that_needs_no_key_asks_for_none() {
    let gateway = Gateway::new();
    assert_eq!(gateway.send("GET /open").await.status, 201);
    assert_eq!(gateway.last_event().0.request_context.identity.api_key_id, None);
}

#[tokio::test]
async fn the_keys_secret_stays_with_the_gateway() {
    let gateway = Gateway::new();
    gateway.send("GET /orders\nkey: client").await;
    let (event, _) = gateway.last_event();
    assert!(!format!("{event:?}").contains("secret-client"));
    assert_eq!(
        event.request_context.identity.api_key_id.as_deref(),
        Some("id-client")
    );
}

/// The key `tight` may call once a second, twice at once, three times a day.
#[tokio::test(start_paused = true)]
async fn burst_then_rate_then_quota() {
    let gateway = Gateway::new();
    let get = async || gateway.send("GET /orders\nkey: tight").await.show(&HEADERS);
    expect![[r#"
        201 Created
        ratelimit-policy: "throttle";q=2;w=2, "quota";q=3;w=86400
        ratelimit: "throttle";r=1;t=1, "quota";r=2;t=52200
    "#]]
    .assert_eq(&get().await);
    expect![[r#"
        201 Created
        ratelimit-policy: "throttle";q=2;w=2, "quota";q=3;w=86400
        ratelimit: "throttle";r=0;t=1, "quota";r=1;t=52200
    "#]]
    .assert_eq(&get().await);
    expect![[r#"
        429 Too Many Requests
        retry-after: 1
        ratelimit-policy: "throttle";q=2;w=2
        ratelimit: "throttle";r=0;t=1
        /docs/errors/throttled | Too Many Requests | The key's usage plan allows no more requests a second; slow down."#]]
    .assert_eq(&get().await);
    assert_eq!(
        gateway.engine.used("id-tight"),
        2,
        "a throttled request is not counted"
    );

    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(get().await.starts_with("201"));
    expect![[r#"
        429 Too Many Requests
        retry-after: 52200
        ratelimit-policy: "throttle";q=2;w=2, "quota";q=3;w=86400
        ratelimit: "throttle";r=0;t=1, "quota";r=0;t=52200
        /docs/errors/quota-exceeded | Limit Exceeded | The key's quota of 3 requests is used up until 2026-01-16T00:00:00.000Z."#]]
    .assert_eq(&get().await);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_as_long_as_it_was_told_is_served() {
    let gateway = Gateway::new();
    gateway.send("GET /orders\nkey: tight").await;
    gateway.send("GET /orders\nkey: tight").await;
    let refused = gateway.send("GET /orders\nkey: tight").await;
    let wait = refused.header("retry-after").unwrap().parse().unwrap();
    tokio::time::advance(Duration::from_secs(wait)).await;
    assert_eq!(gateway.send("GET /orders\nkey: tight").await.status, 201);
}

#[tokio::test]
async fn a_key_without_limits_has_no_limit_headers() {
    let gateway = Gateway::new();
    let answer = gateway.send("GET /orders\nkey: client").await;
    assert_eq!(
        (answer.header("ratelimit"), answer.header("ratelimit-policy")),
        (None, None)
    );
    assert_eq!(gateway.engine.used("id-client"), 1, "it is counted all the same");
}

#[tokio::test]
async fn the_operator_is_not_metered() {
    let gateway = Gateway::new();
    gateway.send("GET /admin/queues\nkey: admin").await;
    assert_eq!(gateway.engine.used("id-admin"), 0);
}
