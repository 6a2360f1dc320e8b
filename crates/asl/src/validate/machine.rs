//! A machine as a whole, the definition's own or one nested in a state: where it starts, whether every state can be
//! reached, and whether it ever ends.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::fields::{DEFINITION, Field};
use super::nearest::suggestion;
use super::shape::Place;
use super::{Checker, Language, MAX_NAME_CHARACTERS, MISSING_TARGET, step};

/// A reference to a state by its name.
pub(super) struct Target<'a> {
    pub(super) pointer: String,
    /// The field that refers to it, such as `Next`.
    pub(super) field: &'static str,
    pub(super) name: &'a str,
}

impl Checker {
    /// Looks at a whole definition.
    pub(super) fn definition(&mut self, definition: &Value) {
        let Value::Object(object) = definition else {
            return self.typed(false, "[OBJECT]", definition, "");
        };
        let language = self.query_language(object, "").unwrap_or(Language::JsonPath);
        self.language = Some(language);
        self.machine(
            Place {
                object,
                pointer: "",
                language,
            },
            DEFINITION,
        );
    }

    /// Looks at a machine and everything in it.
    pub(super) fn machine(&mut self, place: Place<'_>, fields: &'static [Field]) {
        self.fields(place, &fields.iter(), |_| false);
        let pointer = place.at("States");
        let states = match place.object.get("States") {
            Some(Value::Object(states)) => states,
            Some(other) => return self.typed(false, "[OBJECT]", other, &pointer),
            None => return,
        };
        if states.is_empty() {
            return self.fault(
                pointer,
                "a machine needs at least one state",
                "add the state that StartAt names",
            );
        }
        let mut targets: HashMap<&str, Vec<Target<'_>>> = HashMap::new();
        let mut ends = false;
        for (name, state) in states {
            let pointer = format!("{pointer}/{}", step(name));
            self.state_name(name, &pointer);
            let Value::Object(object) = state else {
                self.typed(false, "[OBJECT]", state, &pointer);
                continue;
            };
            let (found, is_end) = self.state(object, &pointer);
            ends |= is_end;
            targets.insert(name, found);
        }
        self.start(place, states, &targets);
        if !ends {
            let remedy = "give one state \"End\": true, or add a Succeed or Fail state";
            self.coded(
                "MISSING_END_STATE",
                pointer,
                "Workflow has no terminal state",
                remedy,
            );
        }
    }

    fn start(
        &mut self,
        place: Place<'_>,
        states: &Map<String, Value>,
        targets: &HashMap<&str, Vec<Target<'_>>>,
    ) {
        let start = place.object.get("StartAt").and_then(|start| {
            let pointer = place.at("StartAt");
            Some(Target {
                name: self.text(start, &pointer)?,
                pointer,
                field: "StartAt",
            })
        });
        let mut dangling: Vec<&Target<'_>> = start.iter().chain(targets.values().flatten()).collect();
        dangling.retain(|target| !states.contains_key(target.name));
        dangling.sort_by(|left, right| left.pointer.cmp(&right.pointer));
        for target in &dangling {
            let problem = format!("Missing '{}' target: {}", target.field, target.name);
            let remedy = suggestion(target.name, states.keys().map(String::as_str));
            self.coded(MISSING_TARGET, &target.pointer, problem, remedy);
        }
        // With nowhere to start, every state would be called unreachable.
        let Some(start) = start.filter(|start| states.contains_key(start.name)) else {
            return;
        };
        let reached = reachable(start.name, targets);
        for name in states.keys().filter(|name| !reached.contains(name.as_str())) {
            let pointer = format!("{}/{}", place.at("States"), step(name));
            let problem = format!("State \"{name}\" is not reachable.");
            self.coded(
                MISSING_TARGET,
                pointer,
                problem,
                "let another state lead to it, or take it out",
            );
        }
    }

    fn state_name(&mut self, name: &str, pointer: &str) {
        let length = name.chars().count();
        if length == 0 || length > MAX_NAME_CHARACTERS {
            let problem = format!(
                "State name has {length} characters and exceeds the {MAX_NAME_CHARACTERS}-character limit allowed by the \
                 service"
            );
            let remedy = format!("1 to {MAX_NAME_CHARACTERS} characters");
            self.coded("INVALID_STATE_NAME", pointer, problem, remedy);
        }
        match self.names.get(name) {
            Some(first) => {
                let problem = format!("Duplicate State name: {name}");
                let remedy =
                    format!("the state at {first} has it already; names are unique in the whole definition");
                self.coded("DUPLICATE_STATE_NAME", pointer, problem, remedy);
            }
            None => {
                self.names.insert(name.to_owned(), pointer.to_owned());
            }
        }
    }

    /// What an object says its query language is, if it says so rightly.
    pub(super) fn query_language(&mut self, object: &Map<String, Value>, pointer: &str) -> Option<Language> {
        let value = object.get("QueryLanguage")?;
        let pointer = format!("{pointer}/QueryLanguage");
        match self.text(value, &pointer)? {
            "JSONPath" => Some(Language::JsonPath),
            "JSONata" => Some(Language::Jsonata),
            other => {
                let problem = "Value should be one of the following: [JSONPath, JSONata]";
                self.fault(
                    pointer,
                    problem,
                    suggestion(other, ["JSONPath", "JSONata"].into_iter()),
                );
                None
            }
        }
    }
}

/// Every state that can be reached from `start`.
fn reachable<'a>(start: &'a str, targets: &HashMap<&'a str, Vec<Target<'a>>>) -> HashSet<&'a str> {
    let mut reached = HashSet::from([start]);
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        for target in targets.get(name).into_iter().flatten() {
            if reached.insert(target.name) {
                open.push(target.name);
            }
        }
    }
    reached
}
