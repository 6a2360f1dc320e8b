//! Waits, time-outs, heartbeats and tokens.

use asl::{EventKind, Outcome};
use serde_json::{Value, json};

use crate::support::{at, begin, definition, machine, next, only_call, outcome, run};

#[test]
fn a_wait_ends_at_its_time_and_not_before() {
    let wait = |fields: Value, input: Value| {
        let mut state = json!({"Type": "Wait", "End": true});
        state
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        begin(&machine(json!({"Sleep": state})), input).snapshot.wake_at()
    };
    assert_eq!(wait(json!({"Seconds": 90}), json!({})), Some(at(90)));
    assert_eq!(wait(json!({"SecondsPath": "$.s"}), json!({"s": 7})), Some(at(7)));
    assert_eq!(
        wait(json!({"Timestamp": "1970-01-01T00:01:00Z"}), json!({})),
        Some(at(60))
    );
    assert_eq!(
        wait(
            json!({"TimestampPath": "$.t"}),
            json!({"t": "1970-01-01T01:00:05+01:00"})
        ),
        Some(at(5))
    );

    let definition = machine(json!({"Sleep": {"Type": "Wait", "Seconds": 10, "End": true}}));
    let waiting = begin(&definition, json!({}));
    let early = next(&definition, &waiting, 9, EventKind::Woken);
    assert!(early.history.is_empty());
    assert_eq!(early.snapshot, waiting.snapshot);
    let over = next(&definition, &early, 10, EventKind::Woken);
    assert_eq!(
        over.snapshot.outcome(),
        Some(&Outcome::Succeeded {
            output: json!({}).into()
        })
    );
}

#[test]
fn a_wait_that_names_no_time_fails() {
    let fail = |input: Value| {
        let played = run(
            json!({"Sleep": {"Type": "Wait", "SecondsPath": "$.s", "End": true}}),
            input,
            vec![],
        );
        outcome(&played)[1].as_str().unwrap_or("no error").to_owned()
    };
    assert!(fail(json!({})).ends_with("The SecondsPath parameter does not reference an input value: $.s"));
    for bad in [
        json!(-1),
        json!("5"),
        json!(1.5),
        json!(1e300),
        json!(99_999_999_999_i64),
        json!(null),
    ] {
        assert_ne!(fail(json!({"s": bad})), "no error", "{bad}");
    }
}

fn task(fields: Value) -> asl::Definition {
    let mut task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true});
    task.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    machine(json!({"Ask": task}))
}

fn types(step: &asl::Step) -> Vec<&'static str> {
    step.history.iter().map(asl::HistoryEvent::type_name).collect()
}

#[test]
fn a_task_times_out_and_its_call_is_cancelled() {
    let definition = task(json!({"TimeoutSeconds": 30}));
    let started = begin(&definition, json!({}));
    let call = only_call(&started);
    assert_eq!(call.timeout_at, Some(at(30)));
    let over = next(&definition, &started, 30, EventKind::Woken);
    assert_eq!(types(&over), ["TaskTimedOut", "ExecutionFailed"]);
    assert_eq!(over.effects[0], asl::Effect::Cancel(call.task));
    let timeout = Outcome::Failed {
        error: "States.Timeout".into(),
        cause: String::new(),
    };
    assert_eq!(over.snapshot.outcome(), Some(&timeout));
}

#[test]
fn a_heartbeat_puts_the_next_one_off_but_not_the_timeout() {
    let definition = task(json!({"TimeoutSeconds": 25, "HeartbeatSeconds": 10}));
    let started = begin(&definition, json!({}));
    let call = only_call(&started);
    assert_eq!(started.snapshot.wake_at(), Some(at(10)));
    let alive = next(&definition, &started, 9, EventKind::Heartbeat { task: call.task });
    assert!(alive.history.is_empty() && alive.effects.is_empty());
    assert_eq!(alive.snapshot.wake_at(), Some(at(19)));
    let alive = next(&definition, &alive, 18, EventKind::Heartbeat { task: call.task });
    assert_eq!(alive.snapshot.wake_at(), Some(at(25)));
    assert_eq!(
        types(&next(&definition, &alive, 25, EventKind::Woken)),
        ["TaskTimedOut", "ExecutionFailed"]
    );
}

