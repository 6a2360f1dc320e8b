//! Whether what a field holds is what it must hold.

use serde_json::{Map, Value};

use super::fields::{Field, Shape};
use super::nearest::suggestion;
use super::{Checker, Language, json_type, listed, step};
use crate::path::decimal;
use crate::value::Number;
use crate::{jsonata, payload};

/// An object whose fields are looked at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) object: &'a Map<String, Value>,
    pub(super) pointer: &'a str,
    pub(super) language: Language,
}

impl Place<'_> {
    pub(super) fn at(&self, field: &str) -> String {
        format!("{}/{}", self.pointer, step(field))
    }
}

impl Checker {
    /// Looks at every field of an object: those it must have, those it may not have, and what each holds. `extra`
    /// tells which other names are allowed.
    pub(super) fn fields<'f>(
        &mut self,
        place: Place<'_>,
        fields: &(impl Iterator<Item = &'f Field> + Clone),
        extra: impl Fn(&str) -> bool,
    ) {
        let known = || fields.clone();
        let missing: Vec<&str> = known()
            .filter(|field| field.required && !place.object.contains_key(field.name))
            .map(|field| field.name)
            .collect();
        if !missing.is_empty() {
            let problem = format!("These fields are required: [{}]", listed(&missing).join(", "));
            self.fault(place.pointer, problem, format!("add {}", missing.join(" and ")));
        }
        for (name, value) in place.object {
            match known().find(|field| field.name == name) {
                Some(field) => self.field(place, field, value),
                None if extra(name) => {}
                None => {
                    let names = known()
                        .filter(|field| field.language.is_none_or(|language| language == place.language))
                        .map(|field| field.name);
                    let remedy = suggestion(name, names);
                    self.fault(place.at(name), format!("Field '{name}' is not supported"), remedy);
                }
            }
        }
    }

    fn field(&mut self, place: Place<'_>, field: &Field, value: &Value) {
        if let Some(language) = field.language.filter(|language| *language != place.language) {
            let problem = format!(
                "The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage",
                place.language.name(),
                field.name,
                language.name()
            );
            let remedy = format!(
                "leave {} out, or set QueryLanguage to {}",
                field.name,
                language.name()
            );
            self.fault(place.pointer, problem, remedy);
            return;
        }
        let pointer = place.at(field.name);
        self.shape(field, value, &pointer, place.language);
    }

    fn shape(&mut self, field: &Field, value: &Value, pointer: &str, language: Language) {
        match field.shape {
            Shape::Json | Shape::Elsewhere => {}
            Shape::Text => {
                self.text(value, pointer);
            }
            Shape::Message => {
                if let Some(text) = self.text(value, pointer) {
                    self.possible_expression(text, pointer, language);
                }
            }
            Shape::OneOf(texts) => {
                if let Some(text) = self.text(value, pointer).filter(|text| !texts.contains(text)) {
                    let problem = format!("Value should be one of the following: [{}]", texts.join(", "));
                    self.fault(pointer, problem, suggestion(text, texts.iter().copied()));
                }
            }
            Shape::Object => self.typed(value.is_object(), "[OBJECT]", value, pointer),
            Shape::Whole(least, most) => {
                let bounds = (&least.into(), &most.into());
                self.number(value, bounds, true, pointer, language);
            }
            Shape::Number(least, most) => {
                if let (Some(least), Some(most)) = (
                    serde_json::Number::from_f64(least),
                    serde_json::Number::from_f64(most),
                ) {
                    self.number(value, (&least, &most), false, pointer, language);
                }
            }
            Shape::PathOrNull if value.is_null() => {}
            Shape::PathOrNull => {
                self.selector(value, pointer);
            }
            Shape::ReferenceOrNull if value.is_null() => {}
            Shape::ReferenceOrNull => self.writable(value, pointer),
            Shape::Reference => self.reference(value, pointer),
            Shape::Expression => {
                if let Some(text) = self.text(value, pointer)
                    && let Err(error) = payload::Expression::parse(text)
                {
                    let problem = "Value must be a valid JSONPath or a valid intrinsic function call";
                    self.fault(
                        pointer,
                        problem,
                        format!("{error}; such as $.error or States.Format('{{}}', $.error)"),
                    );
                }
            }
            Shape::Template => self.template(value, pointer, language),
            Shape::Items => match value {
                Value::Array(_) => self.template(value, pointer, language),
                Value::String(text) if jsonata::is_expression(text) => self.jsonata(text, pointer),
                other => {
                    self.unclosed(other, pointer);
                    self.typed(false, "[ARRAY]", other, pointer);
                }
            },
            Shape::Assign => self.assign(value, pointer, language),
            Shape::Timestamp => {
                if let Some(text) = self.text(value, pointer)
                    && !self.possible_expression(text, pointer, language)
                    && !is_timestamp(text)
                {
                    let problem = "String does not match RFC3339 timestamp";
                    self.fault(pointer, problem, "such as 2026-03-14T01:59:00Z");
                }
            }
        }
    }

    pub(super) fn typed(&mut self, right: bool, wanted: &str, value: &Value, pointer: &str) {
        if !right {
            let remedy = format!("it is {}", json_type(value));
            self.fault(pointer, format!("Expected value of type {wanted}"), remedy);
        }
    }

    /// The text that a field must hold.
    pub(super) fn text<'v>(&mut self, value: &'v Value, pointer: &str) -> Option<&'v str> {
        self.typed(value.is_string(), "[STRING]", value, pointer);
        value.as_str()
    }

    fn number(
        &mut self,
        value: &Value,
        (least, most): (&serde_json::Number, &serde_json::Number),
        whole: bool,
        pointer: &str,
        language: Language,
    ) {
        match value {
            Value::String(text) if language == Language::Jsonata => {
                if !self.possible_expression(text, pointer, language) {
                    self.typed(false, if whole { "Integer" } else { "[NUMBER]" }, value, pointer);
                }
            }
            Value::Number(number) => {
                let number = Number::from(number);
                let truncated = decimal::truncate(&number);
                let is_whole = truncated.is_some_and(|text| decimal::compare(&text.into(), &number).is_eq());
                if whole && !is_whole {
                    self.typed(false, "Integer", value, pointer);
                } else if decimal::compare(&number, &least.into()).is_lt() {
                    let problem = format!("Minimum value is {least}");
                    self.fault(pointer, problem, format!("at least {least}"));
                } else if decimal::compare(&number, &most.into()).is_gt() {
                    let problem = format!("Maximum value is {most}");
                    self.fault(pointer, problem, format!("at most {most}"));
                }
            }
            other => self.typed(false, if whole { "Integer" } else { "[NUMBER]" }, other, pointer),
        }
    }
}

/// Whether a text is a time with its offset, as `2026-03-14T01:59:00Z`.
pub(super) fn is_timestamp(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T')
        && !text.contains(['t', 'z', '['])
        && text.parse::<jiff::Timestamp>().is_ok()
}
