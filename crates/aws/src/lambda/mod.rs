//! A Lambda function's process: starts once, then handles one event after another.
//!
//! The start checks everything that can be wrong with the deployment, so that it fails there and says what, and not with
//! the first order. Log, metrics and traces are set up here; what a function does with an event is `functions`'.

mod event;
mod reply;

use std::sync::Arc;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use ports::function::{Context, FunctionError, Handler};
use serde_json::value::RawValue;
use tracing::Instrument;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::environment::{MissingVariables, Settings, Variable};
use crate::sdk::Connection;
use crate::store::Store;
use crate::xray::header::{TraceHeader, with_header};
use crate::xray::subsegments::Subsegments;

/// Why a function's process ended or never began.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The environment lacks something.
    #[error(transparent)]
    Missing(#[from] MissingVariables),
    /// `RUST_LOG` can't be read.
    #[error("RUST_LOG={0:?} is no log filter; write a level such as info, or target=level pairs")]
    LogFilter(String),
    /// The log was set up before.
    #[error("the log was set up before")]
    Log(#[source] tracing_subscriber::util::TryInitError),
    /// The runtime's interface is gone.
    #[error("the Lambda runtime's interface failed")]
    Runtime(#[source] lambda_runtime::Error),
}

/// Runs the function that `make` makes over a store of the `needed` resources, until Lambda ends the process.
///
/// # Errors
/// [`RunError`]; Lambda shows it as the reason why the function didn't start.
pub async fn run<H: Handler + 'static>(
    needed: &[Variable],
    make: impl FnOnce(Arc<Store>) -> H,
) -> Result<(), RunError> {
    init_log()?;
    let read = |name: &'static str| std::env::var(name).ok();
    let settings = Settings::read(needed, read);
    let connection = Connection::read(read);
    let (settings, connection) = match (settings, connection) {
        (Ok(settings), Ok(connection)) => (settings, connection),
        (settings, connection) => {
            let missing = [settings.err(), connection.err()].into_iter().flatten();
            let missing = MissingVariables(missing.flat_map(|missing| missing.0).collect());
            tracing::error!(event_type = "function_not_started", error = %missing);
            return Err(missing.into());
        }
    };
    let handler = Arc::new(make(Arc::new(Store::new(&connection, settings))));
    let origin = read("ALLOWED_ORIGIN").unwrap_or_default();
    let cors = reply::Cors::new(&origin);
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (handler, cors) = (Arc::clone(&handler), cors.clone());
        async move { handle(handler, &cors, event).await }
    });
    lambda_runtime::run(service).await.map_err(RunError::Runtime)
}

async fn handle(
    handler: Arc<impl Handler + 'static>,
    cors: &reply::Cors,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<reply::Body, Failure> {
    let invocation = event::read(event.payload.get()).map_err(Failure)?;
    let header = event.context.xray_trace_id.filter(|header| !header.is_empty());
    let trace = header.as_deref().and_then(TraceHeader::parse);
    let context = Context {
        request_id: event.context.request_id,
        trace_id: trace.as_ref().map(TraceHeader::trace_id).unwrap_or_default(),
    };
    let span = tracing::info_span!("invocation", xray = header.as_deref().unwrap_or_default());
    let called = handler.call(invocation, context).instrument(span);
    let answered = with_header(header, called).await;
    match answered {
        Ok(answer) => Ok(reply::Body::new(answer, cors)),
        Err(error) => {
            tracing::error!(
                event_type = "function_failed",
                errorType = error.error_type,
                message = error.message
            );
            Err(Failure(error))
        }
    }
}

/// A function's error under the name that the workflow's Retry and Catch match.
#[derive(Debug)]
struct Failure(FunctionError);

impl From<Failure> for Diagnostic {
    fn from(Failure(error): Failure) -> Self {
        Self {
            error_type: error.error_type,
            error_message: error.message,
        }
    }
}

/// Logs go to standard error as lines of JSON, spans to X-Ray.
fn init_log() -> Result<(), RunError> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let targets: Targets = filter.parse().map_err(|_| RunError::LogFilter(filter))?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(telemetry::logs::JsonLines)
        .with_writer(std::io::stderr)
        .with_filter(targets);
    tracing_subscriber::registry()
        .with(lines)
        .with(Subsegments::from_environment())
        .try_init()
        .map_err(RunError::Log)
}
