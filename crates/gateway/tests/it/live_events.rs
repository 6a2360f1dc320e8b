//! `GET /events` as a live stream.

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::StatusCode;
use ports::StoreError;
use tower::ServiceExt;

use crate::harness::{Gateway, Setup, request};

struct Stream(BodyDataStream);

impl Stream {
    async fn open(gateway: &Gateway, more: &str) -> Self {
        let (query, headers) = more.split_once('\n').unwrap_or((more, ""));
        let text = format!("GET /events{query}\nkey: client\naccept: text/event-stream\n{headers}");
        let response = gateway
            .router
            .clone()
            .oneshot(request(text.trim_end()))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self(Body::into_data_stream(response.into_body()));
        assert!(stream.next().await.unwrap().contains("retry: 2000"));
        stream
    }

    async fn next(&mut self) -> Option<String> {
        self.0
            .next()
            .await
            .map(|piece| String::from_utf8(piece.unwrap().to_vec()).unwrap())
    }
}

fn event(id: u64, name: &str, status: &str) -> String {
    format!(
        "id: {id}\nevent: {name}\ndata: {{\"sequenceNumber\":{id},\"eventName\":\"{name}\",\
         \"at\":\"2026-01-15T09:30:00.000Z\",\"newImage\":{{\"status\":\"{status}\"}}}}\n\n"
    )
}

#[tokio::test]
async fn begins_with_what_happens_from_now_on() {
    let gateway = Gateway::new();
    gateway.engine.change("PENDING");
    let mut stream = Stream::open(&gateway, "").await;
    gateway.engine.change("PROCESSING");
    assert_eq!(stream.next().await.unwrap(), event(2, "MODIFY", "PROCESSING"));
    gateway.engine.change("COMPLETED");
    assert_eq!(stream.next().await.unwrap(), event(3, "MODIFY", "COMPLETED"));
}

#[tokio::test]
async fn goes_on_where_the_client_was() {
    let gateway = Gateway::new();
    for status in ["PENDING", "PROCESSING", "COMPLETED"] {
        gateway.engine.change(status);
    }
    for more in ["?after=0\nlast-event-id: 1", "?after=1"] {
        let mut stream = Stream::open(&gateway, more).await;
        assert_eq!(stream.next().await.unwrap(), event(2, "MODIFY", "PROCESSING"));
        assert_eq!(stream.next().await.unwrap(), event(3, "MODIFY", "COMPLETED"));
    }
    let mut stream = Stream::open(&gateway, "?after=0").await;
    assert_eq!(stream.next().await.unwrap(), event(1, "INSERT", "PENDING"));
}

#[tokio::test]
async fn goes_on_behind_what_retention_took() {
    let gateway = Gateway::new();
    gateway.engine.change("PENDING");
    gateway.engine.change("PROCESSING");
    gateway.engine.forget_changes();
    let mut stream = Stream::open(&gateway, "?after=0").await;
    let next = tokio::join!(stream.next(), async { gateway.engine.change("COMPLETED") });
    assert_eq!(next.0.unwrap(), event(3, "MODIFY", "COMPLETED"));
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_is_kept_alive() {
    let gateway = Gateway::new();
    let mut stream = Stream::open(&gateway, "").await;
    assert_eq!(stream.next().await.unwrap(), ": alive\n\n");
}

#[tokio::test]
async fn ends_on_shutdown() {
    let gateway = Gateway::new();
    let mut stream = Stream::open(&gateway, "").await;
    gateway.shutdown.cancel();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn ends_when_the_store_fails() {
    let gateway = Gateway::new();
    let mut stream = Stream::open(&gateway, "").await;
    *gateway.engine.store_error.lock().unwrap() = Some(StoreError::Busy);
    gateway.engine.change("PENDING");
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn only_so_many_at_once() {
    let mut setup = Setup::default();
    setup.limits.max_event_streams = 1;
    let gateway = Gateway::with(setup);
    let first = Stream::open(&gateway, "").await;
    let second = "GET /events\nkey: client\naccept: text/event-stream";
    let refused = gateway.send(second).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("retry-after"), Some("10"));
    drop(first);
    Stream::open(&gateway, "").await;
}

#[tokio::test]
async fn wrong_places_to_begin() {
    let gateway = Gateway::new();
    for (more, code) in [("?after=-1", "validation"), ("\nlast-event-id: x", "bad-request")] {
        let text = format!("GET /events{more}\nkey: client\naccept: text/event-stream");
        let answer = gateway.send(&text).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["type"], format!("/docs/errors/{code}"));
    }
}

#[tokio::test]
async fn a_page_of_the_feed_is_the_functions_business() {
    let gateway = Gateway::new();
    for accept in ["", "\naccept: application/json", "\naccept: */*"] {
        assert_eq!(
            gateway
                .send(&format!("GET /events?after=0\nkey: client{accept}"))
                .await
                .status,
            201
        );
    }
    let both = "GET /events\nkey: client\naccept: application/json;q=0.5, Text/Event-Stream ;q=1";
    let streamed = gateway.router.clone().oneshot(request(both)).await.unwrap();
    assert_eq!(streamed.headers()["content-type"], "text/event-stream");
    assert_eq!(
        gateway
            .send("GET /events\naccept: text/event-stream")
            .await
            .status,
        403
    );
}
