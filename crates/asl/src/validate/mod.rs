//! Looks at a definition before anything runs and tells everything that is wrong with it in one go: each fault with
//! its place, what is wrong and what would be right.
//!
//! [`validate`] takes a definition that is JSON already, [`validate_text`] its text, with syntax errors and keys that
//! are given twice. [`warnings`] tells what is
//! allowed here but seldom meant, or refused by Step Functions. [`aws_diagnostics`] gives the answer of Step
//! Functions' own `ValidateStateMachineDefinition`.
//!
//! The codes are those of Step Functions, and so are the problems' texts where its wording is known. What a definition
//! may say is in the tables of `fields`; what depends on more than one field is in the module of that name.

mod aws;
mod catchers;
mod choice;
mod expression;
mod fields;
mod items;
mod json;
mod machine;
mod nearest;
mod resource;
mod shape;
mod state;
mod warning;

use std::collections::HashMap;

use serde_json::Value;

use crate::{Fault, limits};

pub use aws::{MachineType, aws_diagnostics};
pub use warning::warnings;

/// Every fault of a definition.
///
/// ```
/// let definition = serde_json::json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}});
/// let faults = asl::validate::validate(&definition);
/// assert_eq!(faults[0].to_string(), "/States/A/Next: Missing 'Next' target: B (name one of: A)");
/// ```
#[must_use]
pub fn validate(definition: &Value) -> Vec<Fault> {
    let mut checker = Checker::default();
    checker.definition(definition);
    checker.faults
}

/// Every fault of a definition given as text: of the JSON itself, and when it can be read those of the definition.
#[must_use]
pub fn validate_text(text: &str) -> Vec<Fault> {
    if text.len() > limits::MAX_DEFINITION_BYTES {
        let problem = format!("the definition has {} bytes", text.len());
        return vec![Fault::new(
            "",
            problem,
            format!("at most {} bytes", limits::MAX_DEFINITION_BYTES),
        )];
    }
    let mut faults = match json::scan(text) {
        Ok(duplicates) => duplicates,
        Err(error) => return vec![error.into_fault()],
    };
    match serde_json::from_str(text) {
        Ok(definition) => faults.extend(validate(&definition)),
        Err(error) => {
            let fault = Fault::new("", format!("not JSON: {error}"), "mend the text at that place");
            faults.push(fault.with_code(INVALID_JSON));
        }
    }
    faults
}

/// How many characters the name of a state, and of a variable, may have.
const MAX_NAME_CHARACTERS: usize = 80;

const INVALID_JSON: &str = "INVALID_JSON_DESCRIPTION";
const MISSING_TARGET: &str = "MISSING_TRANSITION_TARGET";

/// The query language of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    JsonPath,
    Jsonata,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        }
    }
}

/// Goes through a definition and collects what is wrong.
#[derive(Default)]
struct Checker {
    faults: Vec<Fault>,
    /// Where each state's name was seen first, in all nested machines together.
    names: HashMap<String, String>,
    /// The query language of the whole definition, which nested machines share.
    language: Option<Language>,
    /// What Step Functions refuses but an execution here does without: what a service must be given.
    refusals: Vec<Fault>,
    /// Whether what is looked at belongs to a catcher, where `$states.errorOutput` exists.
    in_catcher: bool,
}

impl Checker {
    fn fault(&mut self, pointer: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(pointer, problem, remedy));
    }

    fn refusal(&mut self, pointer: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.refusals.push(Fault::new(pointer, problem, remedy));
    }

    fn coded(
        &mut self,
        code: &'static str,
        pointer: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults
            .push(Fault::new(pointer, problem, remedy).with_code(code));
    }
}

/// Names in the order in which Step Functions lists them, which is that of a Java hash set.
fn listed<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let bucket = |name: &str| {
        let hash = name.encode_utf16().fold(0_u32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(u32::from(unit))
        });
        (hash ^ (hash >> 16)) % 16
    };
    let mut names = names.to_vec();
    names.sort_by_key(|name| bucket(name));
    names
}

/// A key as a step of a JSON pointer.
fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A value of a type as Step Functions names it.
fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL",
        Value::Bool(_) => "BOOLEAN",
        Value::Number(_) => "NUMBER",
        Value::String(_) => "STRING",
        Value::Array(_) => "ARRAY",
        Value::Object(_) => "OBJECT",
    }
}

#[cfg(test)]
mod tests;
