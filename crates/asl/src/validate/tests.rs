//! Validation: each fault with its place, and that a good definition has none.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The faults of a definition as text, in the order of their places.
fn faults(definition: &Value) -> Vec<String> {
    let mut faults: Vec<String> = validate(definition).iter().map(ToString::to_string).collect();
    faults.sort();
    faults
}

/// A definition of one state.
fn one(state: Value) -> Value {
    let mut definition = json!({"StartAt": "A", "States": {}});
    definition["States"]["A"] = state;
    definition
}

/// Checks that a state has exactly the faults whose beginnings are given.
fn check(state: Value, expected: &[&str]) {
    let shown = state.to_string();
    let found = faults(&one(state));
    assert_eq!(found.len(), expected.len(), "{shown}: {found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            found.starts_with(expected),
            "{shown}: {found}\n does not start with {expected}"
        );
    }
}

#[test]
#[cfg(feature = "jsonata")]
fn a_right_definition_has_no_faults() {
    let definition = json!({
        "Comment": "one of each", "StartAt": "Pass", "TimeoutSeconds": 60, "Version": "1.0",
        "States": {
            "Pass": {"Type": "Pass", "Result": {"a.$": "$.not.evaluated"}, "ResultPath": "$.a['b'].c", "Next": "Task"},
            "Task": {
                "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl.$": "$.queue", "MessageBody": {"token.$": "$$.Task.Token"}}, "ResultSelector": {"x.$": "$.y"},
                "TimeoutSeconds": 60, "HeartbeatSeconds": 10, "Assign": {"count.$": "States.MathAdd($count, 1)"},
                "Retry": [{"ErrorEquals": ["A", "B"], "BackoffRate": 1.5, "MaxDelaySeconds": 9},
                          {"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Choice"}],
                "Next": "Choice"
            },
            "Choice": {
                "Type": "Choice",
                "Choices": [
                    {"And": [{"Variable": "$.a", "IsPresent": true}, {"Not": {"Variable": "$a", "StringMatches": "x*"}}],
                     "Next": "Wait", "Assign": {"b": 1}},
                    {"Variable": "$.t", "TimestampLessThanEqualsPath": "$$.State.EnteredTime", "Next": "Map"}
                ],
                "Default": "Parallel"
            },
            "Wait": {"Type": "Wait", "Timestamp": "2026-03-14T01:59:00Z", "Next": "Fail"},
            "Map": {
                "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 0, "ToleratedFailurePercentage": 12.5,
                "ItemSelector": {"v.$": "$$.Map.Item.Value"},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "In map",
                                  "States": {"In map": {"Type": "Succeed"}}},
                "End": true
            },
            "Parallel": {
                "Type": "Parallel", "End": true,
                "Branches": [{"StartAt": "In branch", "States": {"In branch": {"Type": "Pass", "End": true}}}]
            },
            "Fail": {"Type": "Fail", "ErrorPath": "$.error", "CausePath": "States.Format('{}', $.cause)"}
        }
    });
    assert_eq!(faults(&definition), Vec::<String>::new());
    let jsonata = json!({
        "QueryLanguage": "JSONata", "StartAt": "Map",
        "States": {
            "Map": {"Type": "Map", "Items": "{% $states.input.items %}", "MaxConcurrency": "{% 1 + 1 %}",
                    "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "Output": [1], "End": true}}},
                    "Next": "Choice"},
            "Choice": {"Type": "Choice", "Choices": [{"Condition": "{% $x > 1 %}", "Output": {}, "Next": "Fail"}],
                       "Default": "Wait"},
            "Wait": {"Type": "Wait", "Seconds": "{% $x %}", "Assign": {"x": "{% $x + 1 %}"}, "Next": "Choice"},
            "Fail": {"Type": "Fail", "Error": "{% $x.error %}", "Cause": "as it stands"}
        }
    });
    assert_eq!(faults(&jsonata), Vec::<String>::new());
}

