//! `GET /docs`: the interface, described for people, on one page that loads nothing from anywhere.

use axum::response::{Html, IntoResponse};

use crate::openapi;

pub(crate) async fn get_docs() -> impl IntoResponse {
    Html(openapi::document_text())
}
