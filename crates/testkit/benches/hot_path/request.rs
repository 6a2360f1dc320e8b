//! The gateway alone: a request's bytes in, through HTTP, key, quota and body to a function that answers at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gateway::{Cors, GatewayConfig, Limits, Parts, Route};
use http::{HeaderMap, HeaderValue, Method, header};
use ports::access::{ApiKeys, QuotaPeriod, Role, UsagePlan};
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use ports::function::{Context, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::sync::CancellationToken;

use crate::support::{ORDER, block_on, idle_shop};

/// As long as the answer to an order.
const ANSWER: &str = concat!(
    r#"{"orderId":"0198c6a0-3c00-7000-8000-000000000000","status":"PENDING","totalAmount":59.98,"currency":"USD","#,
    r#""createdAt":"2025-08-20T12:00:00.000Z","customerId":"CUST-000000","items":[{"productId":"PROD-001","#,
    r#""quantity":2,"price":29.99}],"customerEmail":"customer@example.com","#,
    r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#
);
const PIPE_BYTES: usize = 64 * 1024;

struct Created;

impl Handler for Created {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        let mut answer = ApiGatewayProxyResponse::default();
        answer.status_code = 201;
        answer.headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        answer.body = Some(ANSWER.to_owned().into());
        Box::pin(async move { Ok(Reply::Api(Box::new(answer))) })
    }
}

/// Answers so many requests of one connection.
pub fn run(times: u32) {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let (shop, _) = idle_shop(dir.path()).await;
        // A plan as most keys have one: with a throttle and a quota that are counted.
        let plan = UsagePlan {
            rate_per_s: Some(1_000_000),
            burst: Some(1_000_000),
            quota: Some(1_000_000_000),
            period: QuotaPeriod::Month,
        };
        let (_, secret) = shop
            .engine
            .create_key("bench".to_owned(), Role::Client, Some(plan))
            .await
            .unwrap();
        let parts = Parts {
            engine: Arc::new(shop.engine.clone()),
            functions: HashMap::from([("create".to_owned(), Arc::new(Created) as Arc<dyn Handler>)]),
            clock: Arc::new(shop.engine.time().clone()),
            metrics: Arc::clone(&shop.metrics) as Arc<dyn Metrics>,
            recorder: Arc::clone(shop.engine.recorder()),
            observatory: None,
            readiness: Box::new(|| Ok(())),
            metrics_text: Box::new(String::new),
            status: Box::new(|| serde_json::Value::Null),
            more_routes: Default::default(),
            shutdown: CancellationToken::new(),
        };
        let router = gateway::router(config(), parts).unwrap();
        let (mut client, server) = tokio::io::duplex(PIPE_BYTES);
        let peer = ([127, 0, 0, 1], 50_000).into();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(gateway::serve_connection(
            server,
            peer,
            router,
            Limits::default(),
            shutdown,
        ));
        send(&mut client, &secret, times).await;
        drop(client);
        served.await.unwrap();
        shop.close().await;
    });
}

fn config() -> GatewayConfig {
    GatewayConfig {
        api: "orders-api".to_owned(),
        stage: "prod".to_owned(),
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
    }
}

async fn send(client: &mut DuplexStream, secret: &str, times: u32) {
    let request = format!(
        "POST /orders HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nuser-agent: bench\r\ncontent-type: application/json\r\n\
         x-api-key: {secret}\r\ncontent-length: {}\r\n\r\n{ORDER}",
        ORDER.len()
    );
    let mut buffer = vec![0; PIPE_BYTES];
    for _ in 0..times {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut received = 0;
        while !buffer[..received].ends_with(ANSWER.as_bytes()) {
            let read = client.read(&mut buffer[received..]).await.unwrap();
            assert_ne!(read, 0, "{}", String::from_utf8_lossy(&buffer[..received]));
            received += read;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 201"));
    }
}
