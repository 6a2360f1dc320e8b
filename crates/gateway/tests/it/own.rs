//! The calls that need no key.

use http::StatusCode;

use crate::harness::{Gateway, Setup};

#[tokio::test]
async fn health_and_readiness() {
    let gateway = Gateway::with(Setup {
        ready: Err("The database is being recovered.".to_owned()),
        ..Setup::default()
    });
    let health = gateway.send("GET /health").await;
    assert_eq!(
        (health.status, health.body.as_str()),
        (StatusCode::OK, "{\"status\":\"ok\"}")
    );
    let starting = gateway.send("GET /ready").await;
    assert_eq!(starting.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(starting.json()["detail"], "The database is being recovered.");

    let gateway = Gateway::new();
    let ready = gateway.send("GET /ready").await;
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (StatusCode::OK, "{\"status\":\"ready\"}")
    );
    gateway.shutdown.cancel();
    assert_eq!(
        gateway.send("GET /ready").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(gateway.send("GET /health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let answer = Gateway::new().send("GET /metrics").await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(answer.body, "orders_created_total 1\n");
}
