//! Functions under their limits: time-out and reserved concurrency, as the workflow meets them.

use std::sync::Arc;
use std::time::Duration;

use embedded::FunctionSettings;
use ports::function::{Context, FunctionError, Invocation, Reply};
use ports::processing::BeginProcessing;
use serde_json::{Value, json};

use super::{begin, start, types, work, workflow};
use crate::support::{Calls, Running, Setup, answers, handlers};

fn with_function(edit: impl Fn(&mut FunctionSettings) + Send + Sync + 'static) -> Setup {
    workflow(json!({"Work": work()})).with(move |settings| {
        let function = settings
            .functions
            .iter_mut()
            .find(|it| it.name == "order-processing");
        edit(function.unwrap());
    })
}

async fn invoke(running: &Running) -> Result<Reply, FunctionError> {
    let function = running.lambda().function("order-processing").unwrap();
    let context = Context {
        request_id: "request".into(),
        trace_id: "".into(),
    };
    function.invoke(Invocation::Direct(json!({})), context).await
}

/// What the workflow is told of its first failed task.
fn failure(events: &[Value]) -> (String, String) {
    let failed = events.iter().find(|event| event["type"] == "TaskFailed").unwrap();
    let details = &failed["taskFailedEventDetails"];
    let text = |name: &str| details[name].as_str().unwrap().to_owned();
    (text("error"), text("cause"))
}

#[tokio::test]
async fn a_function_that_takes_longer_than_its_timeout_has_failed() {
    let (running, mut calls) = start(with_function(|function| function.timeout_ms = 5_000)).await;
    let order = running.place().await;
    let hangs = calls.next().await;
    running.advance(Duration::from_millis(4_999));
    calls.none().await;
    let so_far = running.execution(&order).await;
    assert_eq!(types(&so_far.events).last(), Some(&"TaskStarted"));
    running.advance(Duration::from_millis(1));
    running.noted_events(&order, "TaskFailed", 1).await;
    let (error, cause) = failure(&running.execution(&order).await.events);
    assert_eq!(error, "Sandbox.Timedout");
    assert!(cause.contains("Task timed out after 5.00 seconds"), "{cause}");

    // What it answers now is nobody's concern; the retry is another call.
    hangs.succeed_with(json!("too late"));
    running.advance(Duration::from_secs(60));
    calls.next().await.succeed_with(json!("in time"));
    assert_eq!(
        running.ended_execution(&order).await.output,
        Some(json!({"answer": "in time"}))
    );
}

#[tokio::test]
async fn a_function_runs_no_more_calls_at_once_than_are_reserved_for_it() {
    let (function, mut calls) = Calls::of_function(&Setup::new().time);
    let running = with_function(|function| function.reserved_concurrency = Some(2))
        .open()
        .await;
    running
        .engine
        .start(handlers([("order-processing", function)]))
        .await
        .unwrap();
    let running = Arc::new(running);
    let call = || {
        let running = Arc::clone(&running);
        tokio::spawn(async move { invoke(&running).await })
    };
    let (first, second) = (call(), call());
    let (one, two) = (calls.next().await, calls.next().await);
    let refused = invoke(&running).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Lambda.TooManyRequestsException: Rate Exceeded."
    );
    calls.none().await;
    one.succeed();
    first.await.unwrap().unwrap();
    let third = call();
    calls.next().await.succeed();
    third.await.unwrap().unwrap();
    two.fail("Down");
    assert_eq!(second.await.unwrap().unwrap_err().error_type, "Down");
}

#[tokio::test]
async fn a_throttled_task_is_retried_by_the_name_that_lambda_gives_it() {
    let mut throttled = work();
    throttled["Retry"] = json!([
        {"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 1, "MaxAttempts": 1},
    ]);
    let setup = workflow(json!({"Work": throttled})).with(|settings| {
        let mut functions = settings.functions.iter_mut();
        let function = functions.find(|it| it.name == "order-processing").unwrap();
        function.reserved_concurrency = Some(1);
        // Only tasks call it.
        function.queue_sources.clear();
    });
    let (running, mut calls) = start(setup).await;
    let (first, second) = (running.place().await, running.place().await);
    running
        .begin_processing(vec![begin(first)])
        .await
        .remove(0)
        .unwrap();
    let holds_the_only_slot = calls.next().await;
    running
        .begin_processing(vec![begin(second)])
        .await
        .remove(0)
        .unwrap();
    running.noted_events(&second, "TaskFailed", 1).await;
    let (error, _) = failure(&running.execution(&second).await.events);
    assert_eq!(error, "Lambda.TooManyRequestsException");
    holds_the_only_slot.succeed_with(json!("done"));
    running.ended_execution(&first).await;
    running.advance(Duration::from_secs(1));
    calls.next().await.succeed_with(json!("done"));
    assert_eq!(running.ended_execution(&second).await.info.status, "SUCCEEDED");
}

#[tokio::test]
async fn a_function_that_panics_has_failed_and_nothing_else() {
    let running = workflow(json!({"Work": work()})).open().await;
    let panics = answers(|_| panic!("a function's defect"));
    running
        .engine
        .start(handlers([("order-processing", panics)]))
        .await
        .unwrap();
    let failed = invoke(&running).await.unwrap_err();
    assert_eq!(failed.error_type, "Runtime.ExitError");
    assert_eq!(
        invoke(&running).await.unwrap_err().error_type,
        "Runtime.ExitError"
    );
    running.place().await;
}

#[tokio::test]
async fn a_function_without_code_is_not_found() {
    let running = workflow(json!({"Work": work()})).open().await;
    let missing = invoke(&running).await.unwrap_err();
    assert_eq!(missing.error_type, "Lambda.ResourceNotFoundException");
    assert!(running.lambda().function("nothing").is_none());
}