#[test]
fn every_fault_is_told_at_once() {
    let definition = json!({
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "ResultPath": "$.a[*]", "Result": 1, "Nxt": "B"},
            "B": {"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": true},
        }
    });
    assert_eq!(
        faults(&definition),
        [
            "/States/A/Nxt: Field 'Nxt' is not supported (did you mean Next?)",
            "/States/A/ResultPath: Value is not a Reference Path (a reference path must point at exactly one place, with \
             names and single indices only, such as $.payment.status; null writes nothing)",
            "/States/A: This object should have only one of the following fields: [Next, End] (add \"Next\" with the name \
             of a state, or \"End\": true)",
            "/States/B: State \"B\" is not reachable. (let another state lead to it, or take it out)",
            "/States/B: There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, \
             Timestamp] (keep one of them)",
        ]
    );
}

#[test]
fn transitions_must_lead_somewhere() {
    check(
        json!({"Type": "Pass", "Next": "B"}),
        &[
            "/States/A/Next: Missing 'Next' target: B (name one of: A)",
            "/States: Workflow has no terminal state",
        ],
    );
    check(
        json!({"Type": "Pass", "Next": "A", "End": true}),
        &["/States/A: There should only be one of the following fields: [Next, End]"],
    );
    check(
        json!({"Type": "Pass", "End": false}),
        &[
            "/States/A/End: This object should have only one of the following fields: [Next, End]",
            "/States: Workflow has no terminal state",
        ],
    );
    check(
        json!({"Type": "Succeed", "Next": "A"}),
        &["/States/A/Next: Field 'Next' is not supported"],
    );
    let missing = json!({"StartAt": "Aa", "States": {"A": {"Type": "Succeed"}}});
    assert_eq!(
        faults(&missing),
        ["/StartAt: Missing 'StartAt' target: Aa (did you mean A?)"]
    );
    assert_eq!(
        faults(&json!({"States": {"A": {"Type": "Succeed"}}})),
        ["/: These fields are required: [StartAt] (add StartAt)"]
    );
    assert_eq!(
        faults(&json!([])),
        ["/: Expected value of type [OBJECT] (it is ARRAY)"]
    );
    let catch = json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]});
    check(catch, &["/States/A/Catch/0/Next: Missing 'Next' target: Nowhere"]);
}

#[test]
fn types_and_bounds_are_checked() {
    check(
        json!({"Type": "Pas", "End": true}),
        &["/States/A/Type: Value should be one of the following: [Pass, Task"],
    );
    check(
        json!({"Type": "Wait", "Seconds": -1, "End": true}),
        &["/States/A/Seconds: Minimum value is 0"],
    );
    check(
        json!({"Type": "Wait", "Seconds": 1.5, "End": true}),
        &["/States/A/Seconds: Expected value of type Integer"],
    );
    check(json!({"Type": "Wait", "Seconds": 1e2, "End": true}), &[]);
    check(
        json!({"Type": "Wait", "Seconds": "1", "End": true}),
        &["/States/A/Seconds: Expected value of type Integer"],
    );
    check(
        json!({"Type": "Wait", "Timestamp": "2026-03-14 01:59:00Z", "End": true}),
        &["/States/A/Timestamp: String does not match RFC3339 timestamp"],
    );
    check(
        json!({"Type": "Pass", "InputPath": "a", "OutputPath": null, "End": true}),
        &["/States/A/InputPath: Value must be a valid JSONPath."],
    );
    check(
        json!({"Type": "Pass", "Parameters": {"a": [{"b.$": "c"}]}, "End": true}),
        &[
            "/States/A/Parameters/a/0/b.$: The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic",
        ],
    );
    check(
        json!({"Type": "Pass", "Assign": {"a b": 1, "states": 2}, "End": true}),
        &[
            "/States/A/Assign/a b: Invalid variable name 'a b': the variable name contains invalid characters.",
            "/States/A/Assign/states: Cannot assign to reserved variable '$states'.",
        ],
    );
    check(
        json!({"Type": "Fail", "Error": "a", "ErrorPath": "$.a"}),
        &["/States/A: There should only be one of the following fields: [Error, ErrorPath]"],
    );
}

