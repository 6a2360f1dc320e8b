//! HTTP as API Gateway's proxy integration has it: reading what a request carries, writing answers.

use std::borrow::Cow;

use ::http::HeaderValue;
use ::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Fault, FaultCode};
use ports::function::Context;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::function::aws_lambda_events::encodings::Body;
use serde::Serialize;

use crate::problem::{ErrorCode, Problem};

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An answer with a JSON body.
pub(crate) fn answer(
    status: u16,
    content_type: HeaderValue,
    body: &impl Serialize,
) -> ApiGatewayProxyResponse {
    answer_with(status, content_type, serde_json::to_string(body))
}

/// An answer whose body is JSON already, if it could be made.
pub(crate) fn answer_with(
    status: u16,
    content_type: HeaderValue,
    json: Result<String, serde_json::Error>,
) -> ApiGatewayProxyResponse {
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = status.into();
    // Room for what the gateway adds, so that the map grows once.
    answer.headers.reserve(12);
    answer.headers.insert(CONTENT_TYPE, content_type);
    match json {
        Ok(json) => answer.body = Some(Body::Text(json)),
        Err(error) => {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(event_type = "answer_not_serialised", error);
            answer.status_code = 500;
        }
    }
    answer
}

/// A 200 with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> ApiGatewayProxyResponse {
    answer(200, JSON, body)
}

/// The longest body, in bytes. An order must fit an SQS message, which holds 256 KiB.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The path as the client asked for it, with the API's stage in front where it has one.
pub(crate) fn path(request: &ApiGatewayProxyRequest) -> Option<&str> {
    let asked = request.request_context.path.as_deref();
    asked.or(request.path.as_deref())
}

/// The request's JSON body as bytes; empty when there is none. The gateway of one machine has refused what is too long or
/// no JSON before; API Gateway passes on up to 6 MB of anything.
pub(crate) fn body(request: &ApiGatewayProxyRequest) -> Result<Cow<'_, [u8]>, Problem> {
    let text = request.body.as_deref().unwrap_or_default();
    if text.is_empty() {
        return Ok(Cow::Borrowed(&[]));
    }
    let bytes = decoded(request, text)?;
    if bytes.len() > MAX_BODY_BYTES {
        let detail = format!("A request body holds at most {MAX_BODY_BYTES} bytes.");
        return Err(Problem::new(ErrorCode::BodyTooLarge, detail));
    }
    match request.headers.get(CONTENT_TYPE) {
        Some(value) if is_json(value) => Ok(bytes),
        Some(_) | None => Err(Problem::new(
            ErrorCode::UnsupportedMediaType,
            "Send the body as JSON with Content-Type: application/json.",
        )),
    }
}

/// `application/json` or `application/…+json`, whatever its parameters.
fn is_json(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    let media_type = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let subtype = media_type.strip_prefix("application/").unwrap_or_default();
    subtype == "json" || subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty())
}

fn decoded<'a>(request: &ApiGatewayProxyRequest, text: &'a str) -> Result<Cow<'a, [u8]>, Problem> {
    if !request.is_base64_encoded {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    STANDARD.decode(text).map(Cow::Owned).map_err(|_| {
        Problem::validation(vec![Fault {
            pointer: String::new(),
            code: FaultCode::MalformedJson,
            detail: "the body is not base64, though it is marked so".to_owned(),
        }])
    })
}

/// A path parameter, as the route names it.
pub(crate) fn path_parameter<'a>(request: &'a ApiGatewayProxyRequest, name: &str) -> &'a str {
    request.path_parameters.get(name).map_or("", String::as_str)
}

/// The trace that the invocation belongs to, when it is a W3C trace id.
pub(crate) fn trace_id(context: &Context) -> Option<&str> {
    let id = &*context.trace_id;
    let hex = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    hex.then_some(id)
}
