//! One request to the receiver, and what its answer means.

use std::time::Duration;

use http::HeaderMap;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use ureq::Agent;

use super::settings::{OtlpSettings, Protocol};

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Posted {
    /// It was taken, but for so many spans.
    Taken { rejected: u64, why: String },
    /// It may be taken later: the receiver is not there, or has too much to do.
    Later { why: String, asked: Option<Duration> },
    /// It will never be taken.
    Refused { why: String },
}

/// Sends requests.
#[derive(Debug)]
pub(super) struct Poster {
    agent: Agent,
    settings: OtlpSettings,
}

impl Poster {
    pub(super) fn new(settings: OtlpSettings) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A header that is a secret goes to whom it was meant for, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("ordermill/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            settings,
        }
    }

    /// Sends it; the answer is waited for at most as long as the settings say, and at most `within` if that is given.
    pub(super) fn post(&self, request: &ExportTraceServiceRequest, within: Option<Duration>) -> Posted {
        let (content_type, body) = match self.settings.protocol {
            Protocol::Protobuf => ("application/x-protobuf", request.encode_to_vec()),
            // Messages of numbers and text always have a JSON text.
            Protocol::Json => (
                "application/json",
                serde_json::to_vec(request).unwrap_or_default(),
            ),
        };
        let timeout = within.map_or(self.settings.timeout, |within| within.min(self.settings.timeout));
        let mut post = self
            .agent
            .post(&self.settings.url)
            .header(http::header::CONTENT_TYPE, content_type);
        for (name, value) in &self.settings.headers {
            post = post.header(name, value);
        }
        let answer = post
            .config()
            .timeout_global(Some(timeout))
            .build()
            .send(&body[..]);
        match answer {
            Ok(mut answer) => {
                let asked = retry_after(answer.headers());
                let body = answer
                    .body_mut()
                    .with_config()
                    .limit(MAX_ANSWER_BYTES)
                    .read_to_vec();
                judge(
                    answer.status().as_u16(),
                    asked,
                    &body.unwrap_or_default(),
                    self.settings.protocol,
                )
            }
            // An address that can't be reached now may be reached later; ureq's errors name no header.
            Err(error) => Posted::Later {
                why: error.to_string(),
                asked: None,
            },
        }
    }
}

/// What an answer means ("OTLP/HTTP Response").
fn judge(status: u16, asked: Option<Duration>, body: &[u8], protocol: Protocol) -> Posted {
    let why = format!("the receiver answered {status}");
    match status {
        200..=299 => taken(body, protocol),
        429 | 502 | 503 | 504 => Posted::Later { why, asked },
        _ => Posted::Refused { why },
    }
}

/// A request that was taken may have been taken in part.
fn taken(body: &[u8], protocol: Protocol) -> Posted {
    let response = match protocol {
        Protocol::Protobuf => ExportTraceServiceResponse::decode(body).unwrap_or_default(),
        Protocol::Json => serde_json::from_slice(body).unwrap_or_default(),
    };
    let partial = response.partial_success.unwrap_or_default();
    Posted::Taken {
        rejected: u64::try_from(partial.rejected_spans).unwrap_or(0),
        why: partial.error_message,
    }
}

/// `Retry-After` in seconds; a date is not looked at, for the pause without it will do.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    #[test]
    fn an_answer_says_whether_to_try_again() {
        for status in [429, 502, 503, 504] {
            let asked = Some(Duration::from_secs(3));
            let later = judge(status, asked, b"", Protocol::Protobuf);
            assert!(
                matches!(later, Posted::Later { asked: a, .. } if a == asked),
                "{status}"
            );
        }
        for status in [301, 400, 401, 404, 413, 500] {
            let refused = judge(status, None, b"", Protocol::Protobuf);
            assert!(matches!(refused, Posted::Refused { .. }), "{status}");
        }
    }

    #[test]
    fn what_was_not_taken_of_a_request_is_told() {
        let response = ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans: 3,
                error_message: "too old".to_owned(),
            }),
        };
        let right = Posted::Taken {
            rejected: 3,
            why: "too old".to_owned(),
        };
        assert_eq!(
            judge(200, None, &response.encode_to_vec(), Protocol::Protobuf),
            right
        );
        let json = serde_json::to_vec(&response).unwrap();
        assert_eq!(judge(200, None, &json, Protocol::Json), right);
        let all = Posted::Taken {
            rejected: 0,
            why: String::new(),
        };
        assert_eq!(judge(202, None, b"thank you", Protocol::Json), all);
    }
}
