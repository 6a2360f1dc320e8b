//! An execution's history as a table, from events in the shape of GetExecutionHistory.

use console::Style;
use domain::Timestamp;
use serde_json::Value;

use crate::table::{Cell, Table};
use crate::view::text;

/// The longest detail that is shown, in characters. JSON output has it whole.
const DETAIL_MAX_CHARS: usize = 100;

/// The events as rows: number, time, time since the first, type, state, and what is telling in the details.
pub fn table(events: &[Value]) -> String {
    let start = events.first().and_then(time);
    let mut table = Table::new(&[">#", "time", ">after", "event", "state", "detail"]);
    for event in events {
        let kind = text(&event["type"]);
        let details = details(event);
        let state = details.map(|d| &d["name"]).filter(|_| kind.contains("State"));
        table.row([
            Cell::from(text(&event["id"])),
            Cell::styled(text(&event["timestamp"]), Style::new().dim()),
            Cell::from(after(start, time(event))),
            Cell::styled(&kind, kind_style(&kind)),
            Cell::from(state.map(text).unwrap_or_default()),
            Cell::from(shorten(
                &details.map(|details| telling(&kind, details)).unwrap_or_default(),
            )),
        ]);
    }
    table.render("no history")
}

fn time(event: &Value) -> Option<Timestamp> {
    event["timestamp"].as_str()?.parse().ok()
}

/// The time since the first event, in seconds to the millisecond.
fn after(start: Option<Timestamp>, at: Option<Timestamp>) -> String {
    match (start, at) {
        (Some(start), Some(at)) => {
            let ms = at.as_ms() - start.as_ms();
            format!("+{}.{:03} s", ms / 1000, ms % 1000)
        }
        _ => String::new(),
    }
}

/// The one member that holds the event's own details, such as `taskFailedEventDetails`.
fn details(event: &Value) -> Option<&Value> {
    let mut members = event.as_object()?.iter();
    members
        .find(|(name, _)| name.ends_with("EventDetails"))
        .map(|(_, details)| details)
}

/// What tells most of the details: the failure, what a task answered, what was called, or what the execution began with.
/// What a state is entered and left with is left out: it is long, and mostly the same from state to state.
fn telling(kind: &str, details: &Value) -> String {
    let failure = [&details["error"], &details["cause"]].map(|v| v.as_str().unwrap_or_default());
    match failure {
        ["", ""] => {}
        [error, ""] => return error.to_owned(),
        [error, cause] => return format!("{error}: {cause}"),
    }
    if kind.contains("State") {
        return String::new();
    }
    let member = ["output", "resource", "input"]
        .iter()
        .find_map(|name| details.get(*name));
    member.map(text).unwrap_or_default()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(DETAIL_MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn kind_style(kind: &str) -> Style {
    if kind.ends_with("Failed") || kind.ends_with("TimedOut") || kind.ends_with("Aborted") {
        Style::new().red()
    } else if kind.starts_with("Execution") {
        Style::new().green()
    } else if kind.contains("State") {
        Style::new().cyan()
    } else {
        Style::new()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_tells_the_state_and_the_failure() {
        console::set_colors_enabled(false);
        let events = [
            json!({"id": 1, "timestamp": "2026-01-15T09:30:00.000Z", "type": "TaskStateEntered",
                   "stateEnteredEventDetails": {"name": "ProcessPayment", "input": "{}"}}),
            json!({"id": 2, "timestamp": "2026-01-15T09:30:00.005Z", "type": "TaskFailed", "previousEventId": 1,
                   "taskFailedEventDetails": {"error": "OutOfStock", "cause": "none left", "resource": "invoke"}}),
            json!({"id": 3, "timestamp": "2026-01-15T09:31:02.005Z", "type": "ExecutionFailed",
                   "executionFailedEventDetails": {"error": "X".repeat(200)}}),
        ];
        expect![[r#"
            #  TIME                          AFTER  EVENT             STATE           DETAIL
            1  2026-01-15T09:30:00.000Z   +0.000 s  TaskStateEntered  ProcessPayment
            2  2026-01-15T09:30:00.005Z   +0.005 s  TaskFailed                        OutOfStock: none left
            3  2026-01-15T09:31:02.005Z  +62.005 s  ExecutionFailed                   XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX…"#]].assert_eq(&table(&events));
    }
}
