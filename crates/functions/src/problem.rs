//! What goes wrong for a client, as RFC 9457 problem documents: one list of codes, one way to write them.
//!
//! Each error of a port is mapped to a problem document here, exhaustively. A failure of ours is logged here too, once, with
//! its whole chain of causes; the client is told nothing of it but the trace id to ask about.

use std::error::Error;
use std::sync::Arc;

use ::http::HeaderValue;
use domain::Fault;
use ports::StoreError;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::orders::{CancelOrderError, PlaceOrderError};
use serde::Serialize;

use crate::http;

/// Every kind of problem that a function answers with. Each has its page in `docs/errors/`, named by [`Self::as_str`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The body, a parameter or a header is wrong; `errors` lists each fault.
    Validation,
    /// No such order, product or route.
    NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// The body is longer than an order may be.
    BodyTooLarge,
    /// The body does not say that it is JSON.
    UnsupportedMediaType,
    /// A request with the same idempotency key is under way.
    IdempotencyInFlight,
    /// The idempotency key was used with another body.
    IdempotencyKeyReused,
    /// The order has ended already, so it can't be cancelled.
    OrderEnded,
    /// The store is busy.
    Overloaded,
    /// The store has no room left.
    StoreFull,
    /// The store failed.
    StoreFailed,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::Validation,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyInFlight,
        Self::IdempotencyKeyReused,
        Self::OrderEnded,
        Self::Overloaded,
        Self::StoreFull,
        Self::StoreFailed,
    ];

    /// The code's stable name, which is also its page's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BodyTooLarge => "body-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::IdempotencyInFlight => "idempotency-in-flight",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::OrderEnded => "order-ended",
            Self::Overloaded => "overloaded",
            Self::StoreFull => "store-full",
            Self::StoreFailed => "store-failed",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Validation => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::IdempotencyInFlight | Self::OrderEnded => 409,
            Self::IdempotencyKeyReused => 422,
            Self::StoreFailed => 500,
            Self::Overloaded | Self::StoreFull => 503,
        }
    }

    /// A few words that are the same for every occurrence.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Validation => "Invalid Request",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::BodyTooLarge => "Request Too Long",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::IdempotencyInFlight => "Request In Flight",
            Self::IdempotencyKeyReused => "Idempotency Key Reused",
            Self::OrderEnded => "Order Ended",
            Self::Overloaded => "Service Unavailable",
            Self::StoreFull => "Insufficient Storage",
            Self::StoreFailed => "Internal server error",
        }
    }

    /// API Gateway's own word for the member `message`, where it would have answered so itself; `None` where the detail
    /// stands there.
    fn message(self) -> Option<&'static str> {
        match self {
            Self::MethodNotAllowed | Self::BodyTooLarge | Self::UnsupportedMediaType => Some(self.title()),
            Self::Validation
            | Self::NotFound
            | Self::IdempotencyInFlight
            | Self::IdempotencyKeyReused
            | Self::OrderEnded
            | Self::Overloaded
            | Self::StoreFull
            | Self::StoreFailed => None,
        }
    }

    /// After how many seconds to try again, where that may help.
    fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::IdempotencyInFlight | Self::Overloaded => Some(1),
            Self::StoreFull => Some(60),
            Self::Validation
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::BodyTooLarge
            | Self::UnsupportedMediaType
            | Self::IdempotencyKeyReused
            | Self::OrderEnded
            | Self::StoreFailed => None,
        }
    }
}