#[test]
fn tasks_call_what_exists() {
    let task = |resource: &str| {
        let given = json!({"StateMachineArn": "x", "TableName": "x", "Key.$": "$"});
        json!({"Type": "Task", "Resource": resource, "Parameters": given, "End": true})
    };
    for resource in [
        "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
        "arn:aws:states:us-east-1:123456789012:activity:a",
        "arn:aws:states:::aws-sdk:s3:listBuckets.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::eks:runJob.sync",
    ] {
        check(task(resource), &[]);
    }
    check(
        task("nothing"),
        &["/States/A/Resource: Value is not a valid resource ARN"],
    );
    for (resource, remedy) in [
        ("arn:aws:states:::events:putEvent", "did you mean putEvents?"),
        ("arn:aws:states:::dynamo:getItem", "did you mean dynamodb?"),
        ("arn:aws:states:::dynamodb:getItem.sync", "leave .sync off"),
        ("arn:aws:states:::aws-sdk:s3:listBuckets.sync", "leave .sync off"),
        (
            "arn:aws:states:::glue:startJobRun.sync:2",
            "only states:startExecution has .sync:2",
        ),
        (
            "arn:aws:states:::athena:startQueryExecution.waitForTaskToken",
            "leave .waitForTaskToken off",
        ),
    ] {
        let found = faults(&one(task(resource)));
        let expected = format!("/States/A/Resource: The resource provided {resource} is not recognized.");
        assert!(
            found
                .iter()
                .any(|fault| fault.starts_with(&expected) && fault.contains(remedy)),
            "{found:?}"
        );
    }
    for (task, refused) in [
        (
            json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true}),
            "/States/A: Parameters field is required for resource ARN: arn:aws:states:::sns:publish",
        ),
        (
            json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"Subject": "x"}, "End": true}),
            "/States/A/Parameters: The field 'Message' is required but was missing (add Message)",
        ),
    ] {
        check(task.clone(), &[]);
        let definition = one(task);
        assert!(warnings(&definition)[0].to_string().starts_with(refused));
        assert_eq!(
            aws_diagnostics(&definition.to_string(), MachineType::Standard)["result"],
            "FAIL"
        );
    }
    check(
        json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Credentials": {}, "End": true}),
        &["/States/A/Credentials: The field 'RoleArn' is required but was missing"],
    );
    check(
        json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "End": true}),
        &["/States/A/HeartbeatSeconds: HeartbeatSeconds must be less than TimeoutSeconds, which is 5"],
    );
}

#[test]
fn states_all_is_alone_and_last() {
    let retry = |retry: Value| json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Retry": retry, "End": true});
    check(
        retry(json!([{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}])),
        &["/States/A/Retry/0/ErrorEquals: States.ALL must appear alone and at end of list"],
    );
    check(
        retry(json!([{"ErrorEquals": ["States.ALL", "A"]}])),
        &["/States/A/Retry/0/ErrorEquals: States.ALL must appear alone and at end of list"],
    );
    check(
        retry(json!([{"ErrorEquals": []}, {"MaxAttempts": 1}, 1])),
        &[
            "/States/A/Retry/0/ErrorEquals: Value cannot be empty",
            "/States/A/Retry/1: These fields are required: [ErrorEquals]",
            "/States/A/Retry/2: Expected value of type [OBJECT] (it is NUMBER)",
        ],
    );
    check(
        retry(json!([{"ErrorEquals": ["A"], "BackoffRate": 0.5, "JitterStrategy": "SOME"}])),
        &[
            "/States/A/Retry/0/BackoffRate: Minimum value is 1",
            "/States/A/Retry/0/JitterStrategy: Value should be one of the following: [NONE, FULL]",
        ],
    );
    check(
        retry(json!([{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}])),
        &["/States/A/Retry: MaxDelaySeconds must be greater than IntervalSeconds, which is 9"],
    );
}

