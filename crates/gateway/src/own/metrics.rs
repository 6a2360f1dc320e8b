//! `GET /metrics`: what Prometheus scrapes.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;

use crate::edge::Gateway;
use crate::parts::Engine;

pub(crate) async fn get_metrics<E: Engine>(State(gateway): State<Arc<Gateway<E>>>) -> impl IntoResponse {
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, media_type)], (gateway.parts.metrics_text)())
}
