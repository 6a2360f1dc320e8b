//! The interface as an OpenAPI 3.1 document. `openapi.json` beside this crate's manifest is its source, so that other
//! tools can read it too; tests hold it and the router together.

use std::sync::OnceLock;

use http::Method;
use serde_json::Value;

use crate::config::Route;

const SOURCE: &str = include_str!("../openapi.json");

/// The document, parsed. It is `null` if the source were no JSON, which a test rules out.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(SOURCE).unwrap_or_default())
}

/// The document as it is served: without the spaces that make the source readable.
pub(crate) fn document_text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| document().to_string())
}

/// The routes that the OpenAPI document says nothing about, as `METHOD /path`. Empty when it is complete.
#[must_use]
pub fn undescribed_routes(routes: &[Route]) -> Vec<String> {
    routes
        .iter()
        .filter(|route| !route.otherwise)
        .filter(|route| operation(document(), &route.method, &route.path).is_none())
        .map(|route| format!("{} {}", route.method, route.path))
        .collect()
}

fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let method = method.as_str().to_ascii_lowercase();
    document.get("paths")?.get(path)?.get(method)
}

/// Follows a `$ref` within the document; what is none stays itself.
pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
        .unwrap_or(value)
}
