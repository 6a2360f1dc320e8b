//! `/admin/queues`: queues, their messages, and what to do with dead letters.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use http::Uri;
use ports::operations::{QueueInfo, QueueMessage};
use serde::Serialize;
use serde_json::Value;

use super::request::{Fields, Query};
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

#[derive(Serialize)]
pub(crate) struct Queues {
    queues: Vec<QueueInfo>,
}

pub(crate) async fn list_queues<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<Queues>, Problem> {
    let queues = gateway.parts.engine.list_queues().await?;
    Ok(Json(Queues { queues }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Messages {
    messages: Vec<QueueMessage>,
    /// What to pass as `after` for those that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<String>,
}

pub(crate) async fn list_messages<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(queue): Path<String>,
    uri: Uri,
) -> Result<Json<Messages>, Problem> {
    let mut query = Query::of(&uri);
    let (after, limit) = (query.text("after"), query.limit());
    query.finish()?;
    let messages = gateway.parts.engine.list_messages(queue, after, limit).await?;
    let full = messages.len() == limit as usize;
    let next_after = messages
        .last()
        .filter(|_| full)
        .map(|message| message.message_id.clone());
    Ok(Json(Messages { messages, next_after }))
}

#[derive(Serialize)]
pub(crate) struct Redriven {
    redriven: u64,
}

pub(crate) async fn redrive_messages<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(queue): Path<String>,
    request: Request,
) -> Result<Json<Redriven>, Problem> {
    let message_ids = read_message_ids(&gateway, request).await?;
    let redriven = gateway.parts.engine.redrive_messages(queue, message_ids).await?;
    Ok(Json(Redriven { redriven }))
}

#[derive(Serialize)]
pub(crate) struct Purged {
    purged: u64,
}

pub(crate) async fn purge_messages<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(queue): Path<String>,
    request: Request,
) -> Result<Json<Purged>, Problem> {
    let message_ids = read_message_ids(&gateway, request).await?;
    let purged = gateway.parts.engine.purge_messages(queue, message_ids).await?;
    Ok(Json(Purged { purged }))
}

/// `{"messageIds": [...]}`; all messages are meant when the field or the whole body is missing.
async fn read_message_ids<E>(gateway: &Gateway<E>, request: Request) -> Result<Option<Vec<String>>, Problem> {
    let (parts, body) = request.into_parts();
    let mut fields = Fields::read(&parts, body, &gateway.limits, &gateway.large_bodies).await?;
    let right = "an array of 1 to 1000 message ids";
    let message_ids = fields.take("messageIds", right, |value| match value {
        Value::Array(ids) if (1..=1000).contains(&ids.len()) => ids
            .into_iter()
            .map(|id| match id {
                Value::String(id) => Some(id),
                _ => None,
            })
            .collect::<Option<Vec<String>>>(),
        _ => None,
    });
    fields.finish()?;
    Ok(message_ids)
}
