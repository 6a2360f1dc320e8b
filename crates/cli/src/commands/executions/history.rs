//! An execution's history as a table, from events in the shape of GetExecutionHistory.

use console::Style;
use serde_json::Value;

use crate::table::{Cell, Table};
use crate::view::text;

/// The longest detail that is shown, in characters. JSON output has it whole.
const DETAIL_MAX_CHARS: usize = 100;

/// The events as rows: number, time, type, state, and what is telling in the details.
pub fn table(events: &[Value]) -> String {
    let mut table = Table::new(&[">#", "time", "event", "state", "detail"]);
    for event in events {
        let kind = text(&event["type"]);
        let details = details(event);
        let state = details.map(|d| &d["name"]).filter(|_| kind.contains("State"));
        table.row([
            Cell::from(text(&event["id"])),
            Cell::styled(text(&event["timestamp"]), Style::new().dim()),
            Cell::styled(&kind, kind_style(&kind)),
            Cell::from(state.map(text).unwrap_or_default()),
            Cell::from(shorten(&details.map(telling).unwrap_or_default())),
        ]);
    }
    table.render("no history")
}

/// The one member that holds the event's own details, such as `taskFailedEventDetails`.
fn details(event: &Value) -> Option<&Value> {
    let mut members = event.as_object()?.iter();
    members
        .find(|(name, _)| name.ends_with("EventDetails"))
        .map(|(_, details)| details)
}

/// What tells most of the details: the failure, or what went in or came out.
fn telling(details: &Value) -> String {
    let failure = [&details["error"], &details["cause"]].map(|v| v.as_str().unwrap_or_default());
    match failure {
        ["", ""] => {}
        [error, ""] => return error.to_owned(),
        [error, cause] => return format!("{error}: {cause}"),
    }
    let member = ["resource", "output", "input"]
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
            json!({"id": 1, "timestamp": "t1", "type": "TaskStateEntered",
                   "stateEnteredEventDetails": {"name": "ProcessPayment", "input": "{}"}}),
            json!({"id": 2, "timestamp": "t2", "type": "TaskFailed", "previousEventId": 1,
                   "taskFailedEventDetails": {"error": "OutOfStock", "cause": "none left", "resource": "invoke"}}),
            json!({"id": 3, "timestamp": "t3", "type": "ExecutionFailed",
                   "executionFailedEventDetails": {"error": "X".repeat(200)}}),
        ];
        expect![[r#"
            #  TIME  EVENT             STATE           DETAIL
            1  t1    TaskStateEntered  ProcessPayment  {}
            2  t2    TaskFailed                        OutOfStock: none left
            3  t3    ExecutionFailed                   XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX…"#]].assert_eq(&table(&events));
    }
}
