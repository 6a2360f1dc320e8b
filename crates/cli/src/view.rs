//! What several commands show alike.

use console::Style;
use serde_json::Value;

/// A value as a person reads it: `-` where there is none.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The colour of a status: of an order, or of an execution.
pub fn status_style(status: &str) -> Style {
    match status {
        "COMPLETED" | "SUCCEEDED" => Style::new().green(),
        "FAILED" | "TIMED_OUT" | "ABORTED" => Style::new().red(),
        "CANCELLED" => Style::new().magenta(),
        "PROCESSING" | "RUNNING" => Style::new().cyan(),
        _ => Style::new().yellow(),
    }
}
