//! Answers as the runtime sends them.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};
use http::{HeaderMap, HeaderValue};
use ports::function::Reply;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use ports::function::aws_lambda_events::sqs::SqsBatchResponse;
use serde::Serialize;
use serde_json::Value;

/// What a page of another origin may read of an answer, beyond what it may always. The same as on one machine.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, \
     x-amzn-trace-id, traceparent",
);

/// The origin that a browser may call from. With a proxy integration the function has to say so itself.
#[derive(Debug, Clone)]
pub(super) struct Cors(Option<HeaderValue>);

impl Cors {
    /// `*`, one origin, or empty for none.
    pub(super) fn new(origin: &str) -> Self {
        let origin = (!origin.is_empty()).then(|| HeaderValue::from_str(origin).ok());
        Self(origin.flatten())
    }

    fn write_to(&self, headers: &mut HeaderMap) {
        let Some(origin) = &self.0 else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if origin != "*" {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
    }
}

/// An answer's JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Body {
    Api(Box<ApiGatewayProxyResponse>),
    Batch(SqsBatchResponse),
    Value(Value),
}

impl Body {
    pub(super) fn new(reply: Reply, cors: &Cors) -> Self {
        match reply {
            Reply::Api(mut answer) => {
                cors.write_to(&mut answer.headers);
                Self::Api(answer)
            }
            Reply::Batch(failures) => Self::Batch(failures.into()),
            Reply::Value(value) => Self::Value(value),
            Reply::Done => Self::Value(Value::Null),
        }
    }
}
