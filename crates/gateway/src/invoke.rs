//! Calling a function for a request: bounded in number and in time, and whatever it does, the client gets an answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::response::Response;
use futures_util::FutureExt;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::{Context, FunctionError, Invocation};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::ids::RequestIds;
use crate::problem::{Code, Problem};
use crate::reply::{self, MalformedReply};
use crate::routes::BoundRoute;

/// Why a function gave no answer.
#[derive(Debug, thiserror::Error)]
enum InvokeError {
    #[error("the function failed")]
    Failed(#[source] FunctionError),
    #[error("the function panicked")]
    Panicked,
    #[error("the function's answer is malformed")]
    Malformed(#[source] MalformedReply),
    #[error("the function took longer than {0} ms")]
    TimedOut(u128),
}

/// Calls the route's function.
pub(crate) async fn invoke(
    route: &BoundRoute,
    event: Box<ApiGatewayProxyRequest>,
    ids: &RequestIds,
    in_flight: &Semaphore,
) -> Result<Response, Problem> {
    let Ok(_permit) = in_flight.try_acquire() else {
        return Err(overloaded());
    };
    let context = Context {
        request_id: Arc::clone(ids.request_id()),
        trace_id: Arc::clone(ids.trace_id()),
    };
    let handler = Arc::clone(&route.handler);
    let call = async move { handler.call(Invocation::Api(event), context).await };
    let answered = match timeout(route.timeout, AssertUnwindSafe(call).catch_unwind()).await {
        Err(_) => Err(InvokeError::TimedOut(route.timeout.as_millis())),
        Ok(Err(_)) => Err(InvokeError::Panicked),
        Ok(Ok(Err(error))) => Err(InvokeError::Failed(error)),
        Ok(Ok(Ok(reply))) => reply::into_response(reply).map_err(InvokeError::Malformed),
    };
    answered.map_err(|error| {
        log(route, ids, &error);
        problem(&error)
    })
}

/// There is as much in hand as can be served in time.
pub(crate) fn overloaded() -> Problem {
    let detail = "The server has as much in hand as it can take; try again shortly.";
    Problem::new(Code::Overloaded, detail).retry_after(1)
}

/// The operator's side of the failure, once, with its cause.
fn log(route: &BoundRoute, ids: &RequestIds, error: &InvokeError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(
        function = route.function,
        request_id = &**ids.request_id(),
        trace_id = &**ids.trace_id(),
        cause,
        "{error}"
    );
}

/// The client's side of it, which says nothing about our insides.
fn problem(error: &InvokeError) -> Problem {
    match error {
        InvokeError::Failed(_) | InvokeError::Panicked | InvokeError::Malformed(_) => Problem::new(
            Code::FunctionFailed,
            "The function failed. The request may have taken effect: send it again with the same Idempotency-Key.",
        ),
        InvokeError::TimedOut(_) => Problem::new(
            Code::Timeout,
            "The function took too long. The request may have taken effect: send it again with the same \
             Idempotency-Key.",
        )
        .retry_after(1),
    }
}
