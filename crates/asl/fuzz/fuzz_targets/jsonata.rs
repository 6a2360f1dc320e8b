//! Any text as a JSONata expression.

#![no_main]

use asl::jsonata::{Expression, Scope, States};
use asl::payload::Variables;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(&format!("{{% {text} %}}")) else { return };
    let (input, context) = (json!({"a": [3, 1, 2, "x"], "s": "a,b", "n": 7}).into(), json!({"Execution": {"Id": "arn"}}).into());
    let mut variables = Variables::new();
    variables.insert("v".into(), json!({"w": [1, 2]}).into());
    let states = States { input: &input, result: None, error_output: None, context: &context };
    let scope = Scope { states, variables: &variables, seed: 7, now_ms: 0 };
    let _ = expression.evaluate(&scope, "Output");
});
