//! A Lambda function's process: starts once, then handles one event after another.
//!
//! The start checks everything that can be wrong with the deployment, so that it fails there and says what, and not with
//! the first order. Log, metrics and traces are set up here; what a function does with an event is `functions`'.

mod event;
mod reply;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use ports::function::{Context, FunctionError, Handler};
use ports::trace::{Recorder, Scope, Service, ServiceKind};
use serde_json::value::RawValue;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::environment::{MissingVariables, Settings, Variable};
use crate::metrics::EmbeddedMetrics;
use crate::sdk::Connection;
use crate::store::Store;
use crate::xray::daemon::Daemon;
use crate::xray::header::{TraceHeader, with_header};

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
    let metrics = Arc::new(EmbeddedMetrics::from_environment());
    let handler = Arc::new(make(Arc::new(Store::new(&connection, settings, metrics))));
    let origin = read("ALLOWED_ORIGIN").unwrap_or_default();
    let function = Function {
        handler,
        cors: reply::Cors::new(&origin),
        recorder: Arc::new(Daemon::at(read("AWS_XRAY_DAEMON_ADDRESS").as_deref())),
        service: Service::new(
            &read("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
            ServiceKind::Function,
        ),
    };
    let function = Arc::new(function);
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { function.handle(event).await }
    });
    lambda_runtime::run(service).await.map_err(RunError::Runtime)
}

/// How the process ends. An error goes to standard error, where Lambda takes the log from, as a sentence with its causes.
pub fn exit(result: Result<(), impl Into<Box<dyn Error>>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", with_causes(error.into().as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// `could not do this: for that reason`.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}

/// A function with what each of its invocations needs.
struct Function<H> {
    handler: Arc<H>,
    cors: reply::Cors,
    recorder: Arc<dyn Recorder>,
    service: Service,
}

impl<H: Handler + 'static> Function<H> {
    async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<reply::Body, Failure> {
        let invocation = event::read(event.payload.get()).map_err(Failure)?;
        let header = event.context.xray_trace_id.filter(|header| !header.is_empty());
        let trace = header.as_deref().and_then(TraceHeader::parse);
        let context = Context {
            request_id: event.context.request_id.into(),
            trace_id: trace
                .as_ref()
                .map(TraceHeader::trace_id)
                .unwrap_or_default()
                .into(),
        };
        let recorded = trace.as_ref().and_then(TraceHeader::recorded);
        let scope = Scope::new(
            Arc::clone(&self.recorder),
            self.service,
            context.request_id.clone(),
            recorded,
        );
        let called = Arc::clone(&self.handler).call(invocation, context);
        match with_header(header, scope.run(called)).await {
            Ok(answer) => Ok(reply::Body::new(answer, &self.cors)),
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

/// Logs go to standard error as lines of JSON, in the form that they have on one machine.
fn init_log() -> Result<(), RunError> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let targets: Targets = filter.parse().map_err(|_| RunError::LogFilter(filter))?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(telemetry::logs::JsonLines)
        .with_writer(std::io::stderr)
        .with_filter(targets);
    tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .map_err(RunError::Log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_as_a_sentence_with_its_causes() {
        let broken = std::io::Error::other("the connection broke");
        let error = RunError::Runtime(lambda_runtime::Error::from(broken));
        assert_eq!(
            with_causes(&error),
            "the Lambda runtime's interface failed: the connection broke"
        );
        let missing = RunError::from(MissingVariables(vec!["ORDERS_TABLE"]));
        assert!(with_causes(&missing).starts_with("missing in the function's environment: ORDERS_TABLE"));
    }
}
