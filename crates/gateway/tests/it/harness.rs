//! A gateway with the routes of the real system and a function for each way a function can behave.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use gateway::{Cors, GatewayConfig, Limits, Route};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::{Context, FunctionError, Handler, Reply};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::contract;
use crate::doubles::{Counts, Function, Memory, answer, parts};

pub type Seen = Arc<Mutex<Vec<(ApiGatewayProxyRequest, Context)>>>;

pub struct Gateway {
    pub router: Router,
    pub engine: Arc<Memory>,
    pub metrics: Arc<Counts>,
    pub seen: Seen,
    /// Lets the function `wait` go on.
    pub release: Arc<Notify>,
    waiting: Arc<AtomicU64>,
    pub shutdown: CancellationToken,
}

/// Changes to the standard gateway.
pub struct Setup {
    pub limits: Limits,
    pub cors: Cors,
    pub ready: Result<(), String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            cors: Cors::default(),
            ready: Ok(()),
        }
    }
}

pub fn route(method: Method, path: &str, function: &str) -> Route {
    Route {
        method,
        otherwise: false,
        path: path.to_owned(),
        function: function.to_owned(),
        api_key_required: true,
        admin: false,
        timeout: Duration::from_secs(29),
    }
}

fn routes() -> Vec<Route> {
    let mut routes = vec![
        route(Method::POST, "/orders", "echo"),
        route(Method::GET, "/orders", "echo"),
        route(Method::GET, "/orders/{orderId}", "echo"),
        route(Method::POST, "/orders/{orderId}/cancel", "echo"),
        route(Method::GET, "/events", "echo"),
        route(Method::GET, "/files/{proxy+}", "echo"),
        route(Method::POST, "/fail", "fail"),
        route(Method::POST, "/panic", "panic"),
        route(Method::POST, "/nonsense", "nonsense"),
        route(Method::POST, "/wait", "wait"),
    ];
    let mut put = route(Method::PUT, "/products/{id}", "echo");
    put.admin = true;
    let mut open = route(Method::GET, "/open", "echo");
    open.api_key_required = false;
    routes.extend([put, open]);
    routes
}

fn functions(
    seen: &Seen,
    release: &Arc<Notify>,
    waiting: &Arc<AtomicU64>,
) -> HashMap<String, Arc<dyn Handler>> {
    let seen = Arc::clone(seen);
    let echo = move |event: Box<ApiGatewayProxyRequest>, context: Context| {
        let body = event.body.clone().unwrap_or_default();
        seen.lock().unwrap().push((*event, context));
        async move { Ok(answer(201, body)) }
    };
    let fail = |_, _| async {
        Err::<Reply, _>(FunctionError {
            error_type: "Secret".to_owned(),
            message: "password=hunter2".to_owned(),
        })
    };
    let panics = |_, _| async { panic!("a defect") };
    let nonsense = |_, _| async { Ok(answer(101, "")) };
    let (release, waiting) = (Arc::clone(release), Arc::clone(waiting));
    let wait = move |_, _| {
        waiting.fetch_add(1, Ordering::SeqCst);
        let release = Arc::clone(&release);
        async move {
            release.notified().await;
            Ok(answer(200, "{}"))
        }
    };
    let named: [(&str, Arc<dyn Handler>); 5] = [
        ("echo", Arc::new(Function(echo))),
        ("fail", Arc::new(Function(fail))),
        ("panic", Arc::new(Function(panics))),
        ("nonsense", Arc::new(Function(nonsense))),
        ("wait", Arc::new(Function(wait))),
    ];
    named.map(|(name, handler)| (name.to_owned(), handler)).into()
}

impl Gateway {
    pub fn new() -> Self {
        Self::with(Setup::default())
    }

    pub fn with(setup: Setup) -> Self {
        let (seen, release) = (Seen::default(), Arc::new(Notify::new()));
        let waiting = Arc::new(AtomicU64::new(0));
        let mut parts = parts(functions(&seen, &release, &waiting));
        let (engine, metrics) = (Arc::clone(&parts.engine), Arc::new(Counts::default()));
        parts.metrics = metrics.clone();
        parts.readiness = Box::new(move || setup.ready.clone());
        let shutdown = parts.shutdown.clone();
        let config = GatewayConfig {
            api: "orders-api".to_owned(),
            stage: "local".to_owned(),
            routes: routes(),
            cors: setup.cors,
            limits: setup.limits,
            access_log: false,
        };
        Self {
            router: gateway::router(config, parts).unwrap(),
            engine,
            metrics,
            seen,
            release,
            waiting,
            shutdown,
        }
    }

    /// Sends a request written as `METHOD /path`, header lines, an empty line and a body.
    pub async fn send(&self, text: &str) -> Answer {
        self.send_request(request(text)).await
    }

    pub async fn send_request(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        contract::check_answer(&method, &path, &answer);
        answer
    }

    /// How often the function `wait` was called.
    pub fn waits(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }

    /// The last event that the function `echo` got.
    pub fn last_event(&self) -> (ApiGatewayProxyRequest, Context) {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

/// Reads a request from text; `key: NAME` stands for that key's header.
pub fn request(text: &str) -> Request<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = match name {
            "key" => request.header("x-api-key", format!("secret-{value}")),
            _ => request.header(name, value),
        };
    }
    let body = if body.is_empty() {
        Body::empty()
    } else {
        Body::from(body.to_owned())
    };
    request.body(body).unwrap()
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, then these headers where they are there, then the body; problems with their members that don't change
    /// from request to request.
    pub fn show(&self, headers: &[&str]) -> String {
        let mut text = format!("{}\n", self.status);
        for name in headers {
            if let Some(value) = self.header(name) {
                let _ = writeln!(text, "{name}: {value}");
            }
        }
        text.push_str(&self.show_body());
        text
    }

    fn show_body(&self) -> String {
        if self.header("content-type") != Some("application/problem+json") {
            return self.body.clone();
        }
        let problem = self.json();
        let member = |name: &str| problem[name].as_str().unwrap().to_owned();
        let (message, detail) = (member("message"), member("detail"));
        let message = if message == detail {
            String::new()
        } else {
            format!("{message} | ")
        };
        let mut text = format!("{} | {message}{detail}", member("type"));
        for fault in problem["errors"].as_array().into_iter().flatten() {
            let _ = write!(text, "\n{}", fault);
        }
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(member("requestId"), self.header("x-amzn-requestid").unwrap());
        assert!(self.header("traceparent").unwrap().contains(&member("traceId")));
        assert!(!member("title").is_empty());
        text
    }
}
