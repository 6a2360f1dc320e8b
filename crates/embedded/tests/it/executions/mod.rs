//! Executions: started once, journalled, and resumed wherever their process died.

mod definitions;
mod functions;
mod history;
mod redrive;
mod refused;
mod resume;
mod start;
mod timers;
mod unwritable;
mod updates;

use std::sync::Arc;

use domain::OrderId;
use embedded::Engine;
use ports::function::aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use ports::function::{Context, Handler, Invocation, Reply, ReplyFuture};
use ports::processing::{BeginOrder, BeginProcessing};
use serde_json::{Value, json};

use crate::support::{Calls, Running, Setup, handlers};

/// A function that begins each order that its queue brings; the tasks that it is called for are a test's to answer.
struct BeginsOrders {
    engine: Engine,
    tasks: Arc<dyn Handler>,
}

impl Handler for BeginsOrders {
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        let Invocation::Sqs(batch) = invocation else {
            return Arc::clone(&self.tasks).call(invocation, context);
        };
        Box::pin(async move {
            let begin = batch.records.iter().map(begin_order).collect();
            let begun = self.engine.begin_processing(begin).await;
            let mut response = SqsBatchResponse::default();
            for (record, _) in batch
                .records
                .iter()
                .zip(begun)
                .filter(|(_, begun)| begun.is_err())
            {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = record.message_id.clone().unwrap();
                response.batch_item_failures.push(failure);
            }
            Ok(Reply::Batch(response.into()))
        })
    }
}

fn begin_order(record: &SqsMessage) -> BeginOrder {
    let body: Value = serde_json::from_str(record.body.as_deref().unwrap()).unwrap();
    let text = |name: &str| body[name].as_str().unwrap();
    BeginOrder {
        order_id: text("orderId").parse().unwrap(),
        created_at: text("createdAt").parse().unwrap(),
        trace_id: text("traceId").to_owned(),
        trace_header: None,
    }
}

/// The beginning of an order, as its message asks for it.
fn begin(order: OrderId) -> BeginOrder {
    BeginOrder {
        order_id: order,
        created_at: order.created_at(),
        trace_id: String::new(),
        trace_header: None,
    }
}

/// A workflow of these states, beginning with `Work`; nobody is subscribed and nobody follows, so nothing else commits.
fn workflow(states: Value) -> Setup {
    Setup::new().with(move |settings| {
        settings.machine.definition = json!({"StartAt": "Work", "States": states}).to_string();
        settings
            .topics
            .iter_mut()
            .for_each(|topic| topic.subscriptions.clear());
        settings.functions.iter_mut().for_each(|function| {
            function.stream_source = None;
            function.timeout_ms = u64::MAX;
        });
    })
}

/// A task that calls the function, and is tried again twice: after a minute and after two.
fn work() -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": "order-processing",
            "Payload": {"order.$": "$.orderId", "retry.$": "$$.State.RetryCount"},
        },
        "ResultSelector": {"answer.$": "$.Payload"},
        "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2}],
        "End": true,
    })
}

/// Starts an engine that begins orders; the test takes the calls of their tasks.
async fn start(setup: Setup) -> (Running, Calls) {
    let (tasks, calls) = Calls::of_function(&setup.time);
    let running = setup.open().await;
    let function = begins_orders(&running, tasks);
    running
        .engine
        .start(handlers([("order-processing", function)]))
        .await
        .unwrap();
    (running, calls)
}

fn begins_orders(running: &Running, tasks: Arc<dyn Handler>) -> Arc<dyn Handler> {
    let engine = running.engine.clone();
    Arc::new(BeginsOrders { engine, tasks })
}

/// What a call of [`work`] must have.
fn payload(order: OrderId, retry: u32) -> Value {
    json!({"order": order, "retry": retry})
}

/// The types of a history's events.
fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}
