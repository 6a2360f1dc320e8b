//! Paths, templates and JSONata where fields hold them.

use serde_json::Value;

use super::{Checker, Language, MAX_NAME_CHARACTERS, step};
use crate::path::ReferencePath;
use crate::{jsonata, payload};

impl Checker {
    /// A path into the input, the context object or a variable.
    pub(super) fn selector(&mut self, value: &Value, pointer: &str) -> Option<payload::Selector> {
        let text = self.text(value, pointer)?;
        match payload::Selector::parse(text) {
            Ok(selector) => Some(selector),
            Err(error) => {
                self.fault(
                    pointer,
                    "Value must be a valid JSONPath.",
                    format!("{error}; such as $.order.id"),
                );
                None
            }
        }
    }

    /// A path to one value.
    pub(super) fn reference(&mut self, value: &Value, pointer: &str) {
        if self
            .selector(value, pointer)
            .is_some_and(|selector| !selector.path().is_definite())
        {
            let remedy =
                "it can match more than one value; use names and single indices only, such as $.orders[0].id";
            self.fault(pointer, "Value is not a Reference Path", remedy);
        }
    }

    /// A path to a place that can be written to.
    pub(super) fn writable(&mut self, value: &Value, pointer: &str) {
        if let Some(text) = self.text(value, pointer)
            && let Err(error) = ReferencePath::parse(text)
        {
            let remedy = format!("{error}, such as $.payment.status; null writes nothing");
            self.fault(pointer, "Value is not a Reference Path", remedy);
        }
    }

    /// What a rule of a Choice compares: a path, in the words that Step Functions has for it there.
    pub(super) fn variable(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::String(text) if !text.starts_with('$') => {
                let problem = "Value is not a Reference Path: Reference path didn't start with '$'";
                self.fault(pointer, problem, "such as $.status");
            }
            _ => {
                self.selector(value, pointer);
            }
        }
    }

    /// A JSON tree with expressions in it.
    pub(super) fn template(&mut self, value: &Value, pointer: &str, language: Language) {
        match language {
            Language::JsonPath => self.path_template(value, pointer),
            Language::Jsonata => {
                self.unclosed(value, pointer);
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

    fn path_template(&mut self, value: &Value, pointer: &str) {
        let mut errors = Vec::new();
        payload::Template::parse_all(value, &mut errors);
        for error in errors {
            let field = error.pointer.rsplit('/').next().unwrap_or_default();
            let problem = format!(
                "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
            );
            self.fault(format!("{pointer}{}", error.pointer), problem, error.problem);
        }
    }

    /// Looks at a text that is an expression in JSONata when it is written as one; says whether it is.
    pub(super) fn possible_expression(&mut self, text: &str, pointer: &str, language: Language) -> bool {
        if language == Language::JsonPath {
            return false;
        }
        self.unclosed(&Value::from(text), pointer);
        if jsonata::is_expression(text) {
            self.jsonata(text, pointer);
        }
        text.starts_with("{%")
    }

    /// An expression by itself.
    pub(super) fn jsonata(&mut self, text: &str, pointer: &str) {
        self.error_output(&Value::from(text), pointer);
        if let Err(error) = jsonata::Expression::parse(text) {
            self.coded(error.code(), pointer, error.to_string(), "");
        }
    }

    /// Finds expressions that begin and do not end.
    pub(super) fn unclosed(&mut self, value: &Value, pointer: &str) {
        let is_unclosed = |text: &str| text.starts_with("{%") && !jsonata::is_expression(text);
        for pointer in texts(value, pointer, &is_unclosed) {
            let problem = "JSONata string must start with {% and end with %}";
            self.fault(pointer, problem, "close the expression");
        }
    }

    /// Finds expressions that read what was caught where nothing was.
    fn error_output(&mut self, value: &Value, pointer: &str) {
        if self.in_catcher {
            return;
        }
        let reads_error = |text: &str| jsonata::is_expression(text) && text.contains("$states.errorOutput");
        for pointer in texts(value, pointer, &reads_error) {
            let problem = "Reference to '$states.errorOutput' is not supported outside a catcher.";
            let remedy = "use it in the Output or Assign of an entry of Catch";
            self.coded("UNSUPPORTED_JSONATA_EXPRESSION", pointer, problem, remedy);
        }
    }

    /// Variables: their names, and what they are given.
    pub(super) fn assign(&mut self, value: &Value, pointer: &str, language: Language) {
        let Value::Object(variables) = value else {
            return self.typed(false, "[OBJECT]", value, pointer);
        };
        for key in variables.keys() {
            let name = match language {
                Language::JsonPath => key.strip_suffix(".$").unwrap_or(key),
                Language::Jsonata => key,
            };
            let pointer = format!("{pointer}/{}", step(key));
            if name == "states" {
                let problem = "Cannot assign to reserved variable '$states'.";
                self.coded("RESERVED_VARIABLE_NAME", pointer, problem, "choose another name");
            } else if !is_variable_name(name) {
                let problem =
                    format!("Invalid variable name '{name}': the variable name contains invalid characters.");
                let remedy = "a letter or _, then letters, digits and _, 80 characters at most";
                self.coded("INVALID_VARIABLE_NAME", pointer, problem, remedy);
            }
        }
        self.template(value, pointer, language);
    }
}

fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= MAX_NAME_CHARACTERS
}

/// The places of the texts in a tree for which `wanted` holds.
fn texts(value: &Value, pointer: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<String> {
    match value {
        Value::String(text) if wanted(text) => vec![pointer.to_owned()],
        Value::Array(list) => {
            let inner = |(index, item)| texts(item, &format!("{pointer}/{index}"), wanted);
            list.iter().enumerate().flat_map(inner).collect()
        }
        Value::Object(object) => {
            let inner = |(key, item): (&String, _)| texts(item, &format!("{pointer}/{}", step(key)), wanted);
            object.iter().flat_map(inner).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
