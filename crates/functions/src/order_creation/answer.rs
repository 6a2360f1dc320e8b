//! The answer to a placed order: 201, the order as it was placed, and where to find it.

use ::http::{HeaderName, HeaderValue, header};
use domain::OrderStatus;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use uuid::fmt::Hyphenated;

use super::Answered;
use crate::http;

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The same answer for the first request and every repeat, but for the header that tells them apart.
pub(super) fn created(answered: &Answered, request: &ApiGatewayProxyRequest) -> ApiGatewayProxyResponse {
    let placed = answered.placement.json();
    let mut answer = http::answer_with(201, http::JSON, placed.map(|json| with_status(json)));
    let collection = http::path(request).unwrap_or("/orders");
    let id = answered.placement.order().order_id.as_uuid().hyphenated();
    let mut text = [0; Hyphenated::LENGTH];
    let location = [collection, "/", id.encode_lower(&mut text)].concat();
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers.insert(header::LOCATION, location);
    }
    if answered.replayed {
        answer
            .headers
            .insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    answer
}

/// The order's JSON as it is placed, with its status behind its id, which is the first of its members.
fn with_status(placed: &str) -> String {
    let end_of_id = placed.bytes().position(|byte| matches!(byte, b',' | b'}'));
    let end_of_id = end_of_id.unwrap_or_default();
    let (id, others) = placed.split_at(end_of_id);
    [
        id,
        r#","status":""#,
        OrderStatus::Pending.as_str(),
        r#"""#,
        others,
    ]
    .concat()
}
