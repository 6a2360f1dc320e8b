//! A server that answers every business call 201: the HTTP interface with nothing behind it, or with one row.
//!
//! `ordermill bench` measures both as ceilings of what the server could take. Connections, the key check, the
//! throttle, the reading of the body and the making of the answer are the server's own; the functions are missing, and
//! with them the store. What answers at once shows what HTTP takes, what waits for one row ([`rows`]) what any answer after
//! a commit does.

mod rows;

use std::sync::Arc;

use embedded::{Engine, Settings};
use http::{HeaderMap, HeaderValue, header};
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use telemetry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::rows::RowError;
use self::rows::Rows;
use super::{Running, ServeOptions, StartError, api, definition, keys, parts};

/// As long as the answer to the benchmark's order.
const ANSWER: &str = concat!(
    r#"{"orderId":"0198c6a0-3c00-7000-8000-000000000000","status":"PENDING","totalAmount":59.98,"currency":"USD","#,
    r#""createdAt":"2025-08-20T12:00:00.000Z","customerId":"CUST-000000","items":[{"productId":"PROD-001","#,
    r#""quantity":2,"price":29.99}],"customerEmail":"customer@example.com","#,
    r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#
);
/// The rows' database, in the data directory.
const ROWS: &str = "rows.db";
const LOCATION: &str = "/orders/0198c6a0-3c00-7000-8000-000000000000";

/// What lies behind the HTTP interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// Nothing: each answer is given at once.
    Nothing,
    /// One row for each request, with its body; the answer is given once it is durable.
    OneRow,
}

/// Starts the server; it takes requests when this returns.
///
/// # Errors
/// As [`super::start`], and [`StartError::Rows`].
pub async fn start(options: ServeOptions, behind: Behind) -> Result<Running, StartError> {
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
    let handler: Arc<dyn Handler> = match behind {
        Behind::Nothing => Arc::new(Created),
        Behind::OneRow => Arc::new(Kept(Rows::create(&options.data.join(ROWS))?)),
    };
    let stop = CancellationToken::new();
    let config = api::config(&system);
    let limits = config.limits;
    let mut parts = parts(&engine, &system, &registry, &stop);
    parts.functions = config
        .routes
        .iter()
        .map(|route| (route.function.clone(), Arc::clone(&handler)))
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
        let answer = created();
        Box::pin(async move { Ok(answer) })
    }
}

/// Keeps the body, and then says that it's done.
struct Kept(Rows);

impl Handler for Kept {
    fn call(self: Arc<Self>, invocation: Invocation, _: Context) -> ReplyFuture {
        Box::pin(async move {
            let body = match invocation {
                Invocation::Api(request) => request.body.unwrap_or_default(),
                Invocation::Sqs(_) | Invocation::Sns(_) | Invocation::Stream(_) | Invocation::Direct(_) => {
                    return Err(not_kept(&"only an API request has a body to keep"));
                }
            };
            let kept = self.0.keep(body.into_bytes()).await;
            kept.map(|()| created()).map_err(|error| not_kept(&error))
        })
    }
}

fn not_kept(why: &impl ToString) -> FunctionError {
    FunctionError {
        error_type: "NotKept".to_owned(),
        message: why.to_string(),
    }
}

fn created() -> Reply {
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::LOCATION, HeaderValue::from_static(LOCATION)),
    ]);
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = 201;
    answer.headers = headers;
    answer.body = Some(ANSWER.to_owned().into());
    Reply::Api(Box::new(answer))
}
