//! Definitions and inputs that mean harm get an error within bounded work.

use asl::limits::MAX_PAYLOAD_DEPTH;
use asl::replay::{play, start_at};
use asl::{Definition, EventKind};
use serde_json::{Value, json};

use crate::support::{at, begin, endless, machine, next, only_call, outcome, run};

#[test]
fn a_definition_that_is_nested_too_deeply_is_refused() {
    let mut text = String::from("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}");
    for _ in 0..2000 {
        text = format!(
            "{{\"StartAt\":\"A\",\"States\":{{\"A\":{{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[{text}]}}}}}}"
        );
    }
    assert!(Definition::parse(&text).is_err());
    assert!(Definition::parse(&"[".repeat(100_000)).is_err());
    assert!(Definition::parse(&format!("{{\"StartAt\":\"{}\"}}", "x".repeat(2_000_000))).is_err());
}

#[test]
fn what_is_no_definition_is_a_fault() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "1",
        "not a definition",
        "{\"StartAt\":1,\"States\":[]}",
        "\u{0}",
    ] {
        assert!(!Definition::parse(text).unwrap_err().is_empty(), "{text}");
    }
}

#[test]
fn a_loop_that_wraps_its_payload_ends_at_the_depth_limit() {
    let states = endless(json!({"Type": "Pass", "Parameters": {"in.$": "$"}}));
    let played = run(states, json!({}), vec![]);
    assert_eq!(outcome(&played)[0], "States.DataLimitExceeded");
    assert!(played.history.len() < 5 * MAX_PAYLOAD_DEPTH);
    let text = serde_json::to_string(&played.snapshot).unwrap();
    assert!(serde_json::from_str::<asl::Snapshot>(&text).is_ok());
}

#[test]
fn a_loop_that_doubles_its_payload_ends_at_the_size_limit() {
    let states = endless(json!({"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}));
    let played = run(states, json!("0123456789"), vec![]);
    assert_eq!(outcome(&played)[0], "States.DataLimitExceeded");
}

#[test]
fn a_step_does_its_share_and_asks_to_go_on() {
    let definition = machine(endless(json!({"Type": "Pass"})));
    let started = begin(&definition, json!({}));
    assert!(started.history.len() < 3_000);
    assert!(started.snapshot.wake_at().unwrap() <= at(0));
    let more = next(&definition, &started, 0, EventKind::Woken);
    assert!(!more.history.is_empty() && more.history.len() < 3_000);
}

#[test]
fn iterations_inside_iterations_end_at_the_history_limit() {
    let each = |inner: Value| {
        json!({"StartAt": "Each", "States": {"Each": {
            "Type": "Map", "ItemsPath": "$.items", "End": true, "ItemSelector": {"items.$": "$.items"},
            "ItemProcessor": inner
        }}})
    };
    let name = |machine: Value, name: &str| {
        serde_json::from_str(&machine.to_string().replace("\"Each\"", &format!("\"{name}\""))).unwrap()
    };
    let innermost = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let machine: Value = name(each(name(each(name(each(innermost), "Three")), "Two")), "One");
    let definition = Definition::parse(&machine.to_string()).unwrap();
    let input = json!({"items": (0..200).collect::<Vec<_>>()});
    let played = play(&definition, start_at(input, at(0)), vec![]).unwrap();
    assert_eq!(outcome(&played)[0], "States.Runtime");
    assert_eq!(played.history.len(), 25_000);
}

#[test]
fn children_of_a_distributed_map_that_never_end_are_stopped() {
    let states = json!({
        "Each": {
            "Type": "Map", "End": true,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Round", "States": endless(json!({"Type": "Pass"}))
            }
        }
    });
    assert_eq!(
        outcome(&run(states, json!([1, 2, 3]), vec![]))[0],
        "States.Runtime"
    );
}

#[test]
fn a_snapshot_of_another_definition_or_version_is_refused() {
    let task = |name: &str| {
        machine(json!({name: {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}}))
    };
    let (one, other) = (task("One"), task("Other"));
    let started = begin(&one, json!({}));
    let kind = EventKind::TaskSucceeded {
        task: only_call(&started).task,
        output: json!(1).into(),
    };
    let refused = next(&other, &started, 1, kind);
    assert_eq!(refused.snapshot.outcome().unwrap().status(), "FAILED");

    let text = serde_json::to_string(&started.snapshot).unwrap();
    assert!(serde_json::from_str::<asl::Snapshot>(&text).is_ok());
    let newer = text.replacen("\"version\":2", "\"version\":3", 1);
    assert!(
        serde_json::from_str::<asl::Snapshot>(&newer)
            .unwrap_err()
            .to_string()
            .contains("version 3")
    );
}

#[test]
fn a_short_expression_cannot_make_a_large_value_larger_than_a_payload() {
    // 200 KB of text, which is 8 MB of values in memory: a thousand of them would not fit.
    let large = || Value::Array(vec![json!(1); 100_000]);
    let many = |text: &str| -> Value { (0..5_000).map(|at| (format!("k{at}.$"), json!(text))).collect() };
    let array = format!("States.Array({})", vec!["$"; 2_000].join(","));
    let format = format!(
        "States.Format('{}',{})",
        "{}".repeat(2_000),
        vec!["$"; 2_000].join(",")
    );
    for parameters in [
        many("$"),
        many("$$"),
        json!({"a.$": array}),
        json!({"a.$": format}),
    ] {
        let states = json!({"A": {"Type": "Pass", "Parameters": parameters, "End": true}});
        assert_eq!(outcome(&run(states, large(), vec![]))[0], "States.Runtime");
    }
    let states = json!({"A": {"Type": "Pass", "Assign": many("$"), "End": true}});
    assert_eq!(outcome(&run(states, large(), vec![]))[0], "States.Runtime");
    let branch = |at: u32| {
        let name = format!("P{at}");
        json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}})
    };
    let branches: Vec<Value> = (0..2_000).map(branch).collect();
    let states = json!({"A": {"Type": "Parallel", "Branches": branches, "End": true}});
    assert_eq!(
        outcome(&run(states, large(), vec![]))[0],
        "States.DataLimitExceeded"
    );
}

#[test]
fn a_definition_with_thousands_of_faults_is_told_all_of_them() {
    let state = |at: u32| {
        (
            format!("State number {at}"),
            json!({"Type": "Pass", "Next": format!("Stage nunber {at}")}),
        )
    };
    let states: Value = (0..5_000).map(state).collect();
    let faults =
        Definition::parse(&json!({"StartAt": "State number 0", "States": states}).to_string()).unwrap_err();
    assert!(faults.len() >= 5_000);
}
