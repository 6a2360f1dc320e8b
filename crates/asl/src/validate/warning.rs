//! What is allowed in a definition but seldom meant.

use serde_json::{Map, Value};

use super::step;
use crate::{Fault, Pattern, Resource, payload};

/// What is allowed in a definition but seldom meant, and what Step Functions would refuse: it runs here all the same.
/// The definition should be without [faults](super::validate).
///
/// ```
/// let definition = serde_json::json!({"StartAt": "A", "States": {
///     "A": {"Type": "Pass", "Parameters": {"id": "$.orderId"}, "End": true},
/// }});
/// assert_eq!(asl::validate::warnings(&definition)[0].code, "NO_DOLLAR");
/// ```
#[must_use]
pub fn warnings(definition: &Value) -> Vec<Fault> {
    let mut checker = super::Checker::default();
    checker.definition(definition);
    let mut found = checker.refusals;
    if let Value::Object(object) = definition {
        let language = object
            .get("QueryLanguage")
            .and_then(Value::as_str)
            .unwrap_or("JSONPath");
        machine(object, "", language, &mut found);
    }
    found
}

fn machine(object: &Map<String, Value>, pointer: &str, language: &str, found: &mut Vec<Fault>) {
    let Some(Value::Object(states)) = object.get("States") else {
        return;
    };
    for (name, value) in states {
        if let Value::Object(object) = value {
            let pointer = format!("{pointer}/States/{}", step(name));
            state(object, &pointer, language, found);
        }
    }
}

fn state(object: &Map<String, Value>, pointer: &str, machine_language: &str, found: &mut Vec<Fault>) {
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    if text("QueryLanguage").unwrap_or(machine_language) == "JSONPath" {
        for field in ["Parameters", "ResultSelector", "ItemSelector", "Assign"] {
            if let Some(template) = object.get(field) {
                undotted(template, &mut format!("{pointer}/{field}"), found);
            }
        }
        if let Some(result) = object.get("Result") {
            static_result(result, &mut format!("{pointer}/Result"), found);
        }
    }
    if text("Type") == Some("Choice") && !object.contains_key("Default") {
        let problem = "The Choice state has no Default; an input that no rule matches fails it with \
                       States.NoChoiceMatched";
        found.push(Fault::new(pointer, problem, "add a Default").with_code("NO_DEFAULT"));
    }
    let waits = text("Resource")
        .and_then(Resource::parse)
        .is_some_and(|resource| {
            matches!(
                resource,
                Resource::Activity(_)
                    | Resource::Service {
                        pattern: Pattern::WaitForTaskToken,
                        ..
                    }
            )
        });
    let bounded = [
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
    ];
    if waits && !bounded.iter().any(|field| object.contains_key(*field)) {
        let problem = "The task waits for an answer from outside and has no timeout; it may wait for ever";
        found.push(
            Fault::new(pointer, problem, "add TimeoutSeconds or HeartbeatSeconds").with_code("NO_TIMEOUT"),
        );
    }
    undistributed(object, pointer, found);
    if let Some(Value::Array(branches)) = object.get("Branches") {
        for (index, branch) in branches.iter().enumerate() {
            if let Value::Object(branch) = branch {
                machine(
                    branch,
                    &format!("{pointer}/Branches/{index}"),
                    machine_language,
                    found,
                );
            }
        }
    }
    for field in ["ItemProcessor", "Iterator"] {
        if let Some(Value::Object(processor)) = object.get(field) {
            machine(processor, &format!("{pointer}/{field}"), machine_language, found);
        }
    }
}

/// Finds what has a meaning only in a distributed Map.
fn undistributed(object: &Map<String, Value>, pointer: &str, found: &mut Vec<Fault>) {
    let distributed = ["ItemProcessor", "Iterator"].into_iter().any(|field| {
        let mode = object
            .get(field)
            .and_then(|processor| processor.pointer("/ProcessorConfig/Mode"));
        mode.and_then(Value::as_str) == Some("DISTRIBUTED")
    });
    for field in ["ItemReader", "ItemBatcher", "ResultWriter", "Label"] {
        if object.contains_key(field) && !distributed {
            let problem = format!("{field} means something in a distributed Map only");
            let remedy = "set ProcessorConfig/Mode of the ItemProcessor to DISTRIBUTED, or leave it out";
            found
                .push(Fault::new(format!("{pointer}/{field}"), problem, remedy).with_code("NOT_DISTRIBUTED"));
        }
    }
}

fn looks_like_expression(text: &str) -> bool {
    (text.starts_with("$.") || text.starts_with("$$.") || text.starts_with("States."))
        && payload::Expression::parse(text).is_ok()
}

/// Finds values in a payload template that look like expressions under a key without `.$`.
fn undotted(value: &Value, pointer: &mut String, found: &mut Vec<Fault>) {
    visit(value, pointer, &mut |key, text, pointer| {
        if !key.ends_with(".$") && looks_like_expression(text) {
            let problem =
                "The value looks like a path or an intrinsic function, but its key does not end in .$";
            let remedy = format!("write \"{key}.$\" to have it evaluated");
            found.push(Fault::new(pointer, problem, remedy).with_code("NO_DOLLAR"));
        }
    });
}

/// Finds keys in the result of a Pass state that look as if they were evaluated, which they are not.
fn static_result(value: &Value, pointer: &mut String, found: &mut Vec<Fault>) {
    visit(value, pointer, &mut |key, text, pointer| {
        if key.ends_with(".$") && looks_like_expression(text) {
            let problem = "Result is taken as it stands; the path in it is not evaluated";
            found.push(
                Fault::new(pointer, problem, "use Parameters instead of Result")
                    .with_code("PASS_RESULT_IS_STATIC"),
            );
        }
    });
}

/// Visits every text that is a member of an object, with its key.
fn visit(value: &Value, pointer: &mut String, seen: &mut impl FnMut(&str, &str, &str)) {
    let length = pointer.len();
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                pointer.push('/');
                pointer.push_str(&step(key));
                if let Value::String(text) = value {
                    seen(key, text, pointer);
                }
                visit(value, pointer, seen);
                pointer.truncate(length);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                visit(value, pointer, seen);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
