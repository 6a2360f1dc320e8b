//! JSONata in definitions: `{% … %}` strings with `$states` and the workflow variables.
//!
//! The language itself is the crate `jlens-core`; what Step Functions adds to it and takes away from it is here. An
//! [`Expression`] is parsed when a definition is loaded, and refused then when it does not parse or refers to a
//! context item, which no expression of a workflow has. A [`Template`] is a whole JSON tree with such strings in it.
//!
//! `jlens-core` was chosen over `jsonata-core` for four reasons: its compiled expressions are `Send + Sync`; it bounds an
//! evaluation by counted steps, the same on every machine, where the other has only a wall clock; its time and its seed
//! can be given, so that replaying an execution gives the same values; and it is free of `unsafe`. Both compute in
//! `f64`, as JSONata prescribes: a number that goes through an operator or a function is the nearest double. A plain
//! reference such as `$states.input.order` does not go through it and keeps every number exactly as it was written.
//!
//! An evaluation ends after [`MAX_STEPS`] steps, [`MAX_DEPTH`] levels, or values of more than [`MAX_VALUE_BYTES`]
//! bytes. Without the cargo feature `jsonata` every expression is refused when its definition is loaded.

mod direct;
mod error;
#[cfg(feature = "jsonata")]
mod functions;
#[cfg(feature = "jsonata")]
mod program;
#[cfg(not(feature = "jsonata"))]
#[path = "absent.rs"]
mod program;
#[cfg(feature = "jsonata")]
mod refuse;
#[cfg(feature = "jsonata")]
mod result;
mod template;

use std::cell::OnceCell;

use crate::Value;
use crate::payload::Variables;

pub use error::{EvaluationError, ParseError};
pub use template::{Template, TemplateError};

use direct::Direct;
use program::{Bindings, Program};

/// How many steps an evaluation may take: nodes evaluated, functions called and 1,024 steps of a regular expression.
pub const MAX_STEPS: u64 = 200_000;
/// How deep an evaluation may nest.
pub const MAX_DEPTH: usize = 500;
/// The largest text, and roughly the largest result, that an evaluation may build, in bytes.
pub const MAX_VALUE_BYTES: usize = 4 * 1024 * 1024;
/// The most elements that an array built by an evaluation may have.
pub const MAX_ELEMENTS: usize = 1024 * 1024;
/// The longest expression that is accepted, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// What an expression finds in `$states`.
#[derive(Debug, Clone, Copy)]
pub struct States<'a> {
    /// The state's input.
    pub input: &'a Value,
    /// The context object.
    pub context: &'a Value,
    /// The state's result, where it has one by now.
    pub result: Option<&'a Value>,
    /// What a catcher caught, in its own fields.
    pub error_output: Option<&'a Value>,
}

/// What an expression can see.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// `$states`.
    pub states: States<'a>,
    /// The workflow variables.
    pub variables: &'a Variables,
    /// Where `$random`, `$shuffle` and `$uuid` get their chance from.
    pub seed: u64,
    /// What time `$now` and `$millis` tell, in milliseconds since 1970 began.
    pub now_ms: i64,
}

/// Whether a string is an expression: `{%` at its beginning and `%}` at its end.
#[must_use]
pub fn is_expression(text: &str) -> bool {
    text.len() >= 4 && text.starts_with("{%") && text.ends_with("%}")
}

/// A parsed expression.
///
/// ```
/// use asl::jsonata::{Expression, Scope, States};
/// use asl::Value;
/// use asl::payload::Variables;
/// use serde_json::json;
///
/// let total = Expression::parse("{% $sum($states.input.lines.(price * quantity)) %}")?;
/// let input = json!({"lines": [{"price": 4.5, "quantity": 2}, {"price": 12, "quantity": 1}]}).into();
/// let variables = Variables::new();
/// let states = States { input: &input, context: &Value::Null, result: None, error_output: None };
/// let scope = Scope { states, variables: &variables, seed: 1, now_ms: 0 };
/// assert_eq!(total.evaluate(&scope, "Output")?, json!(21));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Expression {
    text: Box<str>,
    direct: Option<Direct>,
    program: Program,
}

impl Expression {
    /// Reads an expression with its `{%` and `%}`.
    ///
    /// # Errors
    /// [`ParseError`] when it is no JSONata, refers to what workflows do not have, is too long, or when this crate was
    /// built without JSONata.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let inner = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}"));
        let inner = inner.ok_or(ParseError::NotAnExpression)?.trim();
        if inner.len() > MAX_TEXT_BYTES {
            return Err(ParseError::TooLong);
        }
        Ok(Self {
            text: inner.into(),
            direct: Direct::parse(inner),
            program: Program::parse(inner)?,
        })
    }

    /// The expression without `{%`, `%}` and the spaces around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value of the expression.
    ///
    /// `field` is where the expression was written, as causes name it: `Output`, `Assign/total`.
    ///
    /// # Errors
    /// [`EvaluationError`] when it fails, passes a limit, or gives nothing or a function.
    pub fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, EvaluationError> {
        self.evaluate_with(&Environment::new(scope), field)
    }

    fn evaluate_with(&self, environment: &Environment<'_>, field: &str) -> Result<Value, EvaluationError> {
        let result = match self
            .direct
            .as_ref()
            .and_then(|direct| direct.find(environment.scope))
        {
            Some(found) => Ok(found.cloned()),
            None => self
                .program
                .evaluate(environment.bindings(), environment.scope, environment.max_steps)
                .map(|found| found.map(Value::from)),
        };
        let problem = match result {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => error::Problem::Nothing,
            Err(problem) => problem,
        };
        Err(EvaluationError {
            expression: self.text.to_string(),
            location: field.to_owned(),
            problem,
        })
    }
}

impl Expression {
    /// What a template says when there is no room for the expression's value.
    fn too_large(&self, field: &str) -> EvaluationError {
        EvaluationError {
            expression: self.text.to_string(),
            location: field.to_owned(),
            problem: error::Problem::TooLarge,
        }
    }
}

/// A scope, and what the engine needs of it, made when the first expression asks and kept for the others.
struct Environment<'a> {
    scope: &'a Scope<'a>,
    max_steps: u64,
    bindings: OnceCell<Bindings>,
}

impl<'a> Environment<'a> {
    fn new(scope: &'a Scope<'a>) -> Self {
        Self {
            scope,
            max_steps: MAX_STEPS,
            bindings: OnceCell::new(),
        }
    }

    fn bindings(&self) -> &Bindings {
        self.bindings.get_or_init(|| program::bind(self.scope))
    }
}

#[cfg(test)]
#[cfg(feature = "jsonata")]
mod tests;
