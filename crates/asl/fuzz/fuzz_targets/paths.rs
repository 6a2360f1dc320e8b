//! Any text as a path, and as a reference path, over a document that has something for every step.

#![no_main]

use asl::path::{JsonPath, ReferencePath};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let document = document();
    if let Ok(path) = JsonPath::parse(text) {
        let _ = path.evaluate(&document);
        // What a path is written as can be read again.
        assert!(JsonPath::parse(path.as_str()).is_ok());
    }
    if let Ok(path) = ReferencePath::parse(text) {
        let mut target = document;
        if path.set(&mut target, json!("set")).is_ok() {
            let read = JsonPath::parse(text).unwrap();
            assert_eq!(read.evaluate(&target).unwrap().as_ref(), &json!("set"), "{text}");
        }
    }
});

fn document() -> Value {
    json!({
        "a": [0, 1.50, "two", null, true, {"b": {"c": [[], {}]}}],
        "b": {"c": "d", "error-info": {"Cause": "x"}, "é'\"": -1e3},
        "orders": [{"id": "o-1", "total": 59.98, "tags": ["x", "y"]}, {"id": "o-2", "total": 10, "tags": []}]
    })
}
