//! A failed execution run again.

use ports::operations::{OperationError, Operations};
use serde_json::json;

use super::{payload, start, types, work, workflow};

#[tokio::test]
async fn a_failed_execution_runs_again_under_its_own_name() {
    let mut once = work();
    once["Retry"] = json!([]);
    let (running, mut calls) = start(workflow(json!({"Work": once}))).await;
    let order = running.place().await;
    calls.next().await.fail("Down");
    let failed = running.ended_execution(&order).await;
    assert_eq!(
        (failed.info.status.as_str(), failed.info.error.as_deref()),
        ("FAILED", Some("Down"))
    );

    let again = running.redrive_execution(order.to_string()).await.unwrap();
    assert_eq!(
        (again.name, again.status.as_str()),
        (order.to_string(), "RUNNING")
    );
    let call = calls.next().await;
    assert_eq!(call.payload(), &payload(order, 0));
    call.succeed_with(json!("done"));
    let execution = running.ended_execution(&order).await;
    assert_eq!(
        (execution.info.status.as_str(), execution.info.error),
        ("SUCCEEDED", None)
    );
    assert_eq!(types(&execution.events).last(), Some(&"ExecutionSucceeded"));
    calls.none().await;
}

#[tokio::test]
async fn a_redriven_execution_survives_a_crash() {
    let mut once = work();
    once["Retry"] = json!([]);
    let (running, mut calls) = start(workflow(json!({"Work": once}))).await;
    let order = running.place().await;
    calls.next().await.fail("Down");
    running.ended_execution(&order).await;
    running.redrive_execution(order.to_string()).await.unwrap();
    let (running, mut calls) = start(running.kill().await).await;
    let call = calls.next().await;
    assert_eq!(call.payload(), &payload(order, 0));
    call.succeed_with(json!("done"));
    assert_eq!(running.ended_execution(&order).await.info.status, "SUCCEEDED");
}

#[tokio::test]
async fn only_a_failed_execution_can_be_run_again() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    let call = calls.next().await;
    let refused = running.redrive_execution(order.to_string()).await;
    assert!(
        matches!(refused, Err(OperationError::NotAllowed(_))),
        "{refused:?}"
    );
    call.succeed_with(json!("done"));
    running.ended_execution(&order).await;
    let refused = running.redrive_execution(order.to_string()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the execution is SUCCEEDED; only one that is FAILED, TIMED_OUT or ABORTED can be run again"
    );
    let unknown = running.redrive_execution("nothing".into()).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no execution nothing");
    calls.none().await;
}
