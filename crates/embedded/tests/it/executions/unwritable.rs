//! Steps that the store can't write, however often it is asked.

use std::time::Duration;

use domain::OrderId;
use ports::operations::Operations;
use ports::orders::OrderQueries;
use serde_json::json;

use super::{start, work, workflow};
use crate::support::until;

/// A row of the journal that somebody else has written stands where the next one belongs, so no try can succeed.
#[tokio::test]
async fn an_execution_whose_next_step_cannot_be_written_is_given_up_and_its_order_needs_attention() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let (order, other) = (running.place().await, running.place().await);
    let (mut call, mut next) = (calls.next().await, calls.next().await);
    if call.payload()["order"] != json!(order) {
        std::mem::swap(&mut call, &mut next);
    }
    running.write(&format!(
        "INSERT INTO journal SELECT key, 1, '[]', 1 FROM executions WHERE name = '{order}'"
    ));
    // Between two tries is a second.
    tokio::time::pause();
    call.succeed_with(json!("done"));
    next.succeed_with(json!("done"));
    let execution = async |order: OrderId| running.execution(&order).await.info;
    until("the other one ends", async || {
        execution(other).await.status == "SUCCEEDED"
    })
    .await;
    assert_eq!(execution(order).await.status, "RUNNING", "it is tried again");
    until("it is given up", async || {
        tokio::time::advance(Duration::from_secs(1)).await;
        execution(order).await.status == "FAILED"
    })
    .await;
    let given_up = execution(order).await;
    assert_eq!(given_up.error.as_deref(), Some("ExecutionUnwritable"));
    let cause: String = running.read(&format!("SELECT cause FROM executions WHERE name = '{order}'"));
    assert!(cause.contains("UNIQUE"), "{cause}");
    let state = running.get_order(order).await.unwrap().unwrap().state;
    assert_eq!(state.attention.as_deref(), Some("ExecutionUnwritable"));
    running.settled().await.unwrap();

    // What stood in the way goes with a redrive, and the execution ends.
    tokio::time::resume();
    running.redrive_execution(order.to_string()).await.unwrap();
    calls.next().await.succeed_with(json!("done"));
    assert_eq!(running.ended_execution(&order).await.info.status, "SUCCEEDED");
}
