//! What can go wrong with an expression: when it is read, and when it is evaluated.

use crate::Value;
use thiserror::Error;

use crate::intrinsic::IntrinsicError;
use crate::path::PathError;

/// How much of an input is repeated in an error, in bytes; a cause has room for 32,768 characters.
const MAX_QUOTED_BYTES: usize = 30_000;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionError {
    /// It is neither a path nor an intrinsic function.
    #[error("an expression starts with `$` or is an intrinsic function such as States.Format(…)")]
    NotAnExpression,
    /// It begins as a path but is none.
    #[error("invalid path: {0}")]
    Path(PathError),
    /// It begins as an intrinsic function but is none.
    #[error("invalid intrinsic function: {0}")]
    Intrinsic(IntrinsicError),
}

/// Why an expression gave no value. `Display` gives the cause that Step Functions reports, without the part that
/// names the state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// A path leads nowhere.
    #[error(
        "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{input}'"
    )]
    PathNotFound {
        /// The path as written, and a path into the context object as a path from `$`.
        path: String,
        /// The field that holds the path, with its `.$`; empty until [`in_field`](Self::in_field) says it.
        field: String,
        /// What the path was applied to, as JSON.
        input: String,
        /// Where the path ended.
        problem: Box<PathError>,
    },
    /// A variable has no value here.
    #[error("The variable '${name}' specified for the field '{field}' has not been assigned a value")]
    VariableNotFound {
        /// The name of the variable, without `$`.
        name: String,
        /// The field that refers to it; empty until [`in_field`](Self::in_field) says it.
        field: String,
    },
    /// An argument of an intrinsic function leads nowhere.
    #[error(
        "The function '{function}' had the following error: The JsonPath argument for the field '{path}' could not \
         be found in the input '{input}'"
    )]
    ArgumentNotFound {
        /// The whole expression as written.
        function: String,
        /// The path of the argument.
        path: String,
        /// The state's input, as JSON.
        input: String,
    },
    /// An intrinsic function does not take its arguments.
    #[error("The function '{function}' had the following error: {problem}")]
    Intrinsic {
        /// The whole expression as written.
        function: String,
        /// What is wrong with its arguments.
        problem: String,
    },
    /// The evaluation passed a limit on its work or its result.
    #[error("The expression '{expression}' is too complex: {problem}")]
    TooComplex {
        /// The expression as written.
        expression: String,
        /// Which limit.
        problem: String,
    },
}

impl EvaluationError {
    /// The name of the error, as retriers and catchers see it. The language's specification has names of their own
    /// for some of these (`States.ParameterPathFailure`, `States.IntrinsicFailure`); what Step Functions reports is
    /// `States.Runtime` for all of them, and that decides whether `States.ALL` catches it.
    #[must_use]
    pub fn error_name(&self) -> &'static str {
        match self {
            Self::PathNotFound { .. }
            | Self::VariableNotFound { .. }
            | Self::ArgumentNotFound { .. }
            | Self::Intrinsic { .. }
            | Self::TooComplex { .. } => "States.Runtime",
        }
    }

    /// The same error, naming the field that the expression was written in.
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        match &mut self {
            Self::PathNotFound { field, .. } | Self::VariableNotFound { field, .. } => name.clone_into(field),
            Self::ArgumentNotFound { .. } | Self::Intrinsic { .. } | Self::TooComplex { .. } => {}
        }
        self
    }

    /// The words for a field that is a path itself, such as `InputPath`:
    /// `Invalid path '$.x' : No results for path: $['x']`.
    #[must_use]
    pub fn as_invalid_path(&self) -> String {
        match self {
            Self::PathNotFound { path, problem, .. } => format!("Invalid path '{path}' : {problem}"),
            other => other.to_string(),
        }
    }
}

/// A value as JSON, cut to what fits in a cause.
pub(crate) fn quoted(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > MAX_QUOTED_BYTES {
        let cut = (0..=MAX_QUOTED_BYTES)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(cut);
        text.push('…');
    }
    text
}
