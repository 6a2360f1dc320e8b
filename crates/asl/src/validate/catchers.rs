//! `Retry` and `Catch`: what they name, and in which order.

use serde_json::Value;

use super::Checker;
use super::fields::{CATCHER, Field, RETRIER};
use super::shape::Place;
use crate::path::decimal;
use crate::value::Number;

impl Checker {
    pub(super) fn retriers(&mut self, place: Place<'_>) {
        for retrier in self.entries(place, "Retry", RETRIER) {
            let number = |field: &str| match retrier.get(field) {
                Some(Value::Number(number)) => Some(number),
                _ => None,
            };
            let interval = number("IntervalSeconds").map_or_else(|| 1.into(), Number::from);
            if number("MaxDelaySeconds").is_some_and(|most| decimal::compare(&most.into(), &interval).is_le())
            {
                let problem =
                    format!("MaxDelaySeconds must be greater than IntervalSeconds, which is {interval}");
                self.fault(
                    place.at("Retry"),
                    problem,
                    "raise MaxDelaySeconds or leave it out",
                );
            }
        }
    }

    pub(super) fn catchers(&mut self, place: Place<'_>) {
        self.in_catcher = true;
        self.entries(place, "Catch", CATCHER);
        self.in_catcher = false;
    }

    /// Looks at a list of retriers or catchers and gives those that are objects.
    fn entries<'a>(&mut self, place: Place<'a>, field: &str, fields: &[Field]) -> Vec<&'a Value> {
        let pointer = place.at(field);
        let entries = match place.object.get(field) {
            None => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(other) => {
                self.typed(false, "[ARRAY]", other, &pointer);
                return Vec::new();
            }
        };
        let last = entries.len().saturating_sub(1);
        let mut objects = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let Value::Object(object) = entry else {
                self.typed(false, "[OBJECT]", entry, &pointer);
                continue;
            };
            let entry_place = Place {
                object,
                pointer: &pointer,
                language: place.language,
            };
            self.fields(entry_place, &fields.iter(), |_| false);
            self.target(object, &pointer, "Next");
            if let Some(names) = object.get("ErrorEquals") {
                self.error_names(names, &entry_place.at("ErrorEquals"), index == last);
            }
            objects.push(entry);
        }
        objects
    }

    fn error_names(&mut self, value: &Value, pointer: &str, is_last: bool) {
        let Value::Array(names) = value else {
            return self.typed(false, "[ARRAY]", value, pointer);
        };
        if names.is_empty() {
            self.fault(
                pointer,
                "Value cannot be empty",
                "name at least one error, such as States.ALL",
            );
        }
        for (index, name) in names.iter().enumerate() {
            self.text(name, &format!("{pointer}/{index}"));
        }
        if names.iter().any(|name| name == "States.ALL") && (names.len() > 1 || !is_last) {
            let problem = "States.ALL must appear alone and at end of list";
            self.fault(
                pointer,
                problem,
                "it means every error; nothing beside it or after it can ever match",
            );
        }
    }
}
