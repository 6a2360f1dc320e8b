//! An execution goes on where its process died.

use std::time::Duration;

use serde_json::json;

use super::{begins_orders, payload, start, work, workflow};
use crate::support::{Calls, handlers, until};

#[tokio::test]
async fn an_execution_whose_process_died_before_its_first_task_starts_it_once() {
    let setup = workflow(json!({"Work": work()}));
    let (tasks, mut calls) = Calls::of_function(&setup.time);
    // One commit each: the order, its receive, its beginning. Then it dies, before anybody hears of the third.
    let running = setup.open_and_halt(3).await;
    let function = begins_orders(&running, tasks);
    running
        .engine
        .start(handlers([("order-processing", function)]))
        .await
        .unwrap();
    let order = running.place().await;
    let setup = running.bury().await;
    calls.none().await;

    let (running, mut calls) = start(setup).await;
    let call = calls.next().await;
    assert_eq!(call.payload(), &payload(order, 0));
    call.succeed_with(json!("done"));
    running.settled().await.unwrap();
    calls.none().await;
    assert_eq!(running.execution(&order).await.info.status, "SUCCEEDED");
}

#[tokio::test]
async fn a_function_that_was_under_way_is_called_again_with_the_same_attempt() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    let under_way = calls.next().await;
    let (running, mut calls) = start(running.kill().await).await;
    let call = calls.next().await;
    assert_eq!(call.payload(), under_way.payload());
    assert_ne!(call.context.request_id, under_way.context.request_id);
    call.succeed_with(json!("done"));
    let execution = running.ended_execution(&order).await;
    let scheduled = super::types(&execution.events)
        .iter()
        .filter(|it| **it == "TaskScheduled")
        .count();
    assert_eq!(scheduled, 1, "to be called again is no retry");
    calls.none().await;
}

#[tokio::test]
async fn a_function_that_was_under_way_in_its_second_attempt_stays_in_its_second() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    calls.next().await.fail("Down");
    running.noted_events(&order, "TaskFailed", 1).await;
    running.advance(Duration::from_secs(60));
    assert_eq!(calls.next().await.payload(), &payload(order, 1));
    let (running, mut calls) = start(running.kill().await).await;
    let call = calls.next().await;
    assert_eq!(call.payload(), &payload(order, 1));
    call.fail("Down");
    running.noted_events(&order, "TaskFailed", 2).await;
    running.advance(Duration::from_secs(120));
    let call = calls.next().await;
    assert_eq!(call.payload(), &payload(order, 2));
    call.fail("Down");
    let execution = running.ended_execution(&order).await;
    assert_eq!(
        execution.info.status, "FAILED",
        "two retries are spent, whatever was restarted"
    );
    assert_eq!(execution.info.error.as_deref(), Some("Down"));
}

#[tokio::test]
async fn an_execution_that_was_closed_in_good_order_goes_on_like_one_that_was_killed() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    calls.next().await.fail("Down");
    running.noted_events(&order, "TaskFailed", 1).await;
    let (running, mut calls) = start(running.close().await).await;
    calls.none().await;
    running.advance(Duration::from_secs(60));
    let call = calls.next().await;
    assert_eq!(call.payload(), &payload(order, 1));
    call.succeed_with(json!("done"));
    running.settled().await.unwrap();
}

/// Two tasks in a row: what the first one answered is there after the crash, and it is not called again.
#[tokio::test]
async fn what_a_task_answered_is_not_asked_for_again() {
    let mut first = work();
    first["End"] = false.into();
    let first = {
        let mut state = first.as_object().unwrap().clone();
        state.remove("End");
        state.insert("Next".into(), "More".into());
        state.insert("ResultPath".into(), "$.first".into());
        state
    };
    let more = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "order-processing", "Payload": {"more.$": "$.first.answer"}},
        "End": true,
    });
    let (running, mut calls) = start(workflow(json!({"Work": first, "More": more}))).await;
    let order = running.place().await;
    calls.next().await.succeed_with(json!("once"));
    let under_way = calls.next().await;
    assert_eq!(under_way.payload(), &json!({"more": "once"}));
    let (running, mut calls) = start(running.kill().await).await;
    let call = calls.next().await;
    assert_eq!(call.payload(), &json!({"more": "once"}));
    call.succeed_with(json!("done"));
    assert_eq!(running.ended_execution(&order).await.info.status, "SUCCEEDED");
    calls.none().await;
}

#[tokio::test]
async fn an_execution_that_ended_stays_ended() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    calls.next().await.succeed_with(json!("done"));
    let before = running.ended_execution(&order).await;
    until("its message is handled", async || {
        running.messages("OrderProcessingQueue").await.is_empty()
    })
    .await;
    let (running, mut calls) = start(running.kill().await).await;
    running.settled().await.unwrap();
    calls.none().await;
    assert_eq!(running.execution(&order).await, before);
}

/// A directory as the release before schema 3 left it: no events in an execution's row, no end before it has come.
#[tokio::test]
async fn an_execution_that_an_earlier_schema_holds_goes_on() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    let under_way = calls.next().await;
    let setup = running.kill().await;
    let connection = rusqlite::Connection::open(setup.dir().join("ordermill.db")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO journal SELECT key, 0, events, last_event_id FROM executions;
             UPDATE executions SET stopped_at = NULL;
             ALTER TABLE executions DROP COLUMN events;
             ALTER TABLE executions DROP COLUMN last_event_id;
             ALTER TABLE orders DROP COLUMN room;
             CREATE INDEX gateway_orders ON gateway_ledger (order_id);
             PRAGMA user_version = 2;",
        )
        .unwrap();
    drop(connection);

    let (running, mut calls) = start(setup).await;
    let call = calls.next().await;
    assert_eq!(call.payload(), under_way.payload());
    let version: i64 = running.read("SELECT user_version FROM pragma_user_version");
    assert_eq!(version, 3);
    assert_eq!(running.execution(&order).await.info.stopped_at, None);
    call.succeed_with(json!("done"));
    let execution = running.ended_execution(&order).await;
    assert_eq!(execution.info.status, "SUCCEEDED");
    let rows: i64 = running.read("SELECT count(*) FROM journal");
    assert_eq!(rows, 2, "the journal goes on where it was");
}
