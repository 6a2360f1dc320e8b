//! `GET /ready`: orders can be taken now, or why not.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::{Code, Problem};

#[derive(Serialize)]
pub(crate) struct Ready {
    status: &'static str,
}

pub(crate) async fn get_ready<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<Ready>, Problem> {
    if gateway.parts.shutdown.is_cancelled() {
        return Err(Problem::new(Code::Overloaded, "The server is stopping.").retry_after(5));
    }
    match (gateway.parts.readiness)() {
        Ok(()) => Ok(Json(Ready { status: "ready" })),
        Err(reason) => Err(Problem::new(Code::Overloaded, reason).retry_after(1)),
    }
}
