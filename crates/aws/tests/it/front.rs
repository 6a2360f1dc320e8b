//! A server before the counterpart that does what the counterpart never does: throttles, refuses, leaves keys unread, loses
//! answers, takes its time. All else it passes on, and notes what was called.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::Resources;

/// What the server does with the next calls.
#[derive(Debug, Clone)]
enum Rule {
    /// Passes them on.
    Pass,
    /// Answers so many of an operation, or of all when it is empty, with this error.
    Refuse {
        of: &'static str,
        left: u32,
        status: StatusCode,
        body: &'static str,
    },
    /// Passes on half of the keys of so many BatchGetItem calls, and names the others as unprocessed.
    LeaveOut { left: u32 },
    /// Passes on so many of an operation, and answers as a server does that broke down after it.
    Lose { of: &'static str, left: u32 },
    /// Passes on so many of an operation when it is told to go on.
    Hold { of: &'static str, left: u32 },
}

/// A call as it came.
#[derive(Debug, Clone)]
pub struct Called {
    /// `DynamoDB_20120810.PutItem`, or the path and body of a service that names its operation there.
    pub operation: String,
    /// The trace that its head names.
    pub trace: Option<String>,
    /// What it asks for.
    pub body: String,
}

/// The server.
#[derive(Debug, Clone)]
pub struct Front {
    behind: String,
    client: reqwest::Client,
    rule: Arc<Mutex<Rule>>,
    refused: Arc<Mutex<u32>>,
    called: Arc<Mutex<Vec<Called>>>,
    held: Arc<Notify>,
    go_on: Arc<Notify>,
    /// Where it listens.
    pub address: String,
}

impl Front {
    /// Before these resources' endpoint, passing everything on.
    pub async fn start(resources: &Resources) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = Self {
            behind: resources.endpoint.clone(),
            client: reqwest::Client::new(),
            rule: Arc::new(Mutex::new(Rule::Pass)),
            refused: Arc::default(),
            called: Arc::default(),
            held: Arc::default(),
            go_on: Arc::default(),
            address: format!("http://{}", listener.local_addr().unwrap()),
        };
        let router = axum::Router::new().fallback(answer).with_state(front.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        front
    }

    fn set(&self, rule: Rule) {
        *self.rule.lock().unwrap() = rule;
        *self.refused.lock().unwrap() = 0;
    }

    /// Refuses the next calls, so many, with this error.
    pub fn refuse(&self, count: u32, status: u16, body: &'static str) {
        self.refuse_at("", count, status, body);
    }

    /// Refuses the next calls whose operation begins so.
    pub fn refuse_at(&self, of: &'static str, count: u32, status: u16, body: &'static str) {
        let status = StatusCode::from_u16(status).unwrap();
        let rule = Rule::Refuse {
            of,
            left: count,
            status,
            body,
        };
        self.set(rule);
    }

    /// Leaves half of the keys out of so many batches.
    pub fn leave_out(&self, count: u32) {
        self.set(Rule::LeaveOut { left: count });
    }

    /// Loses the answers of the next calls whose operation begins so.
    pub fn lose(&self, of: &'static str, count: u32) {
        self.set(Rule::Lose { of, left: count });
    }

    /// Keeps the next call whose operation begins so waiting.
    pub fn hold(&self, of: &'static str) {
        self.set(Rule::Hold { of, left: 1 });
    }

    /// Returns when a call is kept waiting.
    pub async fn is_held(&self) {
        self.held.notified().await;
    }

    /// Lets the call that waits go on.
    pub fn go_on(&self) {
        self.go_on.notify_one();
    }

    /// Passes everything on again.
    pub fn pass(&self) {
        self.set(Rule::Pass);
    }

    /// How many calls were refused, or left unfinished, since the rule was set.
    pub fn refused(&self) -> u32 {
        *self.refused.lock().unwrap()
    }

    /// The calls so far.
    pub fn called(&self) -> Vec<Called> {
        self.called.lock().unwrap().clone()
    }

    /// The rule for this call, which counts down.
    fn next_rule(&self, operation: &str) -> Rule {
        let mut rule = self.rule.lock().unwrap();
        let now = rule.clone();
        let counted = match &mut *rule {
            Rule::Pass => return now,
            Rule::Refuse { of, .. } | Rule::Lose { of, .. } | Rule::Hold { of, .. }
                if !operation.starts_with(*of) =>
            {
                return Rule::Pass;
            }
            Rule::LeaveOut { .. } if !operation.ends_with("BatchGetItem") => return Rule::Pass,
            Rule::Refuse { left, .. }
            | Rule::LeaveOut { left }
            | Rule::Lose { left, .. }
            | Rule::Hold { left, .. } => left,
        };
        let Some(rest) = counted.checked_sub(1) else {
            return Rule::Pass;
        };
        *counted = rest;
        *self.refused.lock().unwrap() += 1;
        now
    }

    async fn pass_on(&self, uri: &Uri, headers: &HeaderMap, body: Bytes) -> (StatusCode, String, Bytes) {
        let mut request = self.client.post(format!("{}{uri}", self.behind)).body(body);
        for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.unwrap();
        let kind = answer.headers().get("content-type").unwrap();
        let kind = kind.to_str().unwrap().to_owned();
        (answer.status(), kind, answer.bytes().await.unwrap())
    }
}

async fn answer(State(front): State<Front>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let called = Called {
        operation: text("x-amz-target")
            .unwrap_or_else(|| format!("{} {}", uri.path(), String::from_utf8_lossy(&body))),
        trace: text("x-amzn-trace-id"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let rule = front.next_rule(&called.operation);
    front.called.lock().unwrap().push(called);
    let (status, kind, answer) = match rule {
        Rule::Pass => front.pass_on(&uri, &headers, body).await,
        Rule::Refuse { status, body, .. } => {
            let kind = if body.starts_with('<') {
                "text/xml"
            } else {
                "application/json"
            };
            (status, kind.to_owned(), Bytes::from_static(body.as_bytes()))
        }
        Rule::Lose { .. } => {
            front.pass_on(&uri, &headers, body).await;
            let answer = Bytes::from_static(br#"{"__type":"InternalServerError","message":"broke down"}"#);
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "application/json".to_owned(),
                answer,
            )
        }
        Rule::Hold { .. } => {
            front.held.notify_one();
            front.go_on.notified().await;
            front.pass_on(&uri, &headers, body).await
        }
        Rule::LeaveOut { .. } => {
            let (kept, left) = halved(&body);
            let (status, kind, answer) = front.pass_on(&uri, &headers, kept).await;
            let mut answer: Value = serde_json::from_slice(&answer).unwrap();
            answer["UnprocessedKeys"] = left;
            (status, kind, Bytes::from(answer.to_string()))
        }
    };
    (status, [("content-type", kind)], answer).into_response()
}

/// The request with the first half of each table's keys, and a request for the others.
fn halved(body: &[u8]) -> (Bytes, Value) {
    let mut kept: Value = serde_json::from_slice(body).unwrap();
    let mut left = kept["RequestItems"].clone();
    for (table, request) in kept["RequestItems"].as_object_mut().unwrap() {
        let keys = request["Keys"].as_array_mut().unwrap();
        let rest = keys.split_off(keys.len().div_ceil(2));
        left[table]["Keys"] = rest.into();
    }
    (Bytes::from(kept.to_string()), left)
}
