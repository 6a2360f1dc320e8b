//! Reading a request's body: once, bounded in size, time and number, JSON's media type, UTF-8.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::Limits;
use crate::invoke::overloaded;
use crate::problem::{Code, Problem};

/// How many times the limit is read, and thrown away, so that a client that sends first and reads then gets its 413
/// and not a reset connection.
const DRAIN_FACTOR: usize = 4;

/// From here on a body counts as large. Orders of a few lines have less than 1 KiB.
const LARGE_BYTES: usize = 16 * 1024;

/// Reads the body as text; `None` when there is none. A body that turns out large needs one of the places of `large`
/// while it is read.
pub(crate) async fn read_json_text<B>(
    headers: &HeaderMap,
    body: B,
    limits: &Limits,
    large: &Semaphore,
) -> Result<Option<String>, Problem>
where
    B: Body<Data = Bytes>,
{
    if body.is_end_stream() {
        return Ok(None);
    }
    let reading = read(headers, body, limits.max_body_bytes, large);
    let bytes = match timeout(limits.body_timeout, reading).await {
        Ok(read) => read?,
        Err(_) => return Err(too_slow(limits.body_timeout)),
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    require_json(headers)?;
    String::from_utf8(bytes.into())
        .map(Some)
        .map_err(|e| not_utf8(e.utf8_error().valid_up_to()))
}

async fn read<B: Body<Data = Bytes>>(
    headers: &HeaderMap,
    body: B,
    max: usize,
    large: &Semaphore,
) -> Result<Bytes, Problem> {
    let drain_max = max.saturating_mul(DRAIN_FACTOR);
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > drain_max) {
        return Err(too_large(max));
    }
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    let mut total = 0usize;
    let mut place = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| cut_off())?.into_data() else {
            continue;
        };
        total = total.saturating_add(data.len());
        if total > drain_max {
            return Err(too_large(max));
        }
        if total > max {
            continue;
        }
        if total > LARGE_BYTES && place.is_none() {
            place = Some(large.try_acquire().map_err(|_| overloaded())?);
        }
        // Nearly every body comes in one piece, which then is not copied here.
        if first.is_empty() && joined.is_empty() {
            first = data;
        } else {
            if joined.is_empty() {
                joined.extend_from_slice(&first);
                first = Bytes::new();
            }
            joined.extend_from_slice(&data);
        }
        if body.is_end_stream() {
            break;
        }
    }
    match total {
        _ if total > max => Err(too_large(max)),
        _ if joined.is_empty() => Ok(first),
        _ => Ok(joined.freeze()),
    }
}

/// Only what says that it is JSON, and is not compressed.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|v| !v.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        let detail = "Send the body without Content-Encoding.";
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    match headers.get(CONTENT_TYPE) {
        Some(value) if is_json(value) => Ok(()),
        Some(_) | None => Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send the body as JSON with Content-Type: application/json.",
        )),
    }
}

/// `application/json` or `application/…+json`, whatever its parameters.
fn is_json(value: &HeaderValue) -> bool {
    if value == "application/json" {
        return true;
    }
    let Ok(text) = value.to_str() else { return false };
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some(subtype) => subtype == "json" || (subtype.ends_with("+json") && subtype.len() > 5),
        None => false,
    }
}

fn too_large(max: usize) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("A request body holds at most {max} bytes."),
    )
}

fn too_slow(limit: Duration) -> Problem {
    Problem::new(
        Code::RequestTimeout,
        format!("The body did not arrive within {} seconds.", limit.as_secs()),
    )
}

fn cut_off() -> Problem {
    Problem::new(Code::BadRequest, "The body ended before it was whole.")
}

fn not_utf8(at: usize) -> Problem {
    Problem::new(
        Code::BadRequest,
        format!("The body is not UTF-8: the byte at offset {at} is wrong."),
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    #[test]
    fn knows_json_by_its_media_type() {
        let cases = [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON ;charset=UTF-8", true),
            ("application/problem+json", true),
            ("application/+json", false),
            ("application/jsonp", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=application/json", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(
                super::is_json(&HeaderValue::from_static(text)),
                expected,
                "{text}"
            );
        }
    }
}
