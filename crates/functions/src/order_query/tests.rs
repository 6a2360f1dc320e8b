//! Every route, from the event to the answer.

use std::collections::HashMap;
use std::sync::Arc;

use ::http::{HeaderValue, Method};
use domain::OrderStatus;
use expect_test::{Expect, expect};
use ports::feed::ChangeRecord;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::aws_lambda_events::encodings::Body;
use serde_json::Value;

use super::OrderQuery;
use crate::test_ports::{Store, context, id, order};

type Function = OrderQuery<Store>;

fn function(orders: u16) -> Function {
    let statuses = OrderStatus::ALL.into_iter().cycle();
    let orders = (0..orders).zip(statuses);
    let store = orders.fold(Store::new(), |store, (n, status)| {
        store.with_order(order(n, status))
    });
    OrderQuery::new(Arc::new(store))
}

/// `GET /orders/{orderId}?a=b`: the path's parameter stands in braces with its value: `/orders/{orderId=…}`.
fn request(method: &Method, target: &str, body: &str) -> ApiGatewayProxyRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = ApiGatewayProxyRequest::default();
    request.http_method = method.clone();
    request
        .headers
        .insert("content-type", HeaderValue::from_static("application/json"));
    let mut resource = Vec::new();
    for part in path.split('/') {
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}')?.split_once('='))
        {
            Some((name, value)) => {
                request.path_parameters.insert(name.to_owned(), value.to_owned());
                resource.push(format!("{{{name}}}"));
            }
            None => resource.push(part.to_owned()),
        }
    }
    request.resource = Some(resource.join("/"));
    let mut parameters: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        parameters
            .entry(name.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    request.query_string_parameters = parameters.clone().into();
    request.multi_value_query_string_parameters = parameters.into();
    request.body = Some(body.to_owned());
    request
}

