//! The answer that Step Functions' `ValidateStateMachineDefinition` gives.

use serde_json::{Map, Value, json};

use super::{Checker, json, step};
use crate::{Fault, Pattern, Resource};

/// How many diagnostics an answer holds.
const MAX_DIAGNOSTICS: usize = 100;

/// The type of a state machine, which decides what its tasks may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineType {
    /// Durable, up to a year.
    Standard,
    /// At most five minutes; its tasks wait for no jobs and no task tokens.
    Express,
}

/// Validates a definition as `ValidateStateMachineDefinition` does and gives its answer:
/// `{"diagnostics": [{"code", "location", "message", "severity"}], "result": "OK" | "FAIL", "truncated": …}`. As there,
/// warnings are not in it unless they are asked for.
///
/// ```
/// use asl::validate::{aws_diagnostics, MachineType};
///
/// let answer = aws_diagnostics("{\"StartAt\": \"A\"}", MachineType::Standard);
/// assert_eq!(answer["result"], "FAIL");
/// assert_eq!(answer["diagnostics"][0]["message"], "These fields are required: [States]");
/// ```
#[must_use]
pub fn aws_diagnostics(definition: &str, machine_type: MachineType) -> Value {
    let faults = match read(definition) {
        Ok(definition) => {
            let mut checker = Checker::default();
            checker.definition(&definition);
            let mut faults = [checker.faults, checker.refusals].concat();
            if machine_type == MachineType::Express {
                express(&definition, "", &mut faults);
            }
            faults
        }
        Err(fault) => vec![fault],
    };
    let diagnostics: Vec<Value> = faults.iter().take(MAX_DIAGNOSTICS).map(diagnostic).collect();
    json!({
        "diagnostics": diagnostics,
        "result": if faults.is_empty() { "OK" } else { "FAIL" },
        "truncated": faults.len() > MAX_DIAGNOSTICS,
    })
}

fn read(text: &str) -> Result<Value, Fault> {
    json::scan(text).map_err(json::JsonError::into_fault)?;
    serde_json::from_str(text)
        .map_err(|error| Fault::new("", error.to_string(), "").with_code(super::INVALID_JSON))
}

fn diagnostic(fault: &Fault) -> Value {
    let location = if fault.pointer.is_empty() {
        "/"
    } else {
        &fault.pointer
    };
    json!({"code": fault.code, "location": location, "message": fault.problem, "severity": "ERROR"})
}

/// Finds tasks that an Express machine may not have, in nested machines too.
fn express(object: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let states = object.get("States").and_then(Value::as_object);
    for (name, state) in states.into_iter().flatten() {
        let pointer = format!("{pointer}/States/{}", step(name));
        if let Value::Object(state) = state {
            express_state(state, &pointer, faults);
        }
    }
}

fn express_state(state: &Map<String, Value>, pointer: &str, faults: &mut Vec<Fault>) {
    let resource = state
        .get("Resource")
        .and_then(Value::as_str)
        .and_then(Resource::parse);
    let unsupported = match resource {
        Some(Resource::Service {
            pattern: Pattern::WaitForTaskToken,
            ..
        }) => Some("Express state machine does not support '.waitForTaskToken' service integration "),
        Some(Resource::Service {
            pattern: Pattern::Sync | Pattern::Sync2,
            ..
        }) => Some("Express state machine does not support '.sync' service integration "),
        Some(Resource::Activity(_)) => Some("Express state machine does not support Activity ARN"),
        Some(
            Resource::Service {
                pattern: Pattern::RequestResponse,
                ..
            }
            | Resource::Lambda(_),
        )
        | None => None,
    };
    if let Some(problem) = unsupported {
        faults.push(Fault::new(
            format!("{pointer}/Resource"),
            problem,
            "use a Standard state machine",
        ));
    }
    let branches = state.get("Branches").and_then(Value::as_array);
    for (index, branch) in branches.into_iter().flatten().enumerate() {
        express(branch, &format!("{pointer}/Branches/{index}"), faults);
    }
    for field in ["ItemProcessor", "Iterator"] {
        let Some(processor) = state.get(field) else {
            continue;
        };
        if processor.pointer("/ProcessorConfig/Mode").and_then(Value::as_str) == Some("DISTRIBUTED") {
            let problem =
                "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
            faults.push(Fault::new(
                format!("{pointer}/{field}/ProcessorConfig/Mode"),
                problem,
                "use INLINE",
            ));
        }
        express(processor, &format!("{pointer}/{field}"), faults);
    }
}
