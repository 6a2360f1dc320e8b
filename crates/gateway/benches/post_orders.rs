//! What the gateway itself costs a `POST /orders`: beside a bare axum route, in process and over loopback.
//!
//! `cargo bench -p gateway` prints nanoseconds and allocations a request, then requests a second at 64 connections
//! with the load on the same machine. `-- in-process` leaves the latter out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

#[path = "../tests/it/doubles.rs"]
#[allow(dead_code)]
mod doubles;
mod load;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use gateway::{Cors, GatewayConfig, Limits, Route};
use http::{Method, Request, StatusCode, header};
use ports::function::{Context, Invocation};
use ports::function::{Handler, ReplyFuture};
use ports::metrics::Metrics;
use tower::ServiceExt;

pub const ORDER: &str = r#"{"customerId":"CUST-001","items":[{"productId":"PROD-001","quantity":2,"price":29.99}],"customerEmail":"customer@example.com"}"#;
const ANSWER: &str =
    r#"{"orderId":"01939f7c-8e00-7000-8000-000000000000","status":"PENDING","totalAmount":59.98}"#;
const REQUESTS: u32 = 200_000;

struct Trivial;

impl Handler for Trivial {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        Box::pin(async { Ok(doubles::answer(201, ANSWER)) })
    }
}

struct NoMetrics;

impl Metrics for NoMetrics {
    fn count(&self, _: &'static str, _: &[(&'static str, &str)], _: u64) {}
    fn observe(&self, _: &'static str, _: &[(&'static str, &str)], _: f64) {}
}

fn gateway() -> Router {
    let functions: HashMap<String, Arc<dyn Handler>> =
        HashMap::from([("create".to_owned(), Arc::new(Trivial) as Arc<dyn Handler>)]);
    let mut parts = doubles::parts(functions);
    parts.metrics = Arc::new(NoMetrics);
    let config = GatewayConfig {
        api: "orders-api".to_owned(),
        stage: "local".to_owned(),
        routes: vec![Route {
            method: Method::POST,
            otherwise: false,
            path: "/orders".to_owned(),
            function: "create".to_owned(),
            api_key_required: true,
            admin: false,
            timeout: Duration::from_secs(29),
        }],
        cors: Cors::default(),
        limits: Limits::default(),
        access_log: false,
    };
    gateway::router(config, parts).unwrap()
}

fn bare() -> Router {
    let create = |body: Bytes| async move {
        black_box(body);
        (
            StatusCode::CREATED,
            [(header::CONTENT_TYPE, "application/json")],
            ANSWER,
        )
    };
    Router::new().route("/orders", post(create))
}

fn request() -> Request<Body> {
    Request::post("/orders")
        .header("host", "127.0.0.1:8080")
        .header("user-agent", "bench")
        .header("content-type", "application/json")
        .header("content-length", ORDER.len())
        .header("x-api-key", "secret-client")
        .body(Body::from(ORDER))
        .unwrap()
}

/// Nanoseconds and allocations a request, what it takes to make the request included.
fn in_process(runtime: &tokio::runtime::Runtime, make: impl Fn() -> Option<Router>) -> (f64, f64) {
    let router = make();
    let once = || {
        let request = request();
        if let Some(router) = &router {
            let response = runtime.block_on(router.clone().oneshot(request)).unwrap();
            assert_eq!(response.status(), StatusCode::CREATED);
            black_box(response);
        } else {
            black_box(request);
        }
    };
    (0..REQUESTS / 10).for_each(|_| once());
    let started = Instant::now();
    (0..REQUESTS).for_each(|_| once());
    let ns = started.elapsed().as_nanos() as f64 / f64::from(REQUESTS);
    let counted = allocation_counter::measure(|| (0..1000).for_each(|_| once()));
    (ns, counted.count_total as f64 / 1000.0)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (base_ns, base_allocations) = in_process(&runtime, || None);
    println!("in process, less the making of the request:");
    for (name, router) in [("bare axum", bare as fn() -> Router), ("gateway", gateway)] {
        let (ns, allocations) = in_process(&runtime, || Some(router()));
        println!(
            "  {name:10} {:6.0} ns  {:5.1} allocations",
            ns - base_ns,
            allocations - base_allocations
        );
    }
    if std::env::args().any(|argument| argument == "in-process") {
        return;
    }
    println!("over loopback, 64 connections, the load on the same cores:");
    let servers = [
        ("bare axum, axum::serve", bare as fn() -> Router, false),
        ("bare axum, gateway::serve", bare, true),
        ("gateway, axum::serve", gateway, false),
        ("gateway, gateway::serve", gateway, true),
    ];
    for round in 1..=3 {
        for (name, router, bounded) in servers {
            let measured = load::measure(router(), bounded);
            println!(
                "  round {round}  {name:26} {:8.0} requests/s  {:5.1} us CPU a request",
                measured.requests_per_s, measured.cpu_us_per_request
            );
        }
    }
}
