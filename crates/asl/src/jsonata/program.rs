//! The engine: `jlens-core`, with the limits, the time and the chance of one evaluation.

use jlens_core::Options;
use serde_json::{Map, Value};

use super::error::Problem;
use super::{MAX_DEPTH, MAX_ELEMENTS, MAX_VALUE_BYTES, ParseError, Scope, functions, refuse, result};

pub(super) use jlens_core::Bindings;

/// A compiled expression.
#[derive(Debug, Clone)]
pub(super) struct Program {
    compiled: jlens_core::Expression,
}

impl Program {
    pub(super) fn parse(text: &str) -> Result<Self, ParseError> {
        let compiled = jlens_core::Expression::compile(text).map_err(|error| ParseError::Syntax {
            code: error.code().to_owned(),
            message: error.message(),
        })?;
        match refuse::unsupported(&compiled.ast().root) {
            Some(problem) => Err(ParseError::Unsupported(problem)),
            None => Ok(Self { compiled }),
        }
    }

    /// The value, or `None` when the expression gives nothing.
    pub(super) fn evaluate(
        &self,
        bindings: &Bindings,
        scope: &Scope<'_>,
        max_steps: u64,
    ) -> Result<Option<Value>, Problem> {
        let options = options(scope, max_steps);
        match self.compiled.evaluate_with(None, bindings, &options) {
            Ok(Some(value)) => Ok(Some(result::tidy(value))),
            Ok(None) if self.gives_function(bindings, &options) => Err(Problem::Unsupported),
            Ok(None) => Ok(None),
            Err(error) => Err(Problem::Thrown {
                code: error.code().to_owned(),
                message: error.message(),
            }),
        }
    }

    /// Whether what looks like nothing is a function, which has no JSON.
    fn gives_function(&self, bindings: &Bindings, options: &Options) -> bool {
        let kind = format!("$type((\n{}\n))", self.compiled.source());
        jlens_core::Expression::compile(&kind)
            .and_then(|kind| kind.evaluate_with(None, bindings, options))
            .is_ok_and(|kind| kind == Some(Value::from("function")))
    }
}

fn options(scope: &Scope<'_>, max_steps: u64) -> Options {
    Options::new()
        .max_steps(max_steps)
        .max_depth(MAX_DEPTH)
        .max_string_length(MAX_VALUE_BYTES)
        .max_array_length(MAX_ELEMENTS)
        .max_result_size(MAX_VALUE_BYTES)
        .seed(scope.seed)
        .now(scope.now_ms)
}

/// What every expression of one scope is given: `$states`, the variables and the functions of Step Functions.
pub(super) fn bind(scope: &Scope<'_>) -> Bindings {
    let mut states = Map::new();
    states.insert("input".to_owned(), scope.states.input.into());
    states.insert("context".to_owned(), scope.states.context.into());
    if let Some(result) = scope.states.result {
        states.insert("result".to_owned(), result.into());
    }
    if let Some(error) = scope.states.error_output {
        states.insert("errorOutput".to_owned(), error.into());
    }
    let mut bindings = functions::bind(scope.seed);
    for (name, value) in scope.variables {
        bindings = bindings.var(name.as_str(), Value::from(value));
    }
    bindings.var("states", Value::Object(states))
}
