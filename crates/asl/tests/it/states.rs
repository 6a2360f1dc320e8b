//! Each state's data flow, and what the states that hold others do.

use asl::replay::{play, start_at};
use serde_json::{Value, json};

use crate::support::{at, error, events, machine, ok, outcome, run};

const RESOURCE: &str = "arn:aws:states:::lambda:invoke";

#[test]
fn data_flows_through_a_task_as_its_paths_say() {
    let flow = |fields: Value| {
        let mut task = json!({"Type": "Task", "Resource": RESOURCE, "End": true});
        task.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        outcome(&run(
            json!({"Work": task}),
            json!({"a": {"b": 1}}),
            vec![ok("Work", json!({"r": 2}))],
        ))
    };
    assert_eq!(flow(json!({})), json!({"r": 2}));
    assert_eq!(
        flow(json!({"ResultPath": "$.a.c"})),
        json!({"a": {"b": 1, "c": {"r": 2}}})
    );
    assert_eq!(flow(json!({"ResultPath": null})), json!({"a": {"b": 1}}));
    assert_eq!(
        flow(json!({"ResultSelector": {"s.$": "$.r"}, "ResultPath": "$.a"})),
        json!({"a": {"s": 2}})
    );
    assert_eq!(
        flow(json!({"ResultPath": "$.x", "OutputPath": "$.x.r"})),
        json!(2)
    );
    assert_eq!(flow(json!({"OutputPath": null})), json!({}));
    assert_eq!(
        flow(json!({"InputPath": "$.a", "ResultPath": "$.c"})),
        json!({"a": {"b": 1}, "c": {"r": 2}})
    );
    let called_with = |fields: Value| {
        let mut task = json!({"Type": "Task", "Resource": RESOURCE, "End": true});
        task.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let definition = machine(json!({"Work": task}));
        crate::support::only_call(&crate::support::begin(&definition, json!({"a": {"b": 1}}))).input
    };
    assert_eq!(called_with(json!({})), json!({"a": {"b": 1}}));
    assert_eq!(called_with(json!({"InputPath": "$.a"})), json!({"b": 1}));
    assert_eq!(
        called_with(json!({"InputPath": "$.a", "Parameters": {"c.$": "$.b"}})),
        json!({"c": 1})
    );
    assert_eq!(
        called_with(json!({"InputPath": null, "Parameters": {"c": "$.b"}})),
        json!({"c": "$.b"})
    );
}

#[test]
fn a_choice_takes_the_first_rule_that_holds() {
    let choose = |rule: Value, input: Value| {
        let mut rule = rule;
        rule["Next"] = json!("Yes");
        let states = json!({
            "Choose": {"Type": "Choice", "Choices": [rule], "Default": "No"},
            "Yes": {"Type": "Pass", "Result": true, "End": true},
            "No": {"Type": "Pass", "Result": false, "End": true}
        });
        outcome(&run(states, input, vec![])) == json!(true)
    };
    let and = json!({"And": [{"Variable": "$.n", "NumericGreaterThan": 1}, {"Variable": "$.n", "NumericLessThanEquals": 3}]});
    assert!(choose(and.clone(), json!({"n": 3.0})));
    assert!(!choose(and, json!({"n": 1})));
    assert!(choose(
        json!({"Not": {"Variable": "$.n", "IsNumeric": true}}),
        json!({"n": "1"})
    ));
    assert!(choose(
        json!({"Or": [{"Variable": "$.a", "IsPresent": true}, {"Variable": "$.b", "IsPresent": true}]}),
        json!({"b": null})
    ));
    assert!(choose(
        json!({"Variable": "$.a", "StringEqualsPath": "$.b"}),
        json!({"a": "x", "b": "x"})
    ));
    assert!(!choose(
        json!({"Variable": "$.a", "StringLessThan": "b"}),
        json!({"a": 1})
    ));
    assert!(choose(
        json!({"Variable": "$.file", "StringMatches": "order-*.json"}),
        json!({"file": "order-7.json"})
    ));
    assert!(choose(
        json!({"Variable": "$.t", "TimestampLessThan": "2026-01-01T00:00:00+01:00"}),
        json!({"t": "2025-12-31T22:59:59Z"})
    ));
}

#[test]
fn a_choice_without_a_match_fails_and_a_missing_variable_is_fatal() {
    let choice = |variable: &str| {
        let rule = json!({"Variable": variable, "StringEquals": "x", "Next": "End"});
        outcome(&run(
            json!({"Choose": {"Type": "Choice", "Choices": [rule]}, "End": {"Type": "Succeed"}}),
            json!({"a": 1}),
            vec![],
        ))
    };
    assert_eq!(choice("$.a")[0], "States.NoChoiceMatched");
    assert_eq!(
        choice("$.b"),
        json!([
            "States.Runtime",
            "An error occurred while executing the state 'Choose' (entered at the event id #2). \
            Invalid path '$.b': The choice state's condition path references an invalid value."
        ])
    );
}

