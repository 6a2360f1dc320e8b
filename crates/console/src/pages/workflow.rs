//! An execution's way through its workflow: the picture with the way in colour, what each state took, and its history.

use std::collections::HashMap;

use asl::graph::{Highlight, svg_without_style};
use domain::Timestamp;
use maud::{Markup, PreEscaped, html};
use ports::inspection::Inspection;
use ports::operations::ExecutionDetail;
use serde_json::Value;

use crate::error::PageError;
use crate::view::{Column, Row, absolute, dense_table, duration_ms, empty, icon, not_yet, pill, table};

/// One visit of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visit {
    pub state: String,
    pub entered_at: Timestamp,
    pub left_at: Option<Timestamp>,
    /// How often its task was started; 0 for a state that calls nothing.
    pub attempts: u32,
    /// Errors with their causes, one for each attempt that failed.
    pub errors: Vec<String>,
    /// What a Choice state had to decide by; `null` for any other.
    given: Value,
}

/// What a history tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    pub highlight: Highlight,
    pub visits: Vec<Visit>,
}

impl Way {
    /// Reads events in the shape of GetExecutionHistory, of an execution of `definition`.
    pub(super) fn of(events: &[Value], definition: Option<&Value>) -> Self {
        let mut way = Self::default();
        // Which visit each event belongs to.
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut is_over = false;
        for event in events {
            let kind = event["type"].as_str().unwrap_or_default();
            let before = places.get(&number(&event["previousEventId"])).copied();
            let place = way.read(kind, event, before);
            if let Some(place) = place {
                places.insert(number(&event["id"]), place);
                way.tell_rule(definition, before, place);
            }
            is_over |= kind.starts_with("Execution") && kind != "ExecutionStarted";
        }
        if !is_over {
            let open = way.visits.iter().filter(|visit| visit.left_at.is_none());
            way.highlight.current = open.map(|visit| visit.state.clone()).collect();
        }
        way
    }

    /// Finds out by which rule a Choice state led from `before` to `place`.
    fn tell_rule(&mut self, definition: Option<&Value>, before: Option<usize>, place: usize) {
        let visit = |place: usize| self.visits.get(place);
        let (Some(definition), Some(from), Some(to)) = (definition, before.and_then(visit), visit(place))
        else {
            return;
        };
        if !from.given.is_null() && before != Some(place) {
            self.highlight
                .decide(definition, &from.state, from.given.clone(), &to.state);
        }
    }

    fn read(&mut self, kind: &str, event: &Value, before: Option<usize>) -> Option<usize> {
        let at = time(event).unwrap_or(Timestamp::from_ms(0));
        if kind.ends_with("StateEntered") {
            let name = event["stateEnteredEventDetails"]["name"]
                .as_str()
                .unwrap_or_default();
            let from = before
                .and_then(|place| self.visits.get(place))
                .map(|visit| visit.state.clone());
            self.highlight.enter(from.as_deref(), name);
            if kind == "FailStateEntered" {
                self.highlight.failed.insert(name.to_owned());
            }
            let input = event["stateEnteredEventDetails"]["input"].as_str();
            let input = input.filter(|_| kind == "ChoiceStateEntered");
            self.visits.push(Visit {
                state: name.to_owned(),
                entered_at: at,
                left_at: None,
                attempts: 0,
                errors: Vec::new(),
                given: input
                    .and_then(|text| serde_json::from_str(text).ok())
                    .unwrap_or_default(),
            });
            return Some(self.visits.len() - 1);
        }
        let place = before?;
        let visit = self.visits.get_mut(place)?;
        if kind.ends_with("StateExited") {
            visit.left_at = Some(at);
            if visit.errors.len() < visit.attempts as usize || visit.attempts == 0 {
                self.highlight.failed.remove(&visit.state);
            }
        } else if kind.ends_with("Started") && !kind.starts_with("Execution") {
            visit.attempts += 1;
        } else if let Some(error) = failure(kind, event) {
            visit.errors.push(error);
            self.highlight.failed.insert(visit.state.clone());
        }
        Some(place)
    }
}

