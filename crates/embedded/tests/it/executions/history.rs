//! The history in Step Functions' own event types, the same whenever it is asked for.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;

use super::{start, types, work, workflow};

#[tokio::test]
async fn a_history_has_the_event_types_of_step_functions() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let order = running.place().await;
    calls.next().await.fail("Down");
    running.noted_events(&order, "TaskFailed", 1).await;
    running.advance(Duration::from_secs(60));
    calls.next().await.succeed_with(json!("done"));
    let execution = running.ended_execution(&order).await;
    expect![[r#"
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ]
    "#]]
    .assert_debug_eq(&types(&execution.events));
    let ids: Vec<u64> = execution
        .events
        .iter()
        .map(|event| event["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (1..=10).collect::<Vec<u64>>());
    let failed = &execution.events[4]["taskFailedEventDetails"];
    assert_eq!(failed["error"], "Down");
    assert!(
        failed["cause"].as_str().unwrap().contains("as the test wants it"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_history_is_the_same_before_and_after_a_restart() {
    let (running, mut calls) = start(workflow(json!({"Work": work()}))).await;
    let (ended, under_way, waiting) = (
        running.place().await,
        running.place().await,
        running.place().await,
    );
    let mut held = None;
    for _ in 0..3 {
        let call = calls.next().await;
        match call.payload()["order"].as_str().unwrap() {
            it if it == ended.to_string() => call.succeed_with(json!("done")),
            it if it == waiting.to_string() => call.fail("Down"),
            _ => held = Some(call),
        }
    }
    running.ended_execution(&ended).await;
    running.noted_events(&waiting, "TaskFailed", 1).await;
    assert!(held.is_some());
    let mut before = Vec::new();
    for order in [ended, under_way, waiting] {
        before.push(running.execution(&order).await);
    }
    assert_eq!(before[1].info.current_state.as_deref(), Some("Work"));

    let (running, _calls) = start(running.kill().await).await;
    running.advance(Duration::from_secs(10));
    for (order, before) in [ended, under_way, waiting].iter().zip(before) {
        let after = running.execution(order).await;
        assert_eq!(after, before);
        assert_eq!(
            serde_json::to_string(&after.events).unwrap(),
            serde_json::to_string(&before.events).unwrap()
        );
    }
}