#[test]
fn a_parallel_state_gathers_its_branches_in_their_order() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Task", "Resource": RESOURCE, "End": true}}});
    let states = json!({"Both": {"Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true}});
    // B answers first.
    let played = run(
        states.clone(),
        json!({}),
        vec![ok("B", json!("b")), ok("A", json!("a"))],
    );
    assert_eq!(outcome(&played), json!(["a", "b"]));
    assert!(
        events(&played).ends_with("ParallelStateSucceeded ParallelStateExited"),
        "{}",
        events(&played)
    );

    let failed = run(states, json!({}), vec![error("A", "Custom")]);
    assert_eq!(outcome(&failed), json!(["Custom", "why"]));
    assert!(
        events(&failed).ends_with("TaskFailed ParallelStateFailed"),
        "{}",
        events(&failed)
    );
}

#[test]
fn a_failed_branch_cancels_the_tasks_of_the_others() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Task", "Resource": RESOURCE, "End": true}}});
    let definition = machine(json!({
        "Both": {"Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true,
                 "Catch": [{"ErrorEquals": ["Custom"], "Next": "Caught"}]},
        "Caught": {"Type": "Pass", "End": true}
    }));
    let started = crate::support::begin(&definition, json!({}));
    let calls = started.snapshot.open_calls(&definition);
    assert_eq!(started.snapshot.current_states(&definition), ["Both", "A", "B"]);
    let kind = asl::EventKind::TaskFailed {
        task: calls[0].task,
        error: "Custom".into(),
        cause: String::new(),
    };
    let failed = crate::support::next(&definition, &started, 1, kind);
    assert_eq!(failed.effects[0], asl::Effect::Cancel(calls[1].task));
    assert_eq!(failed.snapshot.outcome().unwrap().status(), "SUCCEEDED");
}

#[test]
fn a_map_runs_no_more_iterations_at_a_time_than_it_may() {
    let definition = machine(json!({
        "Each": {
            "Type": "Map", "MaxConcurrency": 2, "End": true,
            "ItemSelector": {"index.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value"},
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": RESOURCE, "End": true}}}
        }
    }));
    let mut step = crate::support::begin(&definition, json!(["a", "b", "c"]));
    let mut inputs = Vec::new();
    while let Some(call) = step.snapshot.open_calls(&definition).first().cloned() {
        assert!(step.snapshot.open_calls(&definition).len() <= 2);
        inputs.push((call.visit, call.input.clone()));
        let kind = asl::EventKind::TaskSucceeded {
            task: call.task,
            output: call.input["item"].clone(),
        };
        step = crate::support::next(&definition, &step, 1, kind);
    }
    let input = |index: u32, item: &str| (index + 1, json!({"index": index, "item": item}).into());
    assert_eq!(inputs, [input(0, "a"), input(1, "b"), input(2, "c")]);
    assert_eq!(
        *step.snapshot.outcome().unwrap(),
        asl::Outcome::Succeeded {
            output: json!(["a", "b", "c"]).into()
        }
    );
}

#[test]
fn a_map_tolerates_as_many_failures_as_it_says() {
    let map = |fields: Value| {
        let mut map = json!({
            "Type": "Map", "End": true,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Check",
                "States": {
                    "Check": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "Bad"}], "Default": "Good"},
                    "Bad": {"Type": "Fail", "Error": "Zero", "Cause": "no"},
                    "Good": {"Type": "Pass", "End": true}
                }
            }
        });
        map.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        run(json!({"Each": map}), json!([1, 0, 2, 0]), vec![])
    };
    let tolerated = map(json!({"ToleratedFailureCount": 2}));
    assert_eq!(outcome(&tolerated)[0], json!(1));
    assert_eq!(
        events(&tolerated),
        "MapStateEntered MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded MapStateExited"
    );
    assert_eq!(
        outcome(&map(json!({"ToleratedFailurePercentage": 50})))[2],
        json!(2)
    );
    let exceeded = map(json!({"ToleratedFailureCount": 1}));
    assert_eq!(
        outcome(&exceeded)[0],
        json!("States.ExceedToleratedFailureThreshold")
    );
    assert_eq!(
        events(&exceeded),
        "MapStateEntered MapStateStarted MapRunStarted MapRunFailed MapStateFailed"
    );
    assert_eq!(
        outcome(&map(json!({"ToleratedFailurePercentage": 49.9})))[0],
        json!("States.ExceedToleratedFailureThreshold")
    );
}

#[test]
fn a_map_over_nothing_gives_nothing() {
    let states = json!({
        "Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.results", "End": true,
                 "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}
    });
    assert_eq!(
        outcome(&run(states, json!({"items": []}), vec![])),
        json!({"items": [], "results": []})
    );
}

