//! Functions as the engine sees them: an event in, an answer out.
//!
//! On AWS the Lambda runtime plays this part; on one machine the engine calls handlers through [`Handler`]. Events
//! stay typed on the way, so nothing is serialised that doesn't leave the process.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use aws_lambda_events::sns::SnsEvent;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde_json::Value;

pub use aws_lambda_events;

use crate::stream::TableChange;

/// What a function is called with.
#[derive(Debug)]
pub enum Invocation {
    /// A request through the API.
    Api(Box<ApiGatewayProxyRequest>),
    /// A batch from a queue.
    Sqs(SqsEvent),
    /// A delivery of a topic.
    Sns(SnsEvent),
    /// A batch of a table's stream, in its order.
    Stream(Vec<Arc<dyn TableChange>>),
    /// Anything else, such as a state machine's task payload.
    Direct(Value),
}

/// What a function answers.
#[derive(Debug)]
pub enum Reply {
    /// To a request.
    Api(Box<ApiGatewayProxyResponse>),
    /// To a batch: which of it failed.
    Batch(BatchReply),
    /// To a direct invocation.
    Value(Value),
    /// Nothing to say.
    Done,
}

/// Which messages of a batch failed, and why.
#[derive(Debug, Clone, Default)]
pub struct BatchReply {
    /// What Lambda hands to its event source mapping.
    pub response: SqsBatchResponse,
    /// Why each failed, by the identifier that the response has for it. AWS has no place for it but the function's log; on
    /// one machine it is what a dead letter says.
    pub causes: HashMap<String, String>,
}

impl BatchReply {
    /// Adds a message that failed. One without an id can't be named, and an empty name fails the whole batch, as on AWS.
    pub fn fail(&mut self, message_id: Option<String>, cause: String) {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message_id.unwrap_or_default();
        self.causes.insert(failure.item_identifier.clone(), cause);
        self.response.batch_item_failures.push(failure);
    }
}

/// The causes stay behind: on AWS they are in the function's log.
impl From<BatchReply> for SqsBatchResponse {
    fn from(reply: BatchReply) -> Self {
        reply.response
    }
}

/// An answer that names no causes.
impl From<SqsBatchResponse> for BatchReply {
    fn from(response: SqsBatchResponse) -> Self {
        Self {
            response,
            causes: HashMap::new(),
        }
    }
}

/// A function failed: what the Lambda runtime would report as `errorType` and `errorMessage`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// The error's name, which Retry and Catch match, such as `OutOfStock`.
    pub error_type: String,
    /// What went wrong.
    pub message: String,
}

/// What a function is told about its invocation. Its texts are shared with the spans and the lines of the log.
#[derive(Debug, Clone)]
pub struct Context {
    /// Unique for the invocation.
    pub request_id: Arc<str>,
    /// The trace it belongs to: 32 hexadecimal digits; empty when unknown.
    pub trace_id: Arc<str>,
}

/// The future of an answer.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Result<Reply, FunctionError>> + Send>>;

/// A function.
pub trait Handler: Send + Sync {
    /// Handles one invocation. Dropping the future abandons it at its next await, as a Lambda time-out does.
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture;
}
