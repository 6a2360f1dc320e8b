//! `GET /admin/outbox`: the newest messages handed to senders.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use ports::operations::OutboxEntry;
use serde::Serialize;

use super::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

#[derive(Serialize)]
pub(crate) struct Outbox {
    messages: Vec<OutboxEntry>,
}

pub(crate) async fn list_outbox<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<Outbox>, Problem> {
    let mut query = Query::of(&uri);
    let limit = query.limit();
    query.finish()?;
    let messages = gateway.parts.engine.list_outbox(limit).await?;
    Ok(Json(Outbox { messages }))
}
