//! What can go wrong with a JSONata expression.

use thiserror::Error;

/// Why a text is refused when a definition is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// It is not written as an expression.
    #[error("a JSONata expression is written {{% … %}}")]
    NotAnExpression,
    /// It is longer than this crate accepts.
    #[error("a JSONata expression may have {} bytes at most", super::MAX_TEXT_BYTES)]
    TooLong,
    /// It is no JSONata.
    #[error("{message}")]
    Syntax {
        /// JSONata's code of the mistake, such as `S0202`.
        code: String,
        /// What is wrong.
        message: String,
    },
    /// It refers to something that an expression of a workflow does not have.
    #[error("{0}")]
    Unsupported(String),
    /// This crate was built without its feature `jsonata`.
    #[error("this build does not support JSONata; use the query language JSONPath")]
    Absent,
}

impl ParseError {
    /// The code that `ValidateStateMachineDefinition` gives this mistake.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnExpression | Self::TooLong | Self::Syntax { .. } => "INVALID_JSONATA_EXPRESSION",
            Self::Unsupported(_) | Self::Absent => "UNSUPPORTED_JSONATA_EXPRESSION",
        }
    }
}

/// What an evaluation ended with instead of a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Problem {
    #[error("returned a result that is larger than a payload may be.")]
    TooLarge,
    #[error("returned nothing (undefined).")]
    Nothing,
    #[cfg_attr(
        not(feature = "jsonata"),
        expect(dead_code, reason = "only the engine finds these")
    )]
    #[error("returned an unsupported result type.")]
    Unsupported,
    #[cfg_attr(
        not(feature = "jsonata"),
        expect(dead_code, reason = "only the engine finds these")
    )]
    #[error("threw an error during evaluation. {code}: {message}")]
    Thrown { code: String, message: String },
}

/// Why an expression gave no value; `States.QueryEvaluationError` to retriers and catchers. `Display` gives the cause
/// that Step Functions reports, without the part that names the state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("The JSONata expression '{expression}' specified for the field '{location}' {problem}")]
pub struct EvaluationError {
    pub(super) expression: String,
    pub(super) location: String,
    pub(super) problem: Problem,
}

impl EvaluationError {
    /// The field that the expression was written in, from the state's own: `Output/lines[0]/sku`.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The expression without `{%` and `%}`.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }
}
