//! `GET /admin/status`: what the process says about itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::edge::Gateway;
use crate::parts::Engine;

pub(crate) async fn get_status<E: Engine>(State(gateway): State<Arc<Gateway<E>>>) -> Json<Value> {
    Json((gateway.parts.status)())
}
