//! The interface as an OpenAPI 3.1 document.

use crate::config::Route;

/// The document as JSON.
pub(crate) fn document_text() -> String {
    String::new()
}

/// The routes that the OpenAPI document says nothing about, as `METHOD /path`. Empty for a complete document.
#[must_use]
pub fn undescribed_routes(routes: &[Route]) -> Vec<String> {
    routes
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect()
}
