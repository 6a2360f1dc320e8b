//! A client of the server, over a real socket.

use std::time::Duration;

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// How long one call may take. A bound for a server that hangs, not a measure.
const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// What a server answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `null` when the body was no JSON.
    pub(super) body: Value,
}

/// Nobody answered: refused, cut off, or too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

/// Calls with one key.
#[derive(Debug, Clone)]
pub(super) struct Http {
    agent: Agent,
    key: String,
}

impl Http {
    pub(super) fn new(key: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(CALL_DEADLINE))
            .build();
        Self {
            agent: config.into(),
            key: key.to_owned(),
        }
    }

    pub(super) fn get(&self, url: &str) -> Result<Answer, NoAnswer> {
        let call = self.agent.get(url).header("x-api-key", &self.key).call();
        read(call)
    }

    pub(super) fn post(
        &self,
        url: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let mut request = self.agent.post(url).header("x-api-key", &self.key);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        read(send(request, body))
    }

    pub(super) fn put(&self, url: &str, body: &Value) -> Result<Answer, NoAnswer> {
        read(send(self.agent.put(url).header("x-api-key", &self.key), body))
    }
}

type Called = Result<Response<Body>, ureq::Error>;

fn send(request: ureq::RequestBuilder<ureq::typestate::WithBody>, body: &Value) -> Called {
    request
        .header("content-type", "application/json")
        .send(body.to_string())
}

/// An answer counts once all of it has arrived.
fn read(called: Called) -> Result<Answer, NoAnswer> {
    let mut response = called.map_err(|_| NoAnswer)?;
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().map_err(|_| NoAnswer)?;
    Ok(Answer {
        status,
        body: serde_json::from_str(&text).unwrap_or_default(),
    })
}