/// What failed, for events that tell of a failure within a state.
fn failure(kind: &str, event: &Value) -> Option<String> {
    let is_failure = kind.ends_with("Failed") || kind.ends_with("TimedOut");
    if !is_failure || kind.starts_with("Execution") {
        return None;
    }
    let details = details(event)?;
    let text = |name: &str| details[name].as_str().filter(|text| !text.is_empty());
    match (text("error"), text("cause")) {
        (Some(error), Some(cause)) => Some(format!("{error}: {cause}")),
        (Some(only), None) | (None, Some(only)) => Some(only.to_owned()),
        (None, None) => Some(kind.to_owned()),
    }
}

/// The one member that holds the event's own details.
fn details(event: &Value) -> Option<&Value> {
    let mut members = event.as_object()?.iter();
    let found = members.find(|(name, _)| name.ends_with("EventDetails"));
    found.map(|(_, details)| details)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn time(event: &Value) -> Option<Timestamp> {
    event["timestamp"].as_str()?.parse().ok()
}

/// The picture, the states and the history of an execution.
pub(super) async fn story(
    engine: &impl Inspection,
    execution: &ExecutionDetail,
    now: Timestamp,
) -> Result<Markup, PageError> {
    let definition = engine
        .get_definition(execution.info.definition_hash.clone())
        .await?;
    let way = Way::of(&execution.events, definition.as_ref());
    Ok(html! {
        section.card {
            h2 { "Workflow" }
            @if let Some(definition) = &definition {
                div.graph tabindex="0" role="region" aria-label="The workflow, the way that was taken in colour" {
                    // Made by us, and whatever the definition says is escaped there.
                    (PreEscaped(svg_without_style(definition, &way.highlight)))
                }
                p.legend {
                    span.key.done { "taken" } span.key.failed { "failed" } span.key.current { "now" }
                    span.key.rest { "not taken" }
                }
            } @else {
                (empty("The definition is gone", "The engine has no workflow with this hash any more."))
            }
        }
        section.card { h2 { "States" } (visits(&way.visits, now)) }
    })
}

fn visits(visits: &[Visit], now: Timestamp) -> Markup {
    if visits.is_empty() {
        return empty(
            "Nothing happened yet",
            "States are listed here as the execution enters them.",
        );
    }
    let columns = [
        Column::title("State"),
        Column::number("Attempts"),
        Column::number("Took"),
        Column::text("Entered"),
        Column::long("Errors"),
    ];
    let row = |visit: &Visit| {
        let attempts = match visit.attempts {
            0 => not_yet(),
            attempts => html! { (attempts) },
        };
        let took = visit.left_at.unwrap_or(now).as_ms() - visit.entered_at.as_ms();
        Row::new([
            state_pill(visit),
            attempts,
            html! { (duration_ms(took)) },
            html! { time datetime=(visit.entered_at) { (clock_time(visit.entered_at)) } },
            html! { @for error in &visit.errors { div.error-text { (error) } } },
        ])
    };
    table("States", &columns, visits.iter().map(row))
}

fn state_pill(visit: &Visit) -> Markup {
    let (tone, icon) = match (visit.left_at, visit.errors.is_empty()) {
        (None, true) => ("busy", icon::half()),
        (None, false) => ("warn", icon::warning()),
        (Some(_), true) => ("good", icon::check()),
        (Some(_), false) if visit.errors.len() < visit.attempts as usize => ("good", icon::check()),
        (Some(_), false) => ("bad", icon::cross()),
    };
    pill(tone, &icon, &visit.state)
}

/// `16:50:20.615`.
pub(super) fn clock_time(at: Timestamp) -> String {
    let text = absolute(at);
    text.get(11..23).unwrap_or_default().to_owned()
}

/// The events, one line each, with what is telling of each.
pub(super) fn history(events: &[Value]) -> Markup {
    let start = events.first().and_then(time);
    let columns = [
        Column::number("#"),
        Column::number("After"),
        Column::text("Event"),
        Column::text("State"),
        Column::long("Detail"),
    ];
    dense_table(
        "History",
        &columns,
        events.iter().map(|event| event_row(event, start)),
    )
}

fn event_row(event: &Value, start: Option<Timestamp>) -> Row {
    let kind = event["type"].as_str().unwrap_or_default();
    let after = time(event)
        .zip(start)
        .map(|(at, start)| at.as_ms() - start.as_ms());
    let details = details(event);
    let state = details.and_then(|details| details["name"].as_str());
    let telling = failure(kind, event).or_else(|| {
        let details = details.filter(|_| !kind.contains("State"))?;
        let mut texts = ["cause", "error", "output", "resource", "input"].iter();
        texts.find_map(|name| details[*name].as_str()).map(str::to_owned)
    });
    let is_bad = ["Failed", "TimedOut", "Aborted"]
        .iter()
        .any(|end| kind.ends_with(end));
    Row::new([
        html! { (number(&event["id"])) },
        html! { @if let Some(after) = after { "+" (duration_ms(after)) } },
        html! { (kind) },
        html! { @if kind.contains("State") { (state.unwrap_or_default()) } },
        html! { code { (telling.unwrap_or_default()) } },
    ])
    .bad(is_bad)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Way;

    fn event(id: u64, previous: u64, kind: &str, details: Value) -> Value {
        let mut event = json!({
            "timestamp": format!("2026-11-22T16:50:20.{:03}Z", id * 10),
            "type": kind, "id": id, "previousEventId": previous,
        });
        let member = match kind {
            _ if kind.ends_with("StateEntered") => "stateEnteredEventDetails",
            _ if kind.ends_with("StateExited") => "stateExitedEventDetails",
            _ => "otherEventDetails",
        };
        event[member] = details;
        event
    }

    /// Pay fails once and then succeeds; Stock fails and is caught; Undo is under way.
    fn events() -> Vec<Value> {
        let failed = || json!({"error": "Oops", "cause": "no"});
        vec![
            event(1, 0, "ExecutionStarted", json!({})),
            event(2, 1, "TaskStateEntered", json!({"name": "Pay"})),
            event(3, 2, "LambdaFunctionScheduled", json!({})),
            event(4, 3, "LambdaFunctionStarted", json!({})),
            event(5, 4, "LambdaFunctionFailed", failed()),
            event(6, 5, "LambdaFunctionScheduled", json!({})),
            event(7, 6, "LambdaFunctionStarted", json!({})),
            event(8, 7, "LambdaFunctionSucceeded", json!({})),
            event(9, 8, "TaskStateExited", json!({"name": "Pay"})),
            event(10, 9, "TaskStateEntered", json!({"name": "Stock"})),
            event(11, 10, "TaskStarted", json!({})),
            event(12, 11, "TaskFailed", failed()),
            event(13, 12, "TaskStateExited", json!({"name": "Stock"})),
            event(14, 13, "TaskStateEntered", json!({"name": "Undo"})),
        ]
    }

    #[test]
    fn the_way_is_told_with_attempts_and_errors() {
        let way = Way::of(&events(), None);
        let told: Vec<_> = way
            .visits
            .iter()
            .map(|visit| (visit.state.as_str(), visit.attempts, visit.errors.len()))
            .collect();
        assert_eq!(told, [("Pay", 2, 1), ("Stock", 1, 1), ("Undo", 0, 0)]);
        assert_eq!(way.visits[1].errors, ["Oops: no"]);
    }

    #[test]
    fn what_failed_and_what_is_under_way_is_marked() {
        let way = Way::of(&events(), None).highlight;
        let names = |set: &std::collections::HashSet<String>| {
            let mut names: Vec<_> = set.iter().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&way.failed), ["Stock"]);
        assert_eq!(names(&way.current), ["Undo"]);
        assert_eq!(names(&way.visited), ["Pay", "Stock", "Undo"]);
        assert!(way.taken.contains(&("Pay".to_owned(), "Stock".to_owned())));
    }

    #[test]
    fn once_it_has_ended_nothing_is_under_way() {
        let mut events = events();
        events.push(event(15, 14, "ExecutionAborted", json!({})));
        assert!(Way::of(&events, None).highlight.current.is_empty());
    }
}