#[test]
fn choice_rules_compare_one_thing() {
    let choice = |rule: Value| {
        let rule_ok = json!({"Variable": "$.z", "IsNull": true, "Next": "B"});
        json!({"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [rule, rule_ok]}, "B": {"Type": "Succeed"}}})
    };
    let check = |rule: Value, expected: &[&str]| {
        let found = faults(&choice(rule.clone()));
        assert_eq!(found.len(), expected.len(), "{rule}: {found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                found.starts_with(expected),
                "{rule}: {found}\n does not start with {expected}"
            );
        }
    };
    check(
        json!({"Variable": "$.a", "StringEqual": "x", "Next": "B"}),
        &[
            "/States/A/Choices/0/StringEqual: Field 'StringEqual' is not supported (did you mean StringEquals?)",
            "/States/A/Choices/0: The object must have only one of the following fields, [And, Or, Not, Variable, Condition]",
        ],
    );
    check(
        json!({"Variable": "$.a", "StringEquals": 1, "Next": "B"}),
        &["/States/A/Choices/0/StringEquals: Expected value of type [STRING] (it is NUMBER)"],
    );
    check(
        json!({"StringEquals": "x"}),
        &[
            "/States/A/Choices/0: These fields are required: [Next]",
            "/States/A/Choices/0: These fields are required: [Variable]",
        ],
    );
    check(
        json!({"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "B"}),
        &["/States/A/Choices/0: There should only be one of the following fields: [IsString, IsNull]"],
    );
    check(
        json!({"And": [{"Variable": "$.a", "IsNull": true, "Next": "B"}, 1], "Next": "B"}),
        &[
            "/States/A/Choices/0/And/0/Next: Field 'Next' is not supported",
            "/States/A/Choices/0/And/1: Expected value of type [OBJECT]",
        ],
    );
    check(
        json!({"Variable": "$[", "TimestampEquals": "today", "Next": "B"}),
        &[
            "/States/A/Choices/0/TimestampEquals: String does not match RFC3339",
            "/States/A/Choices/0/Variable: Value must be a valid JSONPath.",
        ],
    );
    check(
        json!({"Condition": "{% true %}", "Next": "B"}),
        &[
            "/States/A/Choices/0: The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported",
            "/States/A/Choices/0: The object must have only one of the following fields, [And, Or, Not, Variable, Condition]",
        ],
    );
}

#[test]
fn names_are_unique_and_short() {
    let long = "x".repeat(81);
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "X", "States": {"X": {"Type": "Succeed"}}},
        {"StartAt": "X", "States": {"X": {"Type": "Pass", "Next": long}, long.as_str(): {"Type": "Succeed"}}},
    ]}}});
    let found = faults(&definition);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0]
            .contains("Duplicate State name: X (the state at /States/P/Branches/0/States/X has it already")
    );
    assert!(found[1].contains("State name has 81 characters and exceeds the 80-character limit"));
}

