//! An execution runs the definition that it was started with, whatever the workflow says by now.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{start, types, work, workflow};
use crate::support::Setup;

/// A workflow that can be changed between two starts.
fn changing(states: Value) -> (Setup, Arc<Mutex<Value>>) {
    let states = Arc::new(Mutex::new(states));
    let current = Arc::clone(&states);
    let setup = workflow(json!({})).with(move |settings| {
        let states = current.lock().unwrap();
        settings.machine.definition = json!({"StartAt": "Work", "States": *states}).to_string();
    });
    (setup, states)
}

fn work_then(result: &str) -> Value {
    let mut first = work();
    let state = first.as_object_mut().unwrap();
    state.remove("End");
    state.insert("Next".into(), "Say".into());
    json!({"Work": first, "Say": {"Type": "Pass", "Result": result, "End": true}})
}

#[tokio::test]
async fn an_open_execution_keeps_its_definition_and_new_orders_have_the_new_one() {
    let (setup, states) = changing(work_then("old"));
    let (running, mut calls) = start(setup).await;
    let old = running.place().await;
    let _under_way = calls.next().await;
    let old_hash = running.execution(&old).await.info.definition_hash;

    *states.lock().unwrap() = work_then("new");
    let (running, mut calls) = start(running.kill().await).await;
    calls.next().await.succeed_with(json!(1));
    let new = running.place().await;
    calls.next().await.succeed_with(json!(2));
    let (old, new) = (
        running.ended_execution(&old).await,
        running.ended_execution(&new).await,
    );
    assert_eq!((old.output, new.output), (Some(json!("old")), Some(json!("new"))));
    assert_eq!(old.info.definition_hash, old_hash);
    assert_ne!(new.info.definition_hash, old_hash);
}

#[tokio::test]
async fn an_execution_whose_states_are_gone_from_the_workflow_ends_all_the_same() {
    let (setup, states) = changing(json!({
        "Work": {"Type": "Wait", "Seconds": 3600, "Next": "Gone"},
        "Gone": {"Type": "Pass", "Result": "by the old one", "End": true},
    }));
    let (running, _calls) = start(setup).await;
    let order = running.place().await;
    running.noted_events(&order, "WaitStateEntered", 1).await;
    *states.lock().unwrap() = json!({"Work": {"Type": "Succeed"}});
    let (running, _calls) = start(running.close().await).await;
    running.advance(std::time::Duration::from_secs(3600));
    let execution = running.ended_execution(&order).await;
    assert_eq!(execution.output, Some(json!("by the old one")));
    assert_eq!(
        types(&execution.events),
        [
            "ExecutionStarted",
            "WaitStateEntered",
            "WaitStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
}
