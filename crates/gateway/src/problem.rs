//! Errors as clients see them: RFC 9457 problem documents, written in one place.
//!
//! Whatever goes wrong is a [`Problem`]; the edge alone turns it into an answer, because the edge alone knows the
//! request's ids. Each code has a page in `docs/errors/` that says what to do about it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::Fault;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::ids::RequestIds;

/// What kind of problem it is. The name of each is stable: clients may match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// No key, or one that nobody knows.
    Forbidden,
    /// A key that may not do this.
    UnauthorizedAdmin,
    /// Faster than the usage plan allows.
    Throttled,
    /// More than the usage plan allows in its period.
    QuotaExceeded,
    /// No such route, or no such thing.
    NotFound,
    /// The route exists, but not with this method.
    MethodNotAllowed,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// Path, query and headers are longer than the limit.
    HeadersTooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// Something in the request is not what HTTP says.
    BadRequest,
    /// Fields of the request are wrong, each with its pointer.
    Validation,
    /// The client took too long to send its request.
    RequestTimeout,
    /// What was asked for can't be done as things stand.
    Conflict,
    /// The function failed or answered nonsense.
    FunctionFailed,
    /// The function took too long.
    Timeout,
    /// Too much at once.
    Overloaded,
    /// The store has no room left.
    StoreFull,
    /// The store failed.
    StoreFailed,
}

impl Code {
    /// Its name, which is also its page's.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::UnauthorizedAdmin => "unauthorized-admin",
            Self::Throttled => "throttled",
            Self::QuotaExceeded => "quota-exceeded",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BodyTooLarge => "body-too-large",
            Self::HeadersTooLarge => "headers-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::BadRequest => "bad-request",
            Self::Validation => "validation",
            Self::RequestTimeout => "request-timeout",
            Self::Conflict => "conflict",
            Self::FunctionFailed => "function-failed",
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
            Self::StoreFull => "store-full",
            Self::StoreFailed => "store-failed",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Forbidden | Self::UnauthorizedAdmin => StatusCode::FORBIDDEN,
            Self::Throttled | Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BadRequest | Self::Validation => StatusCode::BAD_REQUEST,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::FunctionFailed => StatusCode::BAD_GATEWAY,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Overloaded | Self::StoreFull => StatusCode::SERVICE_UNAVAILABLE,
            Self::StoreFailed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A short text that is the same for every problem of this kind; API Gateway's own words where it has some.
    fn title(self) -> &'static str {
        match self {
            Self::Forbidden => "Forbidden",
            Self::UnauthorizedAdmin => "Admin Key Required",
            Self::Throttled => "Too Many Requests",
            Self::QuotaExceeded => "Limit Exceeded",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::BodyTooLarge => "Request Too Long",
            Self::HeadersTooLarge => "Request Header Fields Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::BadRequest => "Bad Request",
            Self::Validation => "Invalid Request",
            Self::RequestTimeout => "Request Timeout",
            Self::Conflict => "Conflict",
            Self::FunctionFailed => "Internal server error",
            Self::Timeout => "Endpoint request timed out",
            Self::Overloaded => "Service Unavailable",
            Self::StoreFull => "Insufficient Storage",
            Self::StoreFailed => "Internal server error",
        }
    }

    /// API Gateway's own word for the member `message`, which its clients read; `None` where it has none, and the
    /// detail stands there as it does in the functions' answers.
    fn message(self) -> Option<&'static str> {
        match self {
            Self::Forbidden | Self::UnauthorizedAdmin => Some("Forbidden"),
            Self::Throttled
            | Self::QuotaExceeded
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::BodyTooLarge
            | Self::HeadersTooLarge
            | Self::UnsupportedMediaType
            | Self::RequestTimeout
            | Self::FunctionFailed
            | Self::Timeout
            | Self::Overloaded => Some(self.title()),
            Self::BadRequest | Self::Validation | Self::Conflict | Self::StoreFull | Self::StoreFailed => {
                None
            }
        }
    }

    /// Every code, for the test that each has its page.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 18] = [
        Self::Forbidden,
        Self::UnauthorizedAdmin,
        Self::Throttled,
        Self::QuotaExceeded,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::HeadersTooLarge,
        Self::UnsupportedMediaType,
        Self::BadRequest,
        Self::Validation,
        Self::RequestTimeout,
        Self::Conflict,
        Self::FunctionFailed,
        Self::Timeout,
        Self::Overloaded,
        Self::StoreFull,
        Self::StoreFailed,
    ];
}

/// An error on its way to the client.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    detail: String,
    errors: Vec<Fault>,
    headers: HeaderMap,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// All the faults of one request. The first is said in `detail` too, for clients that read nothing else.
    pub(crate) fn faults(errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [] => "The request is not valid.".to_owned(),
            [only] => only.detail.clone(),
            [first, rest @ ..] => format!("{} (and {} more; see errors)", first.detail, rest.len()),
        };
        let mut problem = Self::new(Code::Validation, detail);
        problem.0.errors = errors;
        problem
    }

    /// The route exists for these methods only.
    pub(crate) fn method_not_allowed(allow: Option<HeaderValue>) -> Self {
        let mut problem = Self::new(
            Code::MethodNotAllowed,
            "This path exists, but not with this method; Allow names those it has.",
        );
        if let Some(allow) = allow {
            problem.0.headers.insert(ALLOW, allow);
        }
        problem
    }

    /// Says when to try again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.headers.insert(RETRY_AFTER, seconds.into());
        self
    }

    /// Headers to send along.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.headers
    }

    /// What kind of problem it is.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code.as_str()
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.code.status()
    }

    /// Writes the document about the request for `path`.
    pub(crate) fn render(self, path: &str, ids: &RequestIds) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Document<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            instance: &'a str,
            message: &'a str,
            request_id: &'a str,
            trace_id: &'a str,
            #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
            errors: &'a [Fault],
        }
        let Inner {
            code,
            detail,
            errors,
            headers,
        } = *self.0;
        let document = Document {
            r#type: format!("/docs/errors/{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: &detail,
            instance: path,
            message: code.message().unwrap_or(&detail),
            request_id: ids.request_id(),
            trace_id: ids.trace_id(),
            errors: &errors,
        };
        // Nothing in a document can fail to serialise; an empty body is the honest answer if it ever does.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = code.status();
        *response.headers_mut() = headers;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// A handler's way to the edge: the problem travels in the answer's extensions until the edge writes it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.code.status();
        response.extensions_mut().insert(self);
        response
    }
}
