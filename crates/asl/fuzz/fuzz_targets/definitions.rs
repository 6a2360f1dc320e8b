//! Any text as a definition; one without faults is run, its tasks answered in turn with a result and an error.

#![no_main]

use asl::replay::{Answer, play, start_at};
use asl::Definition;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let Ok(definition) = Definition::parse(text) else { return };
    let script = task_states(definition.json()).into_iter().flat_map(answers).collect();
    let input = json!({"a": [1, 2.50, "x", null], "b": {"c": true}});
    let played = play(&definition, start_at(input, Timestamp::UNIX_EPOCH), script);
    let snapshot = serde_json::to_string(&played.unwrap().snapshot).unwrap();
    serde_json::from_str::<asl::Snapshot>(&snapshot).unwrap();
});

fn task_states(machine: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match machine {
        Value::Object(map) => {
            for (name, value) in map {
                if value["Type"] == "Task" {
                    found.push(name.clone());
                }
                found.extend(task_states(value));
            }
        }
        Value::Array(values) => values.iter().for_each(|value| found.extend(task_states(value))),
        _ => {}
    }
    found
}

fn answers(state: String) -> [Answer; 3] {
    let answer = |event: &str, error: Option<&str>| Answer {
        state: state.clone(),
        event: event.to_owned(),
        output: json!({"Payload": [1, "two"]}).into(),
        error: error.map(str::to_owned),
        cause: None,
    };
    [answer("TaskFailed", Some("Busy")), answer("TaskSucceeded", None), answer("TaskTimedOut", None)]
}
