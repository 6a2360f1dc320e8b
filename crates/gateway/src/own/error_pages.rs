//! `GET /docs/errors/{code}`: what a problem's `type` leads to, and what to do about it.

use axum::extract::Path;
use axum::response::{Html, IntoResponse};

use crate::problem::{Code, Problem};

pub(crate) async fn list_error_pages() -> impl IntoResponse {
    Html("")
}

pub(crate) async fn get_error_page(Path(_code): Path<String>) -> Result<Html<String>, Problem> {
    Err(Problem::new(Code::NotFound, "There is no such error page."))
}
