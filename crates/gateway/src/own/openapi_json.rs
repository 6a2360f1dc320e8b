//! `GET /openapi.json`: the interface, described for machines.

use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;

use crate::openapi;

pub(crate) async fn get_openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], openapi::document_text())
}