/// One occurrence of a problem.
#[derive(Debug)]
pub(crate) struct Problem {
    code: ErrorCode,
    detail: String,
    errors: Vec<Fault>,
    /// The methods that the path has, for `Allow`.
    allow: Option<HeaderValue>,
    /// What failed on our side, for the log.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            allow: None,
            source: None,
        }
    }

    /// The path has these methods only.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(HeaderValue::from_static(allow)),
            ..Self::new(
                ErrorCode::MethodNotAllowed,
                "This path exists, but not with this method; Allow names those it has.",
            )
        }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, detail)
    }

    /// Everything that is wrong with one request. The first fault is said in `detail` too, for clients that read
    /// nothing else.
    pub(crate) fn validation(errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [] => "The request is not valid.".to_owned(),
            [only] => only.detail.clone(),
            [first, rest @ ..] => format!("{} (and {} more; see errors)", first.detail, rest.len()),
        };
        Self {
            errors,
            ..Self::new(ErrorCode::Validation, detail)
        }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// The answer to `request`, as a problem document.
    pub(crate) fn into_answer(
        self,
        request: &ApiGatewayProxyRequest,
        trace_id: &str,
    ) -> ApiGatewayProxyResponse {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Document<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            instance: Option<&'a str>,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: Option<&'a str>,
            #[serde(skip_serializing_if = "str::is_empty")]
            trace_id: &'a str,
            #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
            errors: &'a [Fault],
        }
        self.log(trace_id);
        let document = Document {
            r#type: format!("/docs/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            detail: &self.detail,
            instance: http::path(request),
            message: self.code.message().unwrap_or(&self.detail),
            request_id: request.request_context.request_id.as_deref(),
            trace_id,
            errors: &self.errors,
        };
        let mut answer = http::answer(self.code.status(), http::PROBLEM_JSON, &document);
        if let Some(allow) = self.allow {
            answer.headers.insert(::http::header::ALLOW, allow);
        }
        if let Some(seconds) = self.code.retry_after_s() {
            answer.headers.insert(::http::header::RETRY_AFTER, seconds.into());
        }
        answer
    }

    fn log(&self, trace_id: &str) {
        if let Some(source) = &self.source {
            let error: &(dyn Error + 'static) = source.as_ref();
            tracing::error!(
                event_type = "request_failed",
                traceId = trace_id,
                code = self.code.as_str(),
                error
            );
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (code, detail) = match &error {
            StoreError::Full(_) => (
                ErrorCode::StoreFull,
                "The store has no room left. Nothing was changed; try again later.",
            ),
            StoreError::Busy => (
                ErrorCode::Overloaded,
                "The store is busy. Nothing was changed; try again soon.",
            ),
            StoreError::Failed(_) => (
                ErrorCode::StoreFailed,
                "The store failed. It is safe to send the request again if it only reads or has an Idempotency-Key.",
            ),
        };
        Self {
            source: Some(Arc::new(error)),
            ..Self::new(code, detail)
        }
    }
}

impl From<PlaceOrderError> for Problem {
    fn from(error: PlaceOrderError) -> Self {
        match error {
            PlaceOrderError::KeyReused => Self::new(
                ErrorCode::IdempotencyKeyReused,
                "This Idempotency-Key was used with another body. Send the first body again, or a new key.",
            ),
            PlaceOrderError::InFlight => Self::new(
                ErrorCode::IdempotencyInFlight,
                "A request with this Idempotency-Key is under way. Send it again in a moment.",
            ),
            PlaceOrderError::DuplicateId(_) => Self {
                source: Some(Arc::new(error)),
                ..Self::new(ErrorCode::Overloaded, "No free order id was found. Try again.")
            },
            PlaceOrderError::Store { source, .. } => source.into(),
        }
    }
}

impl From<CancelOrderError> for Problem {
    fn from(error: CancelOrderError) -> Self {
        match error {
            CancelOrderError::NotFound(id) => Self::not_found(format!("There is no order {id}.")),
            CancelOrderError::Ended(status) => Self::new(
                ErrorCode::OrderEnded,
                format!("The order is {status} already, so it can't be cancelled."),
            ),
            CancelOrderError::Store { source, .. } => source.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ErrorCode;

    #[test]
    fn every_code_has_a_name_of_its_own_that_fits_into_a_url() {
        let names: HashSet<&str> = ErrorCode::ALL.into_iter().map(ErrorCode::as_str).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for name in names {
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{name}"
            );
        }
    }
}
