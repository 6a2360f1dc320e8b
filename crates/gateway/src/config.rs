//! What the gateway is told at start: which calls go to which function, CORS, and the bounds it keeps.
//!
//! It knows nothing of templates; whoever read one maps it to these types.

use std::time::Duration;

use http::Method;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// The API's name, for its metrics and the service map.
    pub api: String,
    /// The API's stage, as functions are told it; no part of the path here.
    pub stage: String,
    /// The business calls.
    pub routes: Vec<Route>,
    /// What browsers of other origins may do.
    pub cors: Cors,
    /// Bounds.
    pub limits: Limits,
    /// Whether each business call is noted in the interface's log group.
    pub access_log: bool,
}

/// One business call.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its method. `GET` answers `HEAD` too.
    pub method: Method,
    /// API Gateway's `ANY`: it answers the methods that its path has no other route for, but for `OPTIONS`. Then
    /// `method` is not looked at, and `Allow` names those of the others.
    pub otherwise: bool,
    /// Its path as templates write it: `/orders/{orderId}`, `/files/{proxy+}`.
    pub path: String,
    /// The name of the function that answers.
    pub function: String,
    /// Whether it needs a key.
    pub api_key_required: bool,
    /// Whether that key must be an admin's.
    pub admin: bool,
    /// How long the function may take.
    pub timeout: Duration,
}

/// Cross-origin resource sharing, as the Fetch standard defines it.
#[derive(Debug, Clone)]
pub struct Cors {
    /// Origins that may read answers; `*` for every one. Empty: no CORS headers at all.
    pub allow_origins: Vec<String>,
    /// Methods they may use.
    pub allow_methods: Vec<String>,
    /// Request headers they may send.
    pub allow_headers: Vec<String>,
    /// For how long a browser may remember the preflight's answer.
    pub max_age: Duration,
}

impl Default for Cors {
    fn default() -> Self {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Self {
            allow_origins: texts(&["*"]),
            allow_methods: texts(&["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
            allow_headers: texts(&[
                "Content-Type",
                "X-Api-Key",
                "Idempotency-Key",
                "Last-Event-ID",
                "X-Amzn-Trace-Id",
                "Traceparent",
            ]),
            max_age: Duration::from_secs(600),
        }
    }
}

/// Bounds of everything that a client could make grow.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest request body. API Gateway takes 10 MiB, Lambda 6 MiB, and an SQS message holds 256 KiB: since an
    /// order must fit the queue, that is the default.
    pub max_body_bytes: usize,
    /// The longest path with query and headers together. API Gateway's own bound of 10,240 bytes is the default.
    pub max_head_bytes: usize,
    /// How long a connection may take to send a request's head, or wait between two requests.
    pub head_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a client may leave an answer unread before its connection is closed.
    pub write_timeout: Duration,
    /// How many connections are served at once. Further ones wait in the listener's backlog.
    pub max_connections: usize,
    /// How many functions run for requests at once. Further requests get 503 at once, before anything of them is read or
    /// counted: those that were taken are served in time.
    pub max_in_flight: usize,
    /// How many bodies of more than 16 KiB are in memory at once. Further ones get 503.
    pub max_large_bodies: usize,
    /// How many event streams are open at once.
    pub max_event_streams: usize,
    /// How often an idle event stream gets a comment, so that nothing on the way takes it for dead.
    pub heartbeat: Duration,
    /// How long requests in hand may take to finish after shutdown began.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 256 * 1024,
            max_head_bytes: 10_240,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            max_connections: 4_096,
            max_in_flight: 1_024,
            max_large_bodies: 64,
            max_event_streams: 256,
            heartbeat: Duration::from_secs(15),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// The configuration can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A route names a function that was not given.
    #[error("{method} {path} goes to the function {function}, which doesn't exist")]
    UnknownFunction {
        /// The route's method.
        method: Method,
        /// The route's path.
        path: String,
        /// The function it names.
        function: String,
    },
    /// The same method and path twice.
    #[error("{method} {path} is there twice")]
    DuplicateRoute {
        /// The method.
        method: Method,
        /// The path.
        path: String,
    },
    /// A path that can't be matched, or clashes with another.
    #[error("the path {path} can't be used: {reason}")]
    BadPath {
        /// The path.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A CORS setting that can't stand in a header.
    #[error("the CORS setting {0:?} can't stand in a header")]
    BadCors(String),
}
