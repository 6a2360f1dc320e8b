//! The access log: one line for each business call, in the interface's own log group, with the fields of the template's
//! `AccessLogSetting`. The ids and the time are those of every line.

use std::sync::{Arc, OnceLock};

use axum::response::Response;
use http::{Method, Uri};
use http_body::Body;
use ports::access::ApiKey;
use tokio::time::Instant;

use crate::edge::status_of;
use crate::problem::Problem;

/// What is known of a call before it is answered.
pub(crate) struct Call<'r> {
    pub method: &'r Method,
    pub uri: &'r Uri,
    pub started: Instant,
    /// Who calls, once that is known.
    pub key: OnceLock<Arc<ApiKey>>,
}

impl Call<'_> {
    /// Writes the line. Neither the key's secret nor the query nor the body: who called what, and what it took.
    pub(crate) fn note(&self, outcome: &Result<Response, Problem>) {
        let bytes = match outcome {
            Ok(response) => response.body().size_hint().exact(),
            // Written later, and small.
            Err(_) => None,
        };
        tracing::info!(
            target: "access",
            event_type = "request",
            apiKeyId = self.key.get().map(|key| key.key_id.as_str()),
            method = self.method.as_str(),
            path = self.uri.path(),
            status = status_of(outcome).as_u16(),
            error = outcome.as_ref().err().map(Problem::code),
            latencyMs = self.started.elapsed().as_micros() as f64 / 1_000.0,
            bytes
        );
    }
}
