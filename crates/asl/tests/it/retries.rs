//! Retry and Catch.

use asl::EventKind;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{at, begin, error, events, machine, next, ok, only_call, outcome, run};

const RESOURCE: &str = "arn:aws:states:::lambda:invoke";

/// When each attempt of a state was scheduled, in seconds.
fn attempts(played: &asl::replay::Played) -> Vec<i64> {
    let scheduled = played
        .history
        .iter()
        .filter(|event| event.type_name() == "TaskScheduled");
    scheduled
        .map(|event| event.timestamp.duration_since(Timestamp::UNIX_EPOCH).as_secs())
        .collect()
}

/// The specification's example: "the interpreter waits 1, 2, 5 seconds, then transitions to state Z".
#[test]
fn each_retrier_counts_for_itself() {
    let played = run(
        json!({
            "X": {
                "Type": "Task", "Resource": RESOURCE, "Next": "Y",
                "Retry": [
                    {"ErrorEquals": ["ErrorA", "ErrorB"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2},
                    {"ErrorEquals": ["ErrorC"], "IntervalSeconds": 5}
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]
            },
            "Y": {"Type": "Fail"},
            "Z": {"Type": "Pass", "End": true}
        }),
        json!({}),
        ["ErrorA", "ErrorB", "ErrorC", "ErrorB"]
            .map(|name| error("X", name))
            .into(),
    );
    assert_eq!(attempts(&played), [0, 1, 3, 8]);
    assert_eq!(outcome(&played), json!({"Error": "ErrorB", "Cause": "why"}));
    assert!(events(&played).ends_with("TaskFailed TaskStateExited PassStateEntered PassStateExited"));
}

#[test]
fn the_counts_start_anew_when_the_state_is_entered_again() {
    let looping = json!({
        "Work": {
            "Type": "Task", "Resource": RESOURCE, "Next": "Again", "ResultPath": "$.result",
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1, "IntervalSeconds": 10}]
        },
        "Again": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.result", "StringEquals": "again", "Next": "Work"}],
            "Default": "Done"
        },
        "Done": {"Type": "Succeed"}
    });
    let script = vec![
        error("Work", "Busy"),
        ok("Work", json!("again")),
        error("Work", "Busy"),
        ok("Work", json!("done")),
    ];
    let played = run(looping, json!({}), script);
    assert_eq!(attempts(&played), [0, 10, 10, 20]);
    assert_eq!(outcome(&played), json!({"result": "done"}));
}

#[test]
fn an_attempt_keeps_its_visit_and_counts_up() {
    let definition = machine(json!({
        "Pay": {"Type": "Task", "Resource": RESOURCE, "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}]}
    }));
    let first = begin(&definition, json!({}));
    let call = only_call(&first);
    assert_eq!((call.visit, call.attempt), (1, 1));
    let failed = EventKind::TaskFailed {
        task: call.task,
        error: "Busy".into(),
        cause: String::new(),
    };
    let waiting = next(&definition, &first, 3, failed.clone());
    assert!(waiting.effects.is_empty());
    assert_eq!(waiting.snapshot.wake_at(), Some(at(4)));
    assert!(waiting.snapshot.open_calls(&definition).is_empty());

    let second = next(&definition, &waiting, 4, EventKind::Woken);
    let again = only_call(&second);
    assert_eq!((again.visit, again.attempt), (1, 2));
    assert_ne!(again.task, call.task);

    // The first attempt's answer comes too late.
    let late = next(&definition, &second, 5, failed);
    assert!(late.history.is_empty() && late.effects.is_empty());
    assert_eq!(late.snapshot, second.snapshot);
}

#[test]
fn what_a_catcher_matches_and_where_it_puts_the_error() {
    let caught = |error_equals: &str, error_name: &str| -> Value {
        let states = json!({
            "Work": {
                "Type": "Task", "Resource": RESOURCE, "End": true,
                "Catch": [{"ErrorEquals": [error_equals], "ResultPath": "$.error", "Next": "Caught"}]
            },
            "Caught": {"Type": "Pass", "End": true}
        });
        outcome(&run(states, json!({"id": 1}), vec![error("Work", error_name)]))
    };
    let with_error = |name: &str| json!({"id": 1, "error": {"Error": name, "Cause": "why"}});
    assert_eq!(caught("States.ALL", "Custom"), with_error("Custom"));
    assert_eq!(caught("States.TaskFailed", "Custom"), with_error("Custom"));
    assert_eq!(caught("Custom", "Custom"), with_error("Custom"));
    assert_eq!(caught("Custom", "Other"), json!(["Other", "why"]));
    assert_eq!(
        caught("States.ALL", "States.Timeout"),
        with_error("States.Timeout")
    );
    assert_eq!(
        caught("States.TaskFailed", "States.Timeout"),
        json!(["States.Timeout", "why"])
    );
    assert_eq!(
        caught("States.ALL", "States.Runtime"),
        json!(["States.Runtime", "why"])
    );
    assert_eq!(
        caught("States.Runtime", "States.Runtime"),
        json!(["States.Runtime", "why"])
    );
}

#[test]
fn a_retrier_that_is_used_up_leaves_the_error_to_the_catchers_and_not_to_the_next_retrier() {
    let played = run(
        json!({
            "Work": {
                "Type": "Task", "Resource": RESOURCE, "End": true,
                "Retry": [
                    {"ErrorEquals": ["Busy"], "MaxAttempts": 0},
                    {"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}
                ]
            }
        }),
        json!({}),
        vec![error("Work", "Busy")],
    );
    assert_eq!(outcome(&played), json!(["Busy", "why"]));
}

#[test]
fn a_path_that_leads_nowhere_cannot_be_caught() {
    let played = run(
        json!({
            "Work": {
                "Type": "Task", "Resource": RESOURCE, "End": true, "Parameters": {"id.$": "$.missing"},
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
            },
            "Caught": {"Type": "Pass", "End": true}
        }),
        json!({"id": 1}),
        vec![],
    );
    let cause = "An error occurred while executing the state 'Work' (entered at the event id #2). The JSONPath \
                 '$.missing' specified for the field 'id.$' could not be found in the input '{\"id\":1}'";
    assert_eq!(outcome(&played), json!(["States.Runtime", cause]));
    assert_eq!(events(&played), "TaskStateEntered");
}
