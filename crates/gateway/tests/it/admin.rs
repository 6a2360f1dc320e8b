//! `/admin`.

use expect_test::{Expect, expect};
use ports::StoreError;

use crate::harness::Gateway;

async fn check(text: &str, expected: Expect) {
    let gateway = Gateway::new();
    check_on(&gateway, text, expected).await;
}

async fn check_on(gateway: &Gateway, text: &str, expected: Expect) {
    let text = text.replacen('\n', "\nkey: admin\ncontent-type: application/json\n", 1);
    let text = if text.contains('\n') {
        text
    } else {
        format!("{text}\nkey: admin")
    };
    expected.assert_eq(&gateway.send(&text).await.show(&["retry-after"]));
}

#[tokio::test]
async fn queues_and_their_messages() {
    check(
        "GET /admin/queues",
        expect![[r#"
            200 OK
            {"queues":[{"name":"orders-dlq","visible":1,"inFlight":0,"oldestAgeMs":5,"deadLetterQueue":null,"isDeadLetterQueue":true,"maxReceiveCount":null,"visibilityTimeoutS":180,"retentionS":1209600}]}"#]],
    )
    .await;
    check(
        "GET /admin/queues/orders-dlq/messages?limit=1",
        expect![[r#"
            200 OK
            {"messages":[{"messageId":"m-1","queue":"orders-dlq","body":"{}","sentAt":"2026-01-15T09:30:00.000Z","receiveCount":3,"lastError":"poison","source":"orders"}],"nextAfter":"m-1"}"#]],
    )
    .await;
    check(
        "GET /admin/queues/orders-dlq/messages?limit=1&after=m-1",
        expect![[r#"
            200 OK
            {"messages":[]}"#]],
    )
    .await;
    check(
        "GET /admin/queues/none/messages",
        expect![[r#"
            404 Not Found
            /docs/errors/not-found | Not Found | There is no queue none."#]],
    )
    .await;
    check(
        "GET /admin/queues/orders-dlq/messages?limit=0&after=a&after=b&page=2",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | the parameter after is there twice; send it once (and 2 more; see errors)
            {"pointer":"?after","code":"duplicate_field","detail":"the parameter after is there twice; send it once"}
            {"pointer":"?limit","code":"bad_format","detail":"limit must be a whole number from 1 to 1000"}
            {"pointer":"?page","code":"unknown_field","detail":"unknown parameter: page"}"#]],
    )
    .await;
}

#[tokio::test]
async fn dead_letters_go_back_or_away() {
    check(
        "POST /admin/queues/orders-dlq/redrive",
        expect![[r#"
            200 OK
            {"redriven":1}"#]],
    )
    .await;
    check(
        "POST /admin/queues/orders-dlq/purge\n\n{\"messageIds\":[\"a\",\"b\"]}",
        expect![[r#"
            200 OK
            {"purged":2}"#]],
    )
    .await;
    check(
        "POST /admin/queues/orders/redrive\n\n{}",
        expect![[r#"
            409 Conflict
            /docs/errors/conflict | Orders is no dead-letter queue."#]],
    )
    .await;
    for ids in ["[]", "[1]", "\"m-1\"", "{}"] {
        check(
            &format!("POST /admin/queues/orders-dlq/purge\n\n{{\"messageIds\":{ids}}}"),
            expect![[r#"
                400 Bad Request
                /docs/errors/validation | messageIds must be an array of 1 to 1000 message ids
                {"pointer":"/messageIds","code":"bad_format","detail":"messageIds must be an array of 1 to 1000 message ids"}"#]],
        )
        .await;
    }
    // A misspelt field must not delete everything.
    check(
        "POST /admin/queues/orders-dlq/purge\n\n{\"messageIDs\":[\"a\"]}",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | unknown field: messageIDs
            {"pointer":"/messageIDs","code":"unknown_field","detail":"unknown field: messageIDs"}"#]],
    )
    .await;
}

#[tokio::test]
async fn the_newest_orders() {
    let gateway = Gateway::new();
    for (query, status) in [
        ("?limit=8", 200),
        ("", 200),
        ("?limit=0", 400),
        ("?limit=101", 400),
        ("?page=2", 400),
    ] {
        let answer = gateway
            .send(&format!("GET /admin/orders{query}\nkey: admin"))
            .await;
        assert_eq!(answer.status, status, "{query}");
    }
    assert_eq!(*gateway.engine.orders_asked.lock().unwrap(), [8, 100]);
}

#[tokio::test]
async fn executions() {
    check(
        "GET /admin/executions?status=FAILED&limit=1",
        expect![[r#"
            200 OK
            {"executions":[{"name":"e-1","stateMachine":"OrderWorkflow","status":"FAILED","startedAt":"2026-01-15T09:30:00.000Z","stoppedAt":"2026-01-15T09:30:00.000Z","currentState":null,"error":"States.TaskFailed","cause":null,"definitionHash":"00"}],"nextAfter":"e-1"}"#]],
    )
    .await;
    check(
        "GET /admin/executions?status=failed",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | status must be one of RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED
            {"pointer":"?status","code":"bad_format","detail":"status must be one of RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED"}"#]],
    )
    .await;
    check(
        "GET /admin/executions/e-1",
        expect![[r#"
            200 OK
            {"name":"e-1","stateMachine":"OrderWorkflow","status":"FAILED","startedAt":"2026-01-15T09:30:00.000Z","stoppedAt":"2026-01-15T09:30:00.000Z","currentState":null,"error":"States.TaskFailed","cause":null,"definitionHash":"00","input":{"orderId":"e-1"},"output":null,"events":[]}"#]],
    )
    .await;
    check(
        "POST /admin/executions/none/redrive",
        expect![[r#"
            404 Not Found
            /docs/errors/not-found | Not Found | There is no execution none."#]],
    )
    .await;
}

#[tokio::test]
async fn a_key_is_made_used_and_revoked() {
    let gateway = Gateway::new();
    check_on(
        &gateway,
        "POST /admin/keys\n\n{\"name\":\"till\",\"ratePerS\":10,\"burst\":20,\"quota\":500,\"period\":\"WEEK\"}",
        expect![[r#"
            201 Created
            {"keyId":"id-till","name":"till","role":"client","plan":{"ratePerS":10,"burst":20,"quota":500,"period":"WEEK"},"createdAt":"2026-01-15T09:30:00.000Z","key":"secret-till"}"#]],
    )
    .await;
    assert_eq!(gateway.send("GET /orders\nkey: till").await.status, 201);
    check_on(
        &gateway,
        "GET /admin/keys/till/usage",
        expect![[r#"
            200 OK
            {"keyId":"id-till","name":"till","role":"client","plan":{"ratePerS":10,"burst":20,"quota":500,"period":"WEEK"},"createdAt":"2026-01-15T09:30:00.000Z","used":1,"periodStart":"2026-01-15T00:00:00.000Z","resetsAt":"2026-01-16T00:00:00.000Z"}"#]],
    )
    .await;
    let taken = gateway
        .send("POST /admin/keys\nkey: admin\ncontent-type: application/json\n\n{\"name\":\"till\"}")
        .await;
    assert_eq!(taken.status, 409);
    check_on(
        &gateway,
        "DELETE /admin/keys/id-till",
        expect!["204 No Content\n"],
    )
    .await;
    assert_eq!(gateway.send("GET /orders\nkey: till").await.status, 403);
    check_on(
        &gateway,
        "DELETE /admin/keys/till",
        expect![[r#"
            404 Not Found
            /docs/errors/not-found | Not Found | There is no key with the name or id "till"."#]],
    )
    .await;
    let listed = gateway.send("GET /admin/keys\nkey: admin").await;
    assert!(!listed.body.contains("secret-"), "{}", listed.body);
}

#[tokio::test]
async fn the_last_admin_key_is_not_revoked() {
    let gateway = Gateway::new();
    let last =
        "This is the last admin key: without it nobody could make another one. Make a new admin key first.";
    for name in ["admin", "id-admin"] {
        let answer = gateway
            .send(&format!("DELETE /admin/keys/{name}\nkey: admin"))
            .await;
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert!(answer.body.contains(last), "{}", answer.body);
    }
    let made = gateway
        .send("POST /admin/keys\nkey: admin\ncontent-type: application/json\n\n{\"name\":\"second\",\"role\":\"admin\"}")
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let revoked = gateway.send("DELETE /admin/keys/admin\nkey: admin").await;
    assert_eq!(revoked.status, 204, "{}", revoked.body);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_leaves_no_throttle_behind() {
    let gateway = Gateway::new();
    let create =
        "POST /admin/keys\nkey: admin\ncontent-type: application/json\n\n{\"name\":\"slow\",\"ratePerS\":1}";
    for _ in 0..2 {
        assert_eq!(gateway.send(create).await.status, 201);
        assert_eq!(gateway.send("GET /orders\nkey: slow").await.status, 201);
        assert_eq!(gateway.send("GET /orders\nkey: slow").await.status, 429);
        assert_eq!(
            gateway.send("DELETE /admin/keys/slow\nkey: admin").await.status,
            204
        );
    }
}

#[tokio::test]
async fn a_plan_of_nulls_lifts_every_limit() {
    check(
        "POST /admin/keys\n\n{\"name\":\"bench\",\"role\":\"admin\",\"ratePerS\":null,\"quota\":null}",
        expect![[r#"
            201 Created
            {"keyId":"id-bench","name":"bench","role":"admin","plan":{"ratePerS":null,"burst":null,"quota":null,"period":"MONTH"},"createdAt":"2026-01-15T09:30:00.000Z","key":"secret-bench"}"#]],
    )
    .await;
}

#[tokio::test]
async fn every_fault_of_a_key_at_once() {
    check(
        "POST /admin/keys\n\n{\"name\":\" x\",\"role\":\"root\",\"ratePerS\":0,\"burst\":1.5,\"quota\":\"many\",\"period\":\"YEAR\",\"plan\":{}}",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | name must be text of 1 to 128 characters without control characters or spaces at its ends (and 6 more; see errors)
            {"pointer":"/name","code":"bad_format","detail":"name must be text of 1 to 128 characters without control characters or spaces at its ends"}
            {"pointer":"/role","code":"bad_format","detail":"role must be client or admin"}
            {"pointer":"/ratePerS","code":"bad_format","detail":"ratePerS must be a whole number from 1 to 1000000"}
            {"pointer":"/burst","code":"bad_format","detail":"burst must be a whole number from 1 to 1000000"}
            {"pointer":"/quota","code":"bad_format","detail":"quota must be a whole number from 1 to 1000000000000"}
            {"pointer":"/period","code":"bad_format","detail":"period must be DAY, WEEK or MONTH"}
            {"pointer":"/plan","code":"unknown_field","detail":"unknown field: plan"}"#]],
    )
    .await;
    for body in ["{}", "{\"name\":null}"] {
        let gateway = Gateway::new();
        let text = format!("POST /admin/keys\nkey: admin\ncontent-type: application/json\n\n{body}");
        let answer = gateway.send(&text).await;
        assert_eq!(answer.json()["errors"][0]["pointer"], "/name", "{}", answer.body);
    }
    check(
        "POST /admin/keys\n\n{\"name\":\"x\",\"burst\":5}",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | burst says nothing without ratePerS
            {"pointer":"/burst","code":"missing_field","detail":"burst says nothing without ratePerS"}"#]],
    )
    .await;
    check(
        "POST /admin/keys\n\n[1]",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | the body must be an object
            {"pointer":"","code":"wrong_type","detail":"the body must be an object"}"#]],
    )
    .await;
    check(
        "POST /admin/keys\n\n{\"name\":",
        expect![[r#"
            400 Bad Request
            /docs/errors/validation | the body is not JSON: EOF while parsing a value at line 1 column 8
            {"pointer":"","code":"malformed_json","detail":"the body is not JSON: EOF while parsing a value at line 1 column 8"}"#]],
    )
    .await;
}

#[tokio::test]
async fn figures_of_the_last_day_unless_said() {
    let gateway = Gateway::new();
    check_on(
        &gateway,
        "GET /admin/analytics",
        expect![[r#"
            200 OK
            {"from":"2026-01-14T10:00:00.000Z","to":"2026-01-15T10:00:00.000Z","hours":[]}"#]],
    )
    .await;
    check_on(
        &gateway,
        "GET /admin/analytics?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00%2B01:00",
        expect![[r#"
            200 OK
            {"from":"2026-01-01T00:00:00.000Z","to":"2026-01-01T23:00:00.000Z","hours":[]}"#]],
    )
    .await;
    check_on(
        &gateway,
        "GET /admin/analytics?from=2020-01-01T00:00:00Z",
        expect![[r#"
            200 OK
            {"from":"2025-12-15T10:00:00.000Z","to":"2026-01-15T10:00:00.000Z","hours":[]}"#]],
    )
    .await;
    let asked = gateway.engine.figures_asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3);
    for query in ["from=yesterday", "from="] {
        let answer = gateway
            .send(&format!("GET /admin/analytics?{query}\nkey: admin"))
            .await;
        let right = "from must be an RFC 3339 time such as 2026-01-15T09:00:00.000Z";
        assert_eq!(answer.json()["errors"][0]["detail"], right, "{query}");
    }
    assert_eq!(gateway.engine.figures_asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_left() {
    for (path, body) in [
        ("/admin/outbox", "{\"messages\":[]}"),
        ("/admin/outbox?limit=5", "{\"messages\":[]}"),
        ("/admin/subscriptions", "{\"subscriptions\":[]}"),
        ("/admin/status", "{\"version\":\"test\"}"),
    ] {
        let answer = Gateway::new().send(&format!("GET {path}\nkey: admin")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (200, body),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_store_that_fails() {
    let failures = [
        (
            StoreError::Full("disk".to_owned()),
            expect![[r#"
                503 Service Unavailable
                retry-after: 60
                /docs/errors/store-full | The store has no room left."#]],
        ),
        (
            StoreError::Busy,
            expect![[r#"
            503 Service Unavailable
            retry-after: 1
            /docs/errors/overloaded | Service Unavailable | The store is busy."#]],
        ),
        (
            StoreError::failed(std::io::Error::other("/var/lib/x is damaged")),
            expect![[r#"
                500 Internal Server Error
                /docs/errors/store-failed | The store failed; the server's log says why."#]],
        ),
    ];
    for (error, expected) in failures {
        let gateway = Gateway::new();
        *gateway.engine.store_error.lock().unwrap() = Some(error);
        check_on(&gateway, "GET /admin/queues", expected).await;
    }
}