#[test]
#[cfg(feature = "jsonata")]
fn each_query_language_has_its_fields() {
    check(
        json!({"Type": "Pass", "Output": 1, "End": true}),
        &[
            "/States/A: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata'",
        ],
    );
    check(
        json!({"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$", "End": true}),
        &[
            "/States/A: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath'",
        ],
    );
    check(
        json!({"Type": "Pass", "QueryLanguage": "jsonata", "End": true}),
        &[
            "/States/A/QueryLanguage: Value should be one of the following: [JSONPath, JSONata] (did you mean JSONata?)",
        ],
    );
    check(
        json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a": ["{% 1 + %}"]}, "End": true}),
        &["/States/A/Output/a/0: "],
    );
    check(
        json!({"Type": "Parallel", "QueryLanguage": "JSONata", "Output": {"a": "{% $states.errorOutput %}"}, "End": true,
            "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "A"}]}),
        &["/States/A/Output/a: Reference to '$states.errorOutput' is not supported outside a catcher."],
    );
    let map = json!({"Type": "Map", "End": true, "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "B",
        "States": {"B": {"Type": "Succeed"}}}});
    check(
        map,
        &["/States/A/ItemProcessor/QueryLanguage: Field 'QueryLanguage' is not supported"],
    );
}

#[test]
fn maps_and_parallels_contain_machines() {
    check(
        json!({"Type": "Parallel", "Branches": [], "End": true}),
        &["/States/A/Branches: Value cannot be empty"],
    );
    check(
        json!({"Type": "Map", "End": true}),
        &["/States/A: These fields are required: [ItemProcessor]"],
    );
    let config = |config: Value| {
        json!({"Type": "Map", "End": true, "ItemProcessor": {"ProcessorConfig": config,
        "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}})
    };
    check(
        config(json!({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"})),
        &[],
    );
    check(
        config(json!({"Mode": "INLINE", "ExecutionType": "STANDARD"})),
        &["/States/A/ItemProcessor/ProcessorConfig/ExecutionType: Field 'ExecutionType' is not supported"],
    );
    let inner = json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "A"}}});
    check(
        json!({"Type": "Map", "Iterator": inner, "ItemReader": {}, "End": true}),
        &[
            "/States/A/Iterator/States/B/Next: Missing 'Next' target: A",
            "/States/A/Iterator/States: Workflow has no terminal state",
        ],
    );
}

#[test]
fn texts_are_checked_as_json_first() {
    let found = validate_text(
        "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succeed\", \"Type\": \"Succeed\"}}}",
    );
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["/States/A/Type: The field is given twice (keep one of them)",]
    );
    for (text, expected) in [
        (
            "{\"a\": 1,}",
            "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
        ),
        (
            "{\"a\" 1}",
            "Unexpected character ('1' (code 49)): was expecting a colon",
        ),
        (
            "[1 2]",
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
        ),
        ("{\"a\": 01}", "Invalid numeric value: 01"),
        ("{\"a", "Unexpected end-of-input: was expecting closing quote"),
        ("\"\\", "Unexpected end-of-input: was expecting closing quote"),
        ("[\"\\x\"]", "Unrecognized character escape"),
        (
            "{} {}",
            "Unexpected character ('{' (code 123)): expected the end of the text",
        ),
        ("", "Unexpected end-of-input: expected a valid value"),
        ("nope", "Unrecognized token 'nope': was expecting"),
    ] {
        let found = validate_text(text);
        assert_eq!(
            (found.len(), found[0].code),
            (1, "INVALID_JSON_DESCRIPTION"),
            "{text}"
        );
        assert!(
            found[0].problem.starts_with(expected),
            "{text}: {}",
            found[0].problem
        );
    }
    assert_eq!(
        validate_text(&"[".repeat(100_000))[0].code,
        "INVALID_JSON_DESCRIPTION"
    );
    assert!(
        validate_text(&"1".repeat(2_000_000))[0]
            .problem
            .contains("2000000 bytes")
    );
}

#[test]
fn warnings_tell_what_is_seldom_meant() {
    let definition = json!({"StartAt": "P", "States": {
        "P": {"Type": "Pass", "Result": {"a.$": "$.b"}, "Next": "Q"},
        "Q": {"Type": "Pass", "Parameters": {"a": "$.b", "c": ["$.d", {"e": "States.UUID()"}], "price": "$5"}, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "T"}]},
        "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "Parameters": {"QueueUrl": "x", "MessageBody": "x"}},
    }});
    assert_eq!(faults(&definition), Vec::<String>::new());
    let found = warnings(&definition);
    let found: Vec<_> = found
        .iter()
        .map(|fault| (fault.code, fault.pointer.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("PASS_RESULT_IS_STATIC", "/States/P/Result/a.$"),
            ("NO_DOLLAR", "/States/Q/Parameters/a"),
            ("NO_DOLLAR", "/States/Q/Parameters/c/1/e"),
            ("NO_DEFAULT", "/States/C"),
            ("NO_TIMEOUT", "/States/T"),
        ]
    );
}

