//! A function's answer as HTTP.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use ports::function::Reply;
use ports::function::aws_lambda_events::encodings::Body as EventBody;

/// The function answered something that is no HTTP answer, which AWS calls a malformed proxy response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedReply {
    #[error("the function answered something else than an API answer")]
    NotApi,
    #[error("{0} is no status code of an answer")]
    Status(i64),
    #[error("the body is not base64")]
    Base64,
    #[error("the body is of a kind that this server doesn't know")]
    UnknownBody,
}

/// Turns the answer into HTTP; its headers and body are moved.
pub(crate) fn into_response(reply: Reply) -> Result<Response, MalformedReply> {
    let answer = match reply {
        Reply::Api(answer) => *answer,
        Reply::Batch(_) | Reply::Value(_) | Reply::Done => return Err(MalformedReply::NotApi),
    };
    let status = u16::try_from(answer.status_code)
        .ok()
        .filter(|code| (200..600).contains(code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or(MalformedReply::Status(answer.status_code))?;
    let body = match answer.body {
        None | Some(EventBody::Empty) => Body::empty(),
        Some(EventBody::Text(text)) if answer.is_base64_encoded => {
            Body::from(STANDARD.decode(text).map_err(|_| MalformedReply::Base64)?)
        }
        Some(EventBody::Text(text)) => Body::from(text),
        Some(EventBody::Binary(bytes)) => Body::from(bytes),
        // The type is non-exhaustive.
        Some(_) => return Err(MalformedReply::UnknownBody),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = answer.headers;
    for (name, value) in &answer.multi_value_headers {
        let already = response.headers().get_all(name).iter().any(|v| v == value);
        if !already {
            response.headers_mut().append(name, value.clone());
        }
    }
    Ok(response)
}
