//! A table that throttles: tried again, and said to be busy when that doesn't help.
//!
//! A server stands before the counterpart and refuses as many requests as it is told, as DynamoDB does; the others it passes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use ports::StoreError;
use ports::orders::{OrderQueries, PlaceOrder};

use crate::support::{Resources, order};

const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#;

#[derive(Clone)]
struct Throttle {
    behind: String,
    client: reqwest::Client,
    left: Arc<AtomicU32>,
    refused: Arc<AtomicU32>,
}

impl Throttle {
    /// Refuses the next requests, so many.
    fn refuse(&self, count: u32) {
        self.left.store(count, Ordering::SeqCst);
        self.refused.store(0, Ordering::SeqCst);
    }
}

async fn pass(State(throttle): State<Throttle>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let take = |left: u32| left.checked_sub(1);
    if throttle
        .left
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
        .is_ok()
    {
        throttle.refused.fetch_add(1, Ordering::SeqCst);
        let kind = [("content-type", "application/x-amz-json-1.0")];
        return (StatusCode::BAD_REQUEST, kind, THROTTLED).into_response();
    }
    let mut request = throttle
        .client
        .post(format!("{}{uri}", throttle.behind))
        .body(body);
    for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let kind = answer.headers().get("content-type").cloned().unwrap();
    (status, [("content-type", kind)], answer.bytes().await.unwrap()).into_response()
}

async fn throttle(resources: &Resources) -> (Throttle, String) {
    let throttle = Throttle {
        behind: resources.endpoint.clone(),
        client: reqwest::Client::new(),
        left: Arc::default(),
        refused: Arc::default(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(pass).with_state(throttle.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (throttle, address)
}

#[tokio::test]
async fn a_throttled_table_is_asked_again() {
    let resources = Resources::shared().await;
    let (throttle, address) = throttle(resources).await;
    let store = resources.store_with(&[], &address);
    let order = order(&store).await;
    throttle.refuse(2);
    store.place_order(order.clone(), None).await.unwrap();
    assert_eq!(throttle.refused.load(Ordering::SeqCst), 2);
    let stored = store.get_order(order.order_id).await.unwrap();
    assert_eq!(stored.unwrap().placed, order);
}

#[tokio::test]
async fn a_table_that_keeps_throttling_is_busy_and_has_nothing() {
    let resources = Resources::shared().await;
    let (throttle, address) = throttle(resources).await;
    let store = resources.store_with(&[], &address);
    let order = order(&store).await;
    throttle.refuse(u32::MAX);
    let error = store.get_order(order.order_id).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert_eq!(
        throttle.refused.load(Ordering::SeqCst),
        4,
        "one try and three more"
    );
    let error = store.place_order(order.clone(), None).await.unwrap_err();
    assert!(error.to_string().contains("could not store order"), "{error}");
    throttle.refuse(0);
    assert!(store.get_order(order.order_id).await.unwrap().is_none());
}