#[test]
fn express_machines_do_not_wait() {
    let definition = |resource: &str| {
        one(
            json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": 9, "End": true,
            "Parameters": {"QueueUrl": "x", "MessageBody": "x", "TaskDefinition": "x"}}),
        )
        .to_string()
    };
    for (resource, standard, express) in [
        ("arn:aws:states:::sqs:sendMessage", "OK", "OK"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "OK", "FAIL"),
        ("arn:aws:states:::ecs:runTask.sync", "OK", "FAIL"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "OK", "FAIL"),
    ] {
        assert_eq!(
            aws_diagnostics(&definition(resource), MachineType::Standard)["result"],
            standard,
            "{resource}"
        );
        assert_eq!(
            aws_diagnostics(&definition(resource), MachineType::Express)["result"],
            express,
            "{resource}"
        );
    }
}

/// JSON that looks like a definition somebody got wrong.
fn definitions() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "A",
        "B",
        "Pass",
        "Task",
        "Choice",
        "Wait",
        "Map",
        "Parallel",
        "Fail",
        "$.a",
        "$",
        "$$.b",
        "{% $x %}",
        "JSONata",
        "States.ALL",
        "arn:aws:states:::sns:publish",
        "2026-03-14T01:59:00Z",
        "",
    ]);
    let keys = prop::sample::select(vec![
        "StartAt",
        "States",
        "A",
        "B",
        "Type",
        "Next",
        "End",
        "Choices",
        "Variable",
        "IsNull",
        "And",
        "Not",
        "Default",
        "Branches",
        "ItemProcessor",
        "Retry",
        "Catch",
        "ErrorEquals",
        "Parameters",
        "x.$",
        "Assign",
        "Output",
        "Seconds",
        "Resource",
        "QueryLanguage",
        "Condition",
        "ProcessorConfig",
        "Mode",
        "Timestamp",
        "ItemsPath",
        "ResultPath",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2..200_i64).prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn validation_never_panics(definition in definitions()) {
        let text = definition.to_string();
        let faults = validate_text(&text);
        for fault in &faults {
            prop_assert!(!fault.problem.is_empty());
            // A fault is about the definition: its place, or the object that lacks something there, exists.
            let parent = fault.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            prop_assert!(definition.pointer(parent).is_some(), "{}", fault);
        }
        prop_assert_eq!(aws_diagnostics(&text, MachineType::Express)["result"] == "OK" && !faults.is_empty(), false);
    }

    #[test]
    fn what_the_scanner_takes_is_json(text in "[\\[\\]{}:,\"a0-9.eE+\\-\\\\ truefalsn]{0,24}") {
        prop_assert_eq!(json::scan(&text).is_ok(), serde_json::from_str::<Value>(&text).is_ok());
    }
}

/// The recorded cases of a file, or none where they are not there.
fn recorded(file: &str) -> Vec<Value> {
    let path = format!("{}/../../../shared/asl-cases/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn text_of(definition: &Value) -> String {
    definition
        .as_str()
        .map_or_else(|| definition.to_string(), str::to_owned)
}

#[test]
fn recorded_validations_are_answered_alike() {
    for case in recorded("validation.jsonl") {
        let id = case["id"].as_str().expect("an id");
        let machine_type = if id.contains("type_express") {
            MachineType::Express
        } else {
            MachineType::Standard
        };
        let answer = aws_diagnostics(&text_of(&case["definition"]), machine_type);
        for field in ["diagnostics", "result", "truncated"] {
            assert_eq!(answer[field], case["expected"][field], "{id}");
        }
    }
}

#[test]
#[cfg(feature = "jsonata")]
fn what_step_functions_ran_has_no_faults() {
    for case in recorded("jsonpath.jsonl")
        .into_iter()
        .chain(recorded("jsonata.jsonl"))
    {
        let faults = validate_text(&text_of(&case["definition"]));
        assert_eq!(faults, Vec::new(), "{}", case["id"]);
    }
}
