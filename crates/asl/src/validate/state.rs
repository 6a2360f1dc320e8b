//! One state: its type, its query language, its fields, and where it leads.

use serde_json::{Map, Value};

use super::fields::StateType;
use super::machine::Target;
use super::nearest::suggestion;
use super::shape::Place;
use super::{Checker, Language, listed};

impl Checker {
    /// Looks at a state. Gives the states that it leads to, and whether it ends its machine.
    pub(super) fn state<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        pointer: &str,
    ) -> (Vec<Target<'a>>, bool) {
        let around = self.language.unwrap_or(Language::JsonPath);
        let own = self.query_language(object, pointer);
        let place = Place {
            object,
            pointer,
            language: own.unwrap_or(around),
        };
        let mut targets = Vec::new();
        let state_type = self.state_type(place);
        let is_end = match state_type {
            Some("Succeed" | "Fail") => true,
            Some("Choice") => {
                targets.extend(self.target(object, pointer, "Default"));
                false
            }
            Some(_) => self.transition(object, pointer, &mut targets),
            // Nothing more is said about a state of no type; what it leads to counts as reached.
            None => {
                targets.extend(text_target(object, pointer, "Next"));
                true
            }
        };
        if own == Some(Language::JsonPath) && around == Language::Jsonata {
            let problem = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            self.fault(
                pointer,
                problem,
                "leave QueryLanguage out of the state, or set it to JSONPath for the whole",
            );
            targets.extend(listed_targets(object, pointer, "Choices"));
            targets.extend(listed_targets(object, pointer, "Catch"));
            return (targets, is_end);
        }
        if let Some(state_type) = state_type.and_then(StateType::named) {
            self.fields(place, &state_type.fields(), |_| false);
            self.particulars(place, state_type.name);
        }
        targets.extend(listed_targets(object, pointer, "Choices"));
        targets.extend(listed_targets(object, pointer, "Catch"));
        (targets, is_end)
    }

    fn state_type(&mut self, place: Place<'_>) -> Option<&'static str> {
        let pointer = place.at("Type");
        let Some(value) = place.object.get("Type") else {
            let types = StateType::names().collect::<Vec<_>>().join(", ");
            self.fault(
                place.pointer,
                "These fields are required: [Type]",
                format!("add Type: {types}"),
            );
            return None;
        };
        let text = self.text(value, &pointer)?;
        match StateType::named(text) {
            Some(state_type) => Some(state_type.name),
            None => {
                let types = StateType::names().collect::<Vec<_>>().join(", ");
                let problem = format!("Value should be one of the following: [{types}]");
                self.fault(pointer, problem, suggestion(text, StateType::names()));
                None
            }
        }
    }

    /// Looks at `Next` and `End`, of which there must be one. Says whether the state ends its machine.
    fn transition<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        pointer: &str,
        targets: &mut Vec<Target<'a>>,
    ) -> bool {
        let end = object.get("End");
        if let Some(value) = end
            && *value != Value::Bool(true)
        {
            let end_pointer = format!("{pointer}/End");
            self.typed(value.is_boolean(), "[BOOLEAN]", value, &end_pointer);
            if value.is_boolean() && !object.contains_key("Next") {
                self.fault(
                    end_pointer,
                    "This object should have only one of the following fields: [Next, End]",
                    "set End to true, or name the Next state",
                );
            }
        }
        let ends = end == Some(&Value::Bool(true));
        match (ends, object.contains_key("Next")) {
            (true, true) => {
                let problem = "There should only be one of the following fields: [Next, End]";
                self.fault(
                    pointer,
                    problem,
                    "keep Next to go on, or \"End\": true to end here",
                );
            }
            (false, false) if end.is_none() => {
                let problem = "This object should have only one of the following fields: [Next, End]";
                self.fault(
                    pointer,
                    problem,
                    "add \"Next\" with the name of a state, or \"End\": true",
                );
            }
            (true, false) | (false, _) => {}
        }
        targets.extend(self.target(object, pointer, "Next"));
        ends
    }

    /// The state that a field names.
    pub(super) fn target<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        pointer: &str,
        field: &'static str,
    ) -> Option<Target<'a>> {
        let value = object.get(field)?;
        self.text(value, &format!("{pointer}/{field}"))?;
        text_target(object, pointer, field)
    }

    /// What a type of state has besides its fields one by one.
    fn particulars(&mut self, place: Place<'_>, state_type: &str) {
        match state_type {
            "Task" => self.task(place),
            "Choice" => self.choice(place),
            "Wait" => self.wait(place),
            "Parallel" => self.parallel(place),
            "Map" => self.map(place),
            "Fail" => {
                self.one_at_most(place, &["Error", "ErrorPath"]);
                self.one_at_most(place, &["Cause", "CausePath"]);
            }
            _ => {}
        }
        self.retriers(place);
        self.catchers(place);
    }

    fn wait(&mut self, place: Place<'_>) {
        let fields: &[&str] = match place.language {
            Language::JsonPath => &["Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
            Language::Jsonata => &["Seconds", "Timestamp"],
        };
        let given = fields
            .iter()
            .filter(|field| place.object.contains_key(**field))
            .count();
        let fields = listed(fields).join(", ");
        if given == 0 {
            let problem = format!("This object should have only one of the following fields: [{fields}]");
            self.fault(place.pointer, problem, "say how long to wait in one of them");
        } else if given > 1 {
            let problem = format!("There should only be one of the following fields: [{fields}]");
            self.fault(place.pointer, problem, "keep one of them");
        }
    }

    /// Two ways of saying the same thing exclude each other.
    pub(super) fn one_at_most(&mut self, place: Place<'_>, fields: &[&str]) {
        let given: Vec<&str> = fields
            .iter()
            .copied()
            .filter(|field| place.object.contains_key(*field))
            .collect();
        if given.len() > 1 {
            let problem = format!(
                "There should only be one of the following fields: [{}]",
                listed(&given).join(", ")
            );
            self.fault(place.pointer, problem, "keep one of them");
        }
    }
}

fn text_target<'a>(object: &'a Map<String, Value>, pointer: &str, field: &'static str) -> Option<Target<'a>> {
    let name = object.get(field)?.as_str()?;
    Some(Target {
        pointer: format!("{pointer}/{field}"),
        field,
        name,
    })
}

/// What the rules of a Choice state or the catchers lead to.
fn listed_targets<'a>(object: &'a Map<String, Value>, pointer: &str, list: &str) -> Vec<Target<'a>> {
    let entries = object.get(list).and_then(Value::as_array);
    let targets = entries
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, entry)| {
            let name = entry.get("Next")?.as_str()?;
            Some(Target {
                pointer: format!("{pointer}/{list}/{index}/Next"),
                field: "Next",
                name,
            })
        });
    targets.collect()
}