#[test]
fn a_missed_heartbeat_is_caught_by_its_own_name() {
    let catch = |name: &str| {
        let states = json!({
            "Ask": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    "HeartbeatSeconds": 5, "End": true, "Catch": [{"ErrorEquals": [name], "Next": "Caught"}]},
            "Caught": {"Type": "Pass", "Result": "caught", "End": true}
        });
        let script = asl::replay::Answer {
            state: "Ask".into(),
            event: "TaskTimedOut".into(),
            output: Value::Null.into(),
            error: None,
            cause: None,
        };
        outcome(&run(states, json!({}), vec![script]))
    };
    assert_eq!(catch("States.HeartbeatTimeout"), "caught");
    assert_eq!(catch("States.Timeout"), "caught");
    assert_eq!(catch("States.TaskFailed"), json!(["States.Timeout", ""]));
}

#[test]
fn a_token_is_the_same_after_a_restart_and_another_for_each_attempt() {
    let definition = task(json!({
        "Parameters": {"token.$": "$$.Task.Token", "chance.$": "States.UUID()"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}]
    }));
    let started = begin(&definition, json!({}));
    let call = only_call(&started);
    assert_eq!(call.input["token"], json!(call.token));
    let text = serde_json::to_string(&started.snapshot).unwrap();
    let restored: asl::Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(restored.open_calls(&definition), std::slice::from_ref(&call));

    let kind = EventKind::TaskFailed {
        task: call.task,
        error: "Busy".into(),
        cause: String::new(),
    };
    let failed = next(&definition, &started, 1, kind);
    let again = only_call(&next(&definition, &failed, 2, EventKind::Woken));
    assert_ne!(again.token, call.token);
}

#[test]
fn a_task_is_submitted_once_before_its_result() {
    let definition = task(json!({}));
    let started = begin(&definition, json!({}));
    let task = only_call(&started).task;
    let submitted = next(
        &definition,
        &started,
        1,
        EventKind::TaskSubmitted {
            task,
            output: json!({"MessageId": "m"}).into(),
        },
    );
    assert_eq!(types(&submitted), ["TaskSubmitted"]);
    let done = |step: &asl::Step| {
        next(
            &definition,
            step,
            2,
            EventKind::TaskSucceeded {
                task,
                output: json!(1).into(),
            },
        )
    };
    assert_eq!(
        types(&done(&submitted)),
        ["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]
    );
    assert_eq!(
        types(&done(&started)),
        [
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[test]
fn the_machine_times_out_as_a_whole() {
    let definition = definition(&json!({
        "StartAt": "Sleep", "TimeoutSeconds": 60, "States": {"Sleep": {"Type": "Wait", "Seconds": 90, "End": true}}
    }));
    let started = begin(&definition, json!({}));
    assert_eq!(started.snapshot.wake_at(), Some(at(60)));
    let over = next(&definition, &started, 61, EventKind::Woken);
    assert_eq!(types(&over), ["ExecutionTimedOut"]);
    assert_eq!(over.snapshot.outcome().unwrap().status(), "TIMED_OUT");
    assert_eq!(over.snapshot.wake_at(), None);

    // What comes in after the deadline comes too late, even if the timer has not fired yet.
    let stray = next(
        &definition,
        &started,
        61,
        EventKind::Heartbeat { task: asl::TaskId(7) },
    );
    assert_eq!(types(&stray), ["ExecutionTimedOut"]);
}

#[test]
fn an_execution_can_be_stopped_once() {
    let definition = task(json!({}));
    let started = begin(&definition, json!({}));
    let kind = EventKind::Aborted {
        error: "Stop".into(),
        cause: "by hand".into(),
    };
    let stopped = next(&definition, &started, 5, kind.clone());
    assert_eq!(types(&stopped), ["ExecutionAborted"]);
    assert_eq!(stopped.effects[0], asl::Effect::Cancel(only_call(&started).task));
    let again = next(&definition, &stopped, 6, kind);
    assert!(again.history.is_empty() && again.effects.is_empty());
    assert_eq!(again.snapshot, stopped.snapshot);
}
