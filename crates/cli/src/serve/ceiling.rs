//! A server that answers every business call 201 at once: the HTTP interface with nothing behind it.
//!
//! `ordermill bench` measures it as the ceiling of what the server could take. Connections, the key check, the
//! throttle, the reading of the body and the making of the answer are the server's own; only the functions are missing,
//! and with them the store.

use std::sync::Arc;

use embedded::{Engine, Settings};
use http::{HeaderMap, HeaderValue, header};
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use ports::function::{Context, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use telemetry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Running, ServeOptions, StartError, api, definition, keys, parts};

/// As long as the answer to the benchmark's order.
const ANSWER: &str = concat!(
    r#"{"orderId":"0198c6a0-3c00-7000-8000-000000000000","status":"PENDING","totalAmount":59.98,"currency":"USD","#,
    r#""createdAt":"2025-08-20T12:00:00.000Z","customerId":"CUST-000000","items":[{"productId":"PROD-001","#,
    r#""quantity":2,"price":29.99}],"customerEmail":"customer@example.com","#,
    r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#
);
const LOCATION: &str = "/orders/0198c6a0-3c00-7000-8000-000000000000";

/// Starts the server; it takes requests when this returns.
///
/// # Errors
/// As [`super::start`].
pub async fn start(options: ServeOptions) -> Result<Running, StartError> {
    let (system, _) = definition::read(options.template.as_deref())?;
    let settings = Settings::from_system(&system, options.data.clone()).map_err(StartError::Settings)?;
    let listen = |source| StartError::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let registry = Arc::new(Registry::new());
    let engine = Engine::open(settings, Arc::clone(&registry) as Arc<dyn Metrics>).await?;
    let keys = keys::ensure(&engine, &options.data).await?;
    let stop = CancellationToken::new();
    let config = api::config(&system);
    let limits = config.limits;
    let mut parts = parts(&engine, &system, &registry, &stop);
    parts.functions = config
        .routes
        .iter()
        .map(|route| (route.function.clone(), Arc::new(Created) as Arc<dyn Handler>))
        .collect();
    let router = gateway::router(config, parts)?;
    let server = tokio::spawn(gateway::serve(listener, router, limits, stop.clone()));
    Ok(Running {
        url: format!("http://{address}"),
        default_key: keys.default,
        admin_key: keys.admin,
        is_fresh: engine.is_fresh(),
        engine,
        watch: None,
        server,
        stop,
    })
}

/// Does nothing, and says that it's done.
struct Created;

impl Handler for Created {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::LOCATION, HeaderValue::from_static(LOCATION)),
        ]);
        let mut answer = ApiGatewayProxyResponse::default();
        answer.status_code = 201;
        answer.headers = headers;
        answer.body = Some(ANSWER.to_owned().into());
        Box::pin(async move { Ok(Reply::Api(Box::new(answer))) })
    }
}
