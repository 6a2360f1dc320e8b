//! Any text as a path, and as a reference path, over a document that has something for every step.

#![no_main]

use asl::Value;
use asl::path::{JsonPath, ReferencePath};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let document = document();
    if let Ok(path) = JsonPath::parse(text) {
        let _ = path.evaluate(&document);
        // What a path is written as can be read again.
        assert!(JsonPath::parse(path.as_str()).is_ok());
    }
    if let Ok(path) = ReferencePath::parse(text) {
        if let Ok(target) = path.put(&document, "set".into()) {
            let read = JsonPath::parse(text).unwrap();
            assert_eq!(read.evaluate(&target).unwrap().as_str(), Some("set"), "{text}");
        }
    }
});

fn document() -> Value {
    Value::from(json!({
        "a": [0, 1.50, "two", null, true, {"b": {"c": [[], {}]}}],
        "b": {"c": "d", "error-info": {"Cause": "x"}, "é'\"": -1e3},
        "orders": [{"id": "o-1", "total": 59.98, "tags": ["x", "y"]}, {"id": "o-2", "total": 10, "tags": []}]
    }))
}