async fn send(function: &Function, method: Method, target: &str, body: &str) -> (i64, Value) {
    let answer = function.handle(&request(&method, target, body), &context()).await;
    match answer.body {
        Some(Body::Text(body)) => (answer.status_code, serde_json::from_str(&body).unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn get(function: &Function, target: &str) -> (i64, Value) {
    send(function, Method::GET, target, "").await
}

/// The faults of a refused request.
async fn check_refused(function: &Function, target: &str, expected: Expect) {
    let (status, body) = get(function, target).await;
    let faults: Vec<String> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|fault| format!("{} {}: {}\n", fault["pointer"], fault["code"], fault["detail"]))
        .collect();
    expected.assert_eq(&format!("{status} {}\n{}", body["type"], faults.concat()));
}

fn ids(body: &Value) -> Vec<&str> {
    let orders = body["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["orderId"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_order_as_it_stands() {
    let function = function(1);
    let (status, body) = get(&function, &format!("/orders/{{orderId={}}}", id(0))).await;
    assert_eq!(status, 200);
    expect![[r#"
        {
          "orderId": "019bc0fd-8a3b-7000-8000-000000000000",
          "customerId": "CUST-001",
          "totalAmount": 59.98,
          "currency": "USD",
          "createdAt": "2026-01-15T09:30:00.123Z",
          "items": [
            {
              "productId": "PROD-001",
              "quantity": 2,
              "price": 29.99
            }
          ],
          "customerEmail": "ada@example.com",
          "customerPhone": "+14155550123",
          "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
          "status": "PENDING",
          "updatedAt": "2026-01-15T09:30:00.123Z"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&body).unwrap());
}

#[tokio::test]
async fn the_figures_are_those_of_the_last_day_unless_said_and_of_31_days_at_most() {
    let function = function(0);
    let mut asked = request(&Method::GET, "/admin/analytics", "");
    // A quarter past nine.
    asked.request_context.request_time_epoch = 1_768_468_500_000;
    let answer = function.handle(&asked, &context()).await;
    let Some(Body::Text(body)) = answer.body else {
        panic!("no body")
    };
    expect![[r#"{"from":"2026-01-14T10:00:00.000Z","to":"2026-01-15T10:00:00.000Z","hours":[{"hour":"2026-01-14T10:00:00.000Z","currency":"USD","orders":1,"averageOrderValue":29.99,"completionRate":1,"paidRate":1}]}"#]].assert_eq(&body);
    for (target, expected) in [
        (
            "/admin/analytics?from=2026-01-15T09:00:00.000Z&to=2026-01-15T11:00:00.000Z",
            ("2026-01-15T09:00:00.000Z", "2026-01-15T11:00:00.000Z"),
        ),
        (
            "/admin/analytics?from=2020-01-01T00:00:00.000Z&to=2026-02-01T00:00:00.000Z",
            ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"),
        ),
    ] {
        let (status, body) = get(&function, target).await;
        assert_eq!(status, 200);
        assert_eq!(
            (body["from"].as_str().unwrap(), body["to"].as_str().unwrap()),
            expected
        );
        assert_eq!(body["hours"][0]["hour"], body["from"]);
    }
    check_refused(
        &function,
        "/admin/analytics?from=yesterday&until=now",
        expect![[r#"
            400 "/docs/errors/validation"
            "?until" "unknown_field": "unknown parameter: until; known here: from, to"
            "?from" "bad_format": "from: an RFC 3339 time such as 2026-01-15T09:00:00.000Z"
        "#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let function = function(1);
    let unknown = id(77);
    for (method, target) in [
        (Method::GET, format!("/orders/{{orderId={unknown}}}")),
        (
            Method::GET,
            "/orders/{orderId=550e8400-e29b-41d4-a716-446655440000}".to_owned(),
        ),
        (Method::GET, "/orders/{orderId=x}".to_owned()),
        (Method::GET, format!("/orders/{{orderId={unknown}}}/timeline")),
        (Method::POST, format!("/orders/{{orderId={unknown}}}/cancel")),
        (Method::GET, "/products/{productId=NONE}".to_owned()),
        (Method::GET, "/products/{productId= }".to_owned()),
        (Method::GET, "/nowhere".to_owned()),
    ] {
        let (status, body) = send(&function, method, &target, "").await;
        assert_eq!(
            (status, &body["type"]),
            (404, &"/docs/errors/not-found".into()),
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_method_that_a_path_has_not_is_answered_with_those_it_has() {
    let function = function(1);
    for (method, target, allow) in [
        (Method::DELETE, "/orders", "GET, OPTIONS, POST"),
        (
            Method::PATCH,
            "/products/{productId=PROD-001}",
            "GET, OPTIONS, PUT",
        ),
        (Method::GET, "/orders/{orderId=x}/cancel", "OPTIONS, POST"),
    ] {
        let answer = function.handle(&request(&method, target, ""), &context()).await;
        assert_eq!(answer.status_code, 405, "{target}");
        assert_eq!(answer.headers["allow"], allow, "{target}");
    }
}

#[tokio::test]
async fn a_body_is_json_and_not_too_long() {
    let function = function(1);
    for (content_type, length, status) in [
        ("text/plain", 10, 415),
        ("application/jsonp", 10, 415),
        ("application/json", 256 * 1024 + 1, 413),
        ("application/problem+json; charset=utf-8", 10, 400),
    ] {
        let body = "x".repeat(length);
        let mut request = request(&Method::PUT, "/products/{productId=PROD-001}", &body);
        request
            .headers
            .insert("content-type", HeaderValue::from_static(content_type));
        let answer = function.handle(&request, &context()).await;
        assert_eq!(answer.status_code, status, "{content_type} {length}");
    }
}

#[tokio::test]
async fn pages_hold_every_order_once_newest_first() {
    let function = function(25);
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let (status, body) = get(&function, &format!("/orders?limit=10{cursor}")).await;
        assert_eq!(status, 200);
        seen.extend(ids(&body).into_iter().map(str::to_owned));
        pages += 1;
        match body["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest_first: Vec<String> = (0..25).rev().map(|n| id(n).to_string()).collect();
    assert_eq!((seen, pages), (newest_first, 3));
}

#[tokio::test]
async fn a_filter_holds_on_every_page() {
    let function = function(20);
    let (_, first) = get(&function, "/orders?status=FAILED&limit=3").await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let (_, second) = get(
        &function,
        &format!("/orders?status=FAILED&limit=3&cursor={cursor}"),
    )
    .await;
    assert_eq!(ids(&first), [id(18), id(13), id(8)].map(|id| id.to_string()));
    assert_eq!(ids(&second), [id(3).to_string()]);
    assert!(second.get("nextCursor").is_none());
    let (_, none) = get(&function, "/orders?customerId=CUST-002").await;
    assert_eq!(ids(&none), [""; 0]);
    // A cursor is good for its own query only.
    let (status, _) = get(&function, &format!("/orders?status=PENDING&cursor={cursor}")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn wrong_parameters_are_told_all_at_once() {
    let function = function(0);
    check_refused(
        &function,
        "/orders?status=DONE&customerId= &from=yesterday&to=2026-13-01&needsAttention=si&limit=0&cursor=x&colour=red",
        expect![[r#"
            400 "/docs/errors/validation"
            "?colour" "unknown_field": "unknown parameter: colour; known here: status, customerId, from, to, needsAttention, limit, cursor"
            "?status" "bad_format": "status: a status is one of PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED"
            "?customerId" "bad_format": "customerId: 1 to 128 characters, none of them a control character, no space at either end"
            "?from" "bad_format": "from: a time is RFC 3339, such as 2026-01-15T09:30:00.000Z"
            "?to" "bad_format": "to: a time is RFC 3339, such as 2026-01-15T09:30:00.000Z"
            "?needsAttention" "bad_format": "needsAttention: true or false is needed"
            "?limit" "out_of_range": "limit must be a whole number from 1 to 100"
            "?cursor" "bad_format": "cursor: not a cursor; pass nextCursor of the page before as it is"
        "#]],
    )
    .await;
    check_refused(
        &function,
        "/orders?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z&limit=101",
        expect![[r#"
            400 "/docs/errors/validation"
            "?from" "out_of_range": "from must not be later than to"
            "?limit" "out_of_range": "limit must be a whole number from 1 to 100"
        "#]],
    )
    .await;
    check_refused(
        &function,
        "/orders?status=FAILED&status=PENDING",
        expect![[r#"
        400 "/docs/errors/validation"
        "?status" "duplicate_field": "the parameter status is there twice; send it once"
    "#]],
    )
    .await;
    check_refused(
        &function,
        "/events?after=-1&limit=1001",
        expect![[r#"
        400 "/docs/errors/validation"
        "?limit" "out_of_range": "limit must be a whole number from 1 to 1000"
        "?after" "bad_format": "after: a sequence number is a whole number from 0"
    "#]],
    )
    .await;
    check_refused(
        &function,
        "/products?limit=x",
        expect![[r#"
        400 "/docs/errors/validation"
        "?limit" "out_of_range": "limit must be a whole number from 1 to 1000"
    "#]],
    )
    .await;
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_only_before_it_ended() {
    let function = function(5);
    for (n, status, expected) in [
        (0, 200, "CANCELLED"),
        (1, 200, "CANCELLED"),
        (2, 409, ""),
        (3, 409, ""),
        (4, 409, ""),
        (0, 409, ""),
    ] {
        let target = format!("/orders/{{orderId={}}}/cancel", id(n));
        let (answered, body) = send(&function, Method::POST, &target, r#"{"reason":"too late"}"#).await;
        assert_eq!(answered, status, "{n}");
        assert_eq!(body["status"].as_str().unwrap_or_default(), expected, "{n}");
        if status == 200 {
            assert_eq!(body["failureReason"], "too late");
        } else {
            assert_eq!(body["type"], "/docs/errors/order-ended");
        }
    }
    let (status, _) = send(
        &function,
        Method::POST,
        &format!("/orders/{{orderId={}}}/cancel", id(0)),
        "[]",
    )
    .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_timeline_names_its_trace() {
    let function = function(1);
    let (status, body) = get(&function, &format!("/orders/{{orderId={}}}/timeline", id(0))).await;
    assert_eq!(status, 200);
    expect![[r#"{"orderId":"019bc0fd-8a3b-7000-8000-000000000000","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","timeline":[{"at":"2026-01-15T09:30:00.123Z","source":"order","event":"PENDING","summary":"Placed"}]}"#]].assert_eq(&body.to_string());
}

#[tokio::test]
async fn products_are_written_whole_and_listed_by_id() {
    let function = function(0);
    let put = async |id: &str, body: &str| {
        send(
            &function,
            Method::PUT,
            &format!("/products/{{productId={id}}}"),
            body,
        )
        .await
    };
    let mug = r#"{"name":"Cup","price":1.50,"stock":3}"#;
    assert_eq!(put("PROD-002", mug).await.0, 201);
    let (status, body) = put("PROD-002", mug).await;
    assert_eq!(status, 200);
    expect![[r#"{"productId":"PROD-002","name":"Cup","price":1.50,"currency":"USD","stock":3}"#]]
        .assert_eq(&body.to_string());
    assert_eq!(get(&function, "/products/{productId=PROD-002}").await.1, body);

    let (status, refused) = put("PROD-003", r#"{"price":-1}"#).await;
    assert_eq!((status, refused["errors"].as_array().unwrap().len()), (400, 2));
    assert_eq!(put("", mug).await.0, 400);

    let (_, first) = get(&function, "/products?limit=1").await;
    assert_eq!(first["products"][0]["productId"], "PROD-001");
    let (_, second) = get(
        &function,
        &format!(
            "/products?limit=2&cursor={}",
            first["nextCursor"].as_str().unwrap()
        ),
    )
    .await;
    assert_eq!(second["products"].as_array().unwrap().len(), 1);
    assert!(second.get("nextCursor").is_none());
}

#[tokio::test]
async fn events_come_in_order_and_say_where_to_go_on() {
    let function = function(1);
    let change = |sequence_number| ChangeRecord {
        sequence_number,
        event_name: "MODIFY",
        at: id(0).created_at(),
        old_image: None,
        new_image: Some(Value::Null),
    };
    function
        .store
        .changes
        .lock()
        .unwrap()
        .extend([3, 5, 8].map(change));
    let (_, body) = get(&function, "/events?limit=2").await;
    assert_eq!(body["events"][1]["sequenceNumber"], 5);
    assert_eq!(body["nextAfter"], 5);
    let (_, body) = get(&function, "/events?after=5").await;
    assert_eq!(body["nextAfter"], 8);
    let (_, body) = get(&function, "/events?after=8").await;
    expect![[r#"{"events":[],"nextAfter":8}"#]].assert_eq(&body.to_string());
}

#[tokio::test]
async fn health_needs_no_store() {
    assert_eq!(
        get(&function(0), "/health").await,
        (200, serde_json::json!({ "status": "ok" }))
    );
}
