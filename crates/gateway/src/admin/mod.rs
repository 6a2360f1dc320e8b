//! `/admin`: what the command line and the console use. Every call needs an admin's key and is not metered, for the
//! operator must get in when a plan is used up.

mod analytics;
mod executions;
mod keys;
mod observability;
mod orders;
mod outbox;
mod queues;
mod request;
mod status;
mod subscriptions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post};
use ports::StoreError;
use ports::operations::OperationError;

use crate::access;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::{Code, Problem};

/// The routes below `/admin`.
pub(crate) fn routes<E: Engine>(gateway: &Arc<Gateway<E>>) -> Router<Arc<Gateway<E>>> {
    Router::new()
        .route("/queues", get(queues::list_queues::<E>))
        .route("/queues/{queue}/messages", get(queues::list_messages::<E>))
        .route("/queues/{queue}/redrive", post(queues::redrive_messages::<E>))
        .route("/queues/{queue}/purge", post(queues::purge_messages::<E>))
        .route("/executions", get(executions::list_executions::<E>))
        .route("/executions/{name}", get(executions::get_execution::<E>))
        .route(
            "/executions/{name}/redrive",
            post(executions::redrive_execution::<E>),
        )
        .route("/keys", get(keys::list_keys::<E>).post(keys::create_key::<E>))
        .route("/keys/{name}", delete(keys::revoke_key::<E>))
        .route("/keys/{name}/usage", get(keys::get_usage::<E>))
        .route("/orders", get(orders::list_orders::<E>))
        .route("/outbox", get(outbox::list_outbox::<E>))
        .route("/subscriptions", get(subscriptions::list_subscriptions::<E>))
        .route("/analytics", get(analytics::read_figures::<E>))
        .route("/status", get(status::get_status::<E>))
        .merge(observability::routes())
        .route_layer(from_fn_with_state(Arc::clone(gateway), only_admins::<E>))
}

async fn only_admins<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = access::authenticate(&*gateway.parts.engine, request.headers())?;
    access::require_admin(&key)?;
    Ok(next.run(request).await)
}

/// An operation's failure as the client sees it; the store's is logged here, once.
impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::NotFound { .. } => Self::new(Code::NotFound, sentence(&error.to_string())),
            OperationError::NotAllowed(reason) => Self::new(Code::Conflict, sentence(&reason)),
            OperationError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(what) => {
                tracing::error!(what, "the store is full");
                Self::new(Code::StoreFull, "The store has no room left.").retry_after(60)
            }
            StoreError::Busy => Self::new(Code::Overloaded, "The store is busy.").retry_after(1),
            StoreError::Failed(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an operator's call failed"
                );
                Self::new(Code::StoreFailed, "The store failed; the server's log says why.")
            }
        }
    }
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        None => String::new(),
        Some(first) => {
            let end = if text.ends_with('.') { "" } else { "." };
            format!("{}{}{end}", first.to_uppercase(), chars.as_str())
        }
    }
}
