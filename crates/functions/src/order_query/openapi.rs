//! `GET /openapi.json` on AWS: the interface's description, as far as it is served there. On one machine the gateway
//! answers this call itself.

use std::sync::OnceLock;

use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use serde_json::{Value, json};

use crate::http;

/// One description for both engines; the gateway's tests hold it and the routes together.
const SOURCE: &str = include_str!("../../../gateway/openapi.json");

/// What API Gateway routes to a function. The rest of the description is the single machine's own.
const PATHS: [&str; 10] = [
    "/orders",
    "/orders/{orderId}",
    "/orders/{orderId}/timeline",
    "/orders/{orderId}/cancel",
    "/products",
    "/products/{productId}",
    "/events",
    "/admin/analytics",
    "/health",
    "/openapi.json",
];

pub(super) fn get_openapi(request: &ApiGatewayProxyRequest) -> ApiGatewayProxyResponse {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let mut document = DOCUMENT.get_or_init(served).clone();
    // The stage is the last part of the interface's base URL.
    let stage = request.request_context.stage.as_deref().unwrap_or_default();
    document["servers"] = json!([{ "url": format!("/{stage}") }]);
    http::ok(&document)
}

/// The description without what is not served here; `null` if the source were no JSON, which a test rules out.
fn served() -> Value {
    let mut document: Value = serde_json::from_str(SOURCE).unwrap_or_default();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|path, _| PATHS.contains(&path.as_str()));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_is_served_is_described() {
        let document = served();
        let mut described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
        let mut served = PATHS.to_vec();
        described.sort_unstable();
        served.sort_unstable();
        assert_eq!(described, served);
    }

    #[test]
    fn the_base_url_ends_in_the_stage() {
        let mut request = ApiGatewayProxyRequest::default();
        request.request_context.stage = Some("prod".to_owned());
        let answer = get_openapi(&request);
        let Some(ports::function::aws_lambda_events::encodings::Body::Text(body)) = answer.body else {
            panic!("no text")
        };
        let document: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(document["servers"][0]["url"], "/prod");
    }
}
