//! `GET /admin/subscriptions`: every subscription with its backlog.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ports::operations::SubscriptionInfo;
use serde::Serialize;

use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

#[derive(Serialize)]
pub(crate) struct Subscriptions {
    subscriptions: Vec<SubscriptionInfo>,
}

pub(crate) async fn list_subscriptions<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<Subscriptions>, Problem> {
    let subscriptions = gateway.parts.engine.list_subscriptions().await?;
    Ok(Json(Subscriptions { subscriptions }))
}