#[test]
fn items_can_be_put_together() {
    let states = json!({
        "Each": {
            "Type": "Map", "End": true,
            "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"kind": "x"}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}
            }
        }
    });
    let batch = |items: Value| json!({"BatchInput": {"kind": "x"}, "Items": items});
    assert_eq!(
        outcome(&run(states, json!([1, 2, 3]), vec![])),
        json!([batch(json!([1, 2])), batch(json!([3]))])
    );
}

#[test]
fn inner_branches_read_outer_variables_and_keep_their_own() {
    let states = json!({
        "Set": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "Both"},
        "Both": {
            "Type": "Parallel", "Next": "After",
            "Branches": [{
                "StartAt": "In",
                "States": {
                    "In": {"Type": "Pass", "Assign": {"z.$": "$x"}, "Next": "Out"},
                    "Out": {"Type": "Pass", "Parameters": {"x.$": "$x", "z.$": "$z"}, "End": true}
                }
            }]
        },
        "After": {"Type": "Pass", "Parameters": {"y.$": "$y", "inner.$": "$[0]"}, "End": true}
    });
    assert_eq!(
        outcome(&run(states, json!({}), vec![])),
        json!({"y": 2, "inner": {"x": 1, "z": 1}})
    );
}

#[test]
fn assigned_values_are_seen_from_the_next_state_on() {
    let states = json!({
        "One": {"Type": "Pass", "Assign": {"a": 1}, "Next": "Two"},
        "Two": {"Type": "Pass", "Assign": {"a": 2, "b.$": "$a"}, "Next": "Three"},
        "Three": {"Type": "Pass", "Parameters": {"a.$": "$a", "b.$": "$b"}, "End": true}
    });
    assert_eq!(outcome(&run(states, json!({}), vec![])), json!({"a": 2, "b": 1}));
}

#[test]
fn the_context_object_tells_of_execution_state_and_item() {
    let states = json!({
        "Each": {
            "Type": "Map", "End": true,
            "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"c.$": "$$"}, "End": true}}}
        }
    });
    let played = play(&machine(states), start_at(json!(["x"]), at(0)), vec![]).unwrap();
    let start = start_at(json!(["x"]), at(0));
    assert_eq!(
        outcome(&played),
        json!([{"c": {
            "Execution": {
                "Id": start.execution_arn, "Input": ["x"], "StartTime": "1970-01-01T00:00:00.000Z",
                "Name": start.execution_name, "RoleArn": start.role_arn, "RedriveCount": 0
            },
            "StateMachine": {"Id": start.machine_arn, "Name": start.machine_name},
            "State": {"Name": "P", "EnteredTime": "1970-01-01T00:00:00.000Z"},
            "Map": {"Item": {"Index": 0, "Value": "x"}}
        }}])
    );
}

#[test]
fn the_history_has_the_members_that_aws_gives_it() {
    let states = json!({"Work": {"Type": "Task", "Resource": RESOURCE, "Parameters": {"a": 1}, "TimeoutSeconds": 9, "Assign": {"v": [1]}, "End": true}});
    let played = run(states, json!({"i": 1}), vec![ok("Work", json!("out"))]);
    let events: Vec<Value> = played
        .history
        .iter()
        .map(|event| serde_json::to_value(event).unwrap())
        .collect();
    let not_cut = json!({"truncated": false});
    let event = |id: u64, kind: &str, member: &str, details: Value| json!({"timestamp": "1970-01-01T00:00:00.000Z", "type": kind, "id": id, "previousEventId": id - 1, member: details});
    assert_eq!(
        events,
        [
            event(
                1,
                "ExecutionStarted",
                "executionStartedEventDetails",
                json!({
                "input": "{\"i\":1}", "inputDetails": not_cut, "roleArn": start_at(json!(0), at(0)).role_arn})
            ),
            event(
                2,
                "TaskStateEntered",
                "stateEnteredEventDetails",
                json!({
                "name": "Work", "input": "{\"i\":1}", "inputDetails": not_cut})
            ),
            event(
                3,
                "TaskScheduled",
                "taskScheduledEventDetails",
                json!({
                "resourceType": "lambda", "resource": "invoke", "region": "us-east-1", "parameters": "{\"a\":1}", "timeoutInSeconds": 9})
            ),
            event(
                4,
                "TaskStarted",
                "taskStartedEventDetails",
                json!({"resourceType": "lambda", "resource": "invoke"})
            ),
            event(
                5,
                "TaskSucceeded",
                "taskSucceededEventDetails",
                json!({
                "resourceType": "lambda", "resource": "invoke", "output": "\"out\"", "outputDetails": not_cut})
            ),
            event(
                6,
                "TaskStateExited",
                "stateExitedEventDetails",
                json!({
                "name": "Work", "output": "\"out\"", "outputDetails": not_cut,
                "assignedVariables": {"v": "[1]"}, "assignedVariablesDetails": not_cut})
            ),
            event(
                7,
                "ExecutionSucceeded",
                "executionSucceededEventDetails",
                json!({
                "output": "\"out\"", "outputDetails": not_cut})
            ),
        ]
    );
}
