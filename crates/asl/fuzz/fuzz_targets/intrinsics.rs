//! Any text as an expression: a path, a context path, a variable or an intrinsic function.

#![no_main]

use asl::payload::{Expression, Scope, Variables};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(text) else { return };
    let (input, context) = (
        json!({"a": [3, 1, 2, "x"], "s": "a,b{}c", "n": 7, "j": "{\"k\": [1]}", "b64": "YWJj"}).into(),
        json!({"Execution": {"Id": "arn"}}).into(),
    );
    let mut variables = Variables::new();
    variables.insert("v".into(), json!({"w": [1, 2]}).into());
    let scope = Scope { input: &input, context: &context, variables: &variables, seed: 7 };
    // The same seed gives the same value.
    assert_eq!(expression.evaluate(&scope), expression.evaluate(&scope));
});
