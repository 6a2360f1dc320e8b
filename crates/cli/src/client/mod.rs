//! An HTTP client of a running server, as far as the commands need one.

pub mod connection;
pub mod events;
pub mod keys;
pub mod path;
pub mod problem;

use std::time::Duration;

use http::{Method, Request, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use problem::Problem;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take from request to last byte.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer that is read, in bytes.
const ANSWER_MAX_BYTES: u64 = 256 << 20;

/// Calls one server with one API key.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    api_key: Option<String>,
}

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    /// Its JSON; `null` when there was no body.
    pub body: Value,
    /// Whether it is the first answer again, to a repeated idempotency key.
    pub replayed: bool,
}

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str, api_key: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("ordermill/", env!("CARGO_PKG_VERSION")))
            .max_redirects(0);
        // A proxy has no business between a client and a server of the same machine.
        let config = if path::is_loopback(url) {
            config.proxy(None)
        } else {
            config
        };
        Self {
            agent: config.build().into(),
            url: url.trim_end_matches('/').to_owned(),
            api_key,
        }
    }

    /// Reads `path`.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.send(Method::GET, path, None, &[])?;
        serde_json::from_value(answer.body)
            .map_err(|e| Failure::because(format!("could not read the answer to GET {path}"), e))
    }

    /// Sends a request with a JSON body, or none, and reads the JSON answer.
    pub fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let bytes = body.map(Value::to_string).unwrap_or_default();
        let mut request = self.request(method, path).header("accept", "application/json");
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(bytes)
            .map_err(|e| Failure::usage(format!("not a request: {e}")))?;
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .build();
        let response = self.agent.run(request).map_err(|e| self.no_answer(e))?;
        self.read(response)
    }

    /// Opens the stream at `path`, which sends for as long as it is read.
    pub fn open_stream(&self, path: &str) -> Result<ureq::BodyReader<'static>, Failure> {
        let request = self
            .request(Method::GET, path)
            .header("accept", "text/event-stream")
            .body(());
        let request = request.map_err(|e| Failure::usage(format!("not a request: {e}")))?;
        let response = self.agent.run(request).map_err(|e| self.no_answer(e))?;
        if response.status().is_success() {
            return Ok(response.into_body().into_reader());
        }
        self.read(response)?;
        Err(Failure::failed(format!(
            "GET {path} did not answer with a stream"
        )))
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        match &self.api_key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }

    fn read(&self, mut response: Response<ureq::Body>) -> Result<Answer, Failure> {
        let status = response.status().as_u16();
        let retry_after = header(&response, "retry-after");
        let replayed = header(&response, "idempotent-replayed").as_deref() == Some("true");
        let bytes = response
            .body_mut()
            .with_config()
            .limit(ANSWER_MAX_BYTES)
            .read_to_vec();
        let bytes = bytes.map_err(|e| self.no_answer(e))?;
        if !(200..300).contains(&status) {
            return Err(Failure::Refused(Box::new(Problem::read(
                status,
                &bytes,
                retry_after,
            ))));
        }
        if bytes.is_empty() {
            return Ok(Answer {
                body: Value::Null,
                replayed,
            });
        }
        let body = serde_json::from_slice(&bytes).map_err(|e| {
            Failure::because(
                format!("{} answered with something that is not JSON", self.url),
                e,
            )
        })?;
        Ok(Answer { body, replayed })
    }

    fn no_answer(&self, error: ureq::Error) -> Failure {
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Failure::usage(format!("{} is no URL of a server: {error}", self.url))
            }
            error => Failure::Unreachable {
                url: self.url.clone(),
                source: Box::new(error),
            },
        }
    }
}

fn header(response: &Response<ureq::Body>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}
