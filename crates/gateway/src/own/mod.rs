//! The gateway's own calls that need no key: is it alive, is it ready, what does it count, how is it used.

mod docs;
mod error_pages;
mod health;
mod metrics;
mod openapi_json;
mod page;
mod ready;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::config::Route;
use crate::edge::Gateway;
use crate::parts::Engine;

/// Paths that a template may route to a function for AWS' sake, and that are answered here all the same.
const ALSO_IN_TEMPLATES: [&str; 6] = [
    "/health",
    "/ready",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/admin/analytics",
];

/// Whether this route's path is one of ours.
pub(crate) fn serves(route: &Route) -> bool {
    ALSO_IN_TEMPLATES.contains(&route.path.as_str())
}

/// Their routes.
pub(crate) fn routes<E: Engine>() -> Router<Arc<Gateway<E>>> {
    Router::new()
        .route("/health", get(health::get_health))
        .route("/ready", get(ready::get_ready::<E>))
        .route("/metrics", get(metrics::get_metrics::<E>))
        .route("/openapi.json", get(openapi_json::get_openapi))
        .route("/docs", get(docs::get_docs))
        .route("/docs/errors", get(error_pages::list_error_pages))
        .route("/docs/errors/{code}", get(error_pages::get_error_page))
}
