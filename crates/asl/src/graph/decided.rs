//! Which rule of a Choice state led on. A history names the states and not the rules, and several rules may lead to the
//! same state; so the state is asked once more, by itself, with the input that it had.

use serde_json::{Map, Value, json};

use crate::history::{HistoryEventKind, StateType};
use crate::replay::start_at;
use crate::{Definition, start};

/// What the asked state is called. The ways out of it are called by their numbers.
const ASKED: &str = "Choice";

/// The number of the rule that lets `input` out of `state`, counted as in `Choices`; that of `Default` is the one after
/// the last. `None` when it can't be told: when there is no such Choice state, when nothing holds, or when what decided
/// (a variable, the context) is no part of the input and so another way than to `next` is found.
pub(super) fn rule(definition: &Value, state: &str, input: Value, next: &str) -> Option<usize> {
    let machine = definition.as_object()?;
    let (asked, ways) = alone(machine, find(machine, state)?)?;
    let definition = Definition::parse(&asked.to_string()).ok()?;
    let step = start(&definition, start_at(input, jiff::Timestamp::UNIX_EPOCH));
    let taken = step.history.iter().find_map(|event| match &event.kind {
        HistoryEventKind::StateEntered { state, name, .. } if *state == StateType::Succeed => {
            name.parse::<usize>().ok()
        }
        _ => None,
    })?;
    (ways.get(taken)? == next).then_some(taken)
}

/// A machine of that one state with an end of its own for each way out, and where the ways lead in truth.
fn alone(machine: &Map<String, Value>, choice: &Map<String, Value>) -> Option<(Value, Vec<String>)> {
    let mut choice = choice.clone();
    let mut ways = Vec::new();
    let mut ends = Map::new();
    let mut lead_away = |next: &mut Value| {
        let way = ways.len().to_string();
        ways.push(next.as_str()?.to_owned());
        ends.insert(way.clone(), json!({"Type": "Succeed"}));
        *next = Value::String(way);
        Some(())
    };
    for rule in choice.get_mut("Choices")?.as_array_mut()? {
        lead_away(rule.get_mut("Next")?)?;
    }
    if let Some(default) = choice.get_mut("Default") {
        lead_away(default)?;
    }
    ends.insert(ASKED.to_owned(), Value::Object(choice));
    let mut asked = json!({"StartAt": ASKED, "States": ends});
    if let Some(language) = machine.get("QueryLanguage") {
        asked["QueryLanguage"] = language.clone();
    }
    Some((asked, ways))
}

/// A state that has rules, wherever it is. Names are unique in the whole definition, whose depth is bounded by that of
/// JSON.
fn find<'d>(machine: &'d Map<String, Value>, name: &str) -> Option<&'d Map<String, Value>> {
    let states = machine.get("States")?.as_object()?;
    if let Some(found) = states.get(name) {
        return found.as_object().filter(|found| found.contains_key("Choices"));
    }
    states.values().find_map(|other| {
        let branches = other.get("Branches").and_then(Value::as_array);
        let processors = ["ItemProcessor", "Iterator"]
            .into_iter()
            .filter_map(|field| other.get(field));
        let mut inner = branches.into_iter().flatten().chain(processors);
        inner.find_map(|machine| find(machine.as_object()?, name))
    })
}
