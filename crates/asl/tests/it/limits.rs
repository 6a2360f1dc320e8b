//! The service's limits.

use asl::limits::{MAX_HISTORY_EVENTS, MAX_PAYLOAD_BYTES};
use asl::replay::{play, start_at};
use serde_json::{Value, json};

use crate::support::{at, endless, events, machine, ok, outcome, run};

const RESOURCE: &str = "arn:aws:states:::lambda:invoke";

fn text(bytes: usize) -> Value {
    Value::String("x".repeat(bytes - 2))
}

#[test]
fn a_result_that_is_too_large_fails_its_task_and_can_be_caught() {
    let states = json!({
        "Work": {"Type": "Task", "Resource": RESOURCE, "End": true,
                 "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]},
        "Caught": {"Type": "Pass", "End": true}
    });
    let fits = run(
        states.clone(),
        json!({}),
        vec![ok("Work", text(MAX_PAYLOAD_BYTES))],
    );
    assert_eq!(outcome(&fits), text(MAX_PAYLOAD_BYTES));
    let exceeds = run(states, json!({}), vec![ok("Work", text(MAX_PAYLOAD_BYTES + 1))]);
    let cause = "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.";
    assert_eq!(
        outcome(&exceeds),
        json!({"Error": "States.DataLimitExceeded", "Cause": cause})
    );
    assert!(events(&exceeds).contains("TaskFailed TaskStateExited"));
}

#[test]
fn an_output_that_is_too_large_ends_the_execution() {
    let states = json!({
        "Double": {"Type": "Task", "Resource": RESOURCE, "End": true,
                   "ResultSelector": {"a.$": "$", "b.$": "$"},
                   "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]},
        "Caught": {"Type": "Pass", "End": true}
    });
    let played = run(states, json!({}), vec![ok("Double", text(MAX_PAYLOAD_BYTES / 2))]);
    assert_eq!(outcome(&played)[0], "States.DataLimitExceeded");
}

#[test]
fn an_input_that_is_too_large_is_refused() {
    let definition = machine(json!({"P": {"Type": "Pass", "End": true}}));
    let step = crate::support::begin(&definition, text(MAX_PAYLOAD_BYTES + 1));
    assert_eq!(step.snapshot.outcome().unwrap().status(), "FAILED");
}

#[test]
fn a_history_ends_at_its_limit() {
    let definition = machine(endless(json!({"Type": "Pass"})));
    let played = play(&definition, start_at(json!({}), at(0)), vec![]).unwrap();
    assert_eq!(played.history.len() as u64, MAX_HISTORY_EVENTS);
    assert_eq!(played.history.last().unwrap().type_name(), "ExecutionFailed");
    let ids: Vec<u64> = played.history.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=MAX_HISTORY_EVENTS).collect::<Vec<_>>());
    let cause = "The execution reached the maximum number of history events (25000).";
    assert_eq!(outcome(&played), json!(["States.Runtime", cause]));
}
