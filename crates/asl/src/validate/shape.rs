//! Whether what a field holds is what it must hold.

use serde_json::{Map, Value};

use super::fields::{Field, Shape};
use super::nearest::suggestion;
use super::{Checker, Language, MAX_NAME_CHARACTERS, json_type, step};
use crate::path::{ReferencePath, decimal};
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
            let problem = format!("These fields are required: [{}]", missing.join(", "));
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
            Shape::Object => self.typed(value.is_object(), "OBJECT", value, pointer),
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
                    let problem = "The value must be a valid JSONPath or a valid intrinsic function call";
                    self.fault(
                        pointer,
                        format!("{problem}: {error}"),
                        "such as $.error or States.Format('{}', $.error)",
                    );
                }
            }
            Shape::Template => self.template(value, pointer, language),
            Shape::Items => match value {
                Value::Array(_) => self.template(value, pointer, language),
                Value::String(text) if jsonata::is_expression(text) => self.jsonata(text, pointer),
                other => self.typed(false, "ARRAY", other, pointer),
            },
            Shape::Assign => self.assign(value, pointer, language),
            Shape::Timestamp => {
                if let Some(text) = self.text(value, pointer)
                    && !self.possible_expression(text, pointer, language)
                    && !is_timestamp(text)
                {
                    let problem = "Value is not a valid ISO-8601 extended offset date-time";
                    self.fault(pointer, problem, "such as 2026-03-14T01:59:00Z");
                }
            }
        }
    }

    pub(super) fn typed(&mut self, right: bool, wanted: &str, value: &Value, pointer: &str) {
        if !right {
            let remedy = format!("it is {}", json_type(value));
            self.fault(pointer, format!("Expected value of type [{wanted}]"), remedy);
        }
    }

    /// The text that a field must hold.
    pub(super) fn text<'v>(&mut self, value: &'v Value, pointer: &str) -> Option<&'v str> {
        self.typed(value.is_string(), "STRING", value, pointer);
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
                    self.typed(false, if whole { "INTEGER" } else { "NUMBER" }, value, pointer);
                }
            }
            Value::Number(number) => {
                let truncated = decimal::truncate(number);
                let is_whole = truncated.is_some_and(|text| decimal::compare(&text.into(), number).is_eq());
                if whole && !is_whole {
                    self.typed(false, "INTEGER", value, pointer);
                } else if decimal::compare(number, least).is_lt() {
                    let problem = format!("Value is less than the minimum of {least}");
                    self.fault(pointer, problem, format!("at least {least}"));
                } else if decimal::compare(number, most).is_gt() {
                    let problem = format!("Value is greater than the maximum of {most}");
                    self.fault(pointer, problem, format!("at most {most}"));
                }
            }
            other => self.typed(false, if whole { "INTEGER" } else { "NUMBER" }, other, pointer),
        }
    }

    /// A path into the input, the context object or a variable.
    pub(super) fn selector(&mut self, value: &Value, pointer: &str) -> Option<payload::Selector> {
        let text = self.text(value, pointer)?;
        match payload::Selector::parse(text) {
            Ok(selector) => Some(selector),
            Err(error) => {
                self.fault(
                    pointer,
                    format!("Value is not a valid JSONPath: {error}"),
                    "such as $.order.id",
                );
                None
            }
        }
    }

    fn reference(&mut self, value: &Value, pointer: &str) {
        if self
            .selector(value, pointer)
            .is_some_and(|selector| !selector.path().is_definite())
        {
            let problem = "Value is not a Reference Path: it can match more than one value";
            self.fault(
                pointer,
                problem,
                "use names and single indices only, such as $.orders[0].id",
            );
        }
    }

    fn writable(&mut self, value: &Value, pointer: &str) {
        if let Some(text) = self.text(value, pointer)
            && let Err(error) = ReferencePath::parse(text)
        {
            let problem = format!("Value is not a Reference Path: {error}");
            self.fault(
                pointer,
                problem,
                "use names and single indices only, such as $.payment.status, or null",
            );
        }
    }

    pub(super) fn template(&mut self, value: &Value, pointer: &str, language: Language) {
        match language {
            Language::JsonPath => {
                let mut errors = Vec::new();
                payload::Template::parse_all(value, &mut errors);
                for error in errors {
                    let field = error.pointer.rsplit('/').next().unwrap_or_default();
                    let problem = format!(
                        "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function \
                         call: {}",
                        error.problem
                    );
                    self.fault(
                        format!("{pointer}{}", error.pointer),
                        problem,
                        "such as $.order.id, or leave the .$ off",
                    );
                }
            }
            Language::Jsonata => {
                self.error_output(value, pointer);
                let mut errors = Vec::new();
                jsonata::Template::parse_all(value, &mut errors);
                for error in errors {
                    let pointer = format!("{pointer}{}", error.pointer);
                    self.coded(error.problem.code(), pointer, error.problem.to_string(), "");
                }
            }
        }
    }

    /// Looks at a text that is an expression in JSONata when it is written as one; says whether it is.
    fn possible_expression(&mut self, text: &str, pointer: &str, language: Language) -> bool {
        let is_expression = language == Language::Jsonata && jsonata::is_expression(text);
        if is_expression {
            self.jsonata(text, pointer);
        }
        is_expression
    }

    /// Finds expressions that read what was caught where nothing was.
    fn error_output(&mut self, value: &Value, pointer: &str) {
        match value {
            _ if self.in_catcher => {}
            Value::String(text) if jsonata::is_expression(text) && text.contains("$states.errorOutput") => {
                let problem = "Reference to '$states.errorOutput' is not supported outside a catcher.";
                let remedy = "use it in the Output or Assign of an entry of Catch";
                self.coded("UNSUPPORTED_JSONATA_EXPRESSION", pointer, problem, remedy);
            }
            Value::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    self.error_output(item, &format!("{pointer}/{index}"));
                }
            }
            Value::Object(object) => {
                for (key, item) in object {
                    self.error_output(item, &format!("{pointer}/{}", step(key)));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    pub(super) fn jsonata(&mut self, text: &str, pointer: &str) {
        self.error_output(&Value::from(text), pointer);
        if let Err(error) = jsonata::Expression::parse(text) {
            self.coded(error.code(), pointer, error.to_string(), "");
        }
    }

    /// Variables: their names, and what they are given.
    fn assign(&mut self, value: &Value, pointer: &str, language: Language) {
        let Value::Object(variables) = value else {
            return self.typed(false, "OBJECT", value, pointer);
        };
        for key in variables.keys() {
            let name = match language {
                Language::JsonPath => key.strip_suffix(".$").unwrap_or(key),
                Language::Jsonata => key,
            };
            let mut characters = name.chars();
            let begins = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
            if !begins
                || !characters.all(|c| c.is_alphanumeric() || c == '_')
                || name.chars().count() > MAX_NAME_CHARACTERS
            {
                let problem = format!("'{name}' is not a valid variable name");
                let remedy = "a letter or _, then letters, digits and _, 80 characters at most";
                self.fault(format!("{pointer}/{}", step(key)), problem, remedy);
            } else if name == "states" {
                let problem = "The variable name 'states' is reserved";
                self.fault(format!("{pointer}/{}", step(key)), problem, "choose another name");
            }
        }
        self.template(value, pointer, language);
    }
}

/// Whether a text is a time with its offset, as `2026-03-14T01:59:00Z`.
pub(super) fn is_timestamp(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T')
        && !text.contains(['t', 'z', '['])
        && text.parse::<jiff::Timestamp>().is_ok()
}
