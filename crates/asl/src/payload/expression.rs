//! One expression: a path or an intrinsic function.

use std::borrow::Cow;

use crate::Value;

use super::{Chance, EvaluationError, ExpressionError, Scope, Selector};
use crate::intrinsic::Intrinsic;
use crate::path::PathError;

/// What a key ending in `.$` holds, and a field such as `ErrorPath`.
///
/// ```
/// use asl::payload::{Expression, Scope, Variables};
/// use serde_json::json;
///
/// let (input, context, variables) = (json!({"name": "Ada"}).into(), json!({}).into(), Variables::new());
/// let scope = Scope { input: &input, context: &context, variables: &variables, seed: 1 };
/// let greeting = Expression::parse("States.Format('Hello, {}!', $.name)")?;
/// assert_eq!(greeting.evaluate(&scope)?, json!("Hello, Ada!"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub enum Expression {
    /// A path into the input, the context object or a variable.
    Path(Selector),
    /// A call of an intrinsic function.
    Intrinsic(Intrinsic),
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ExpressionError`] when the text is neither a path nor an intrinsic function that exists.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.starts_with('$') {
            Selector::parse(text).map(Self::Path)
        } else if text.starts_with("States.") {
            Intrinsic::parse(text)
                .map(Self::Intrinsic)
                .map_err(ExpressionError::Intrinsic)
        } else {
            Err(ExpressionError::NotAnExpression)
        }
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Path(selector) => selector.as_str(),
            Self::Intrinsic(intrinsic) => intrinsic.as_str(),
        }
    }

    /// The value of the expression.
    ///
    /// # Errors
    /// [`EvaluationError`] when a path leads nowhere, a function does not take its arguments or a limit is passed.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        self.evaluate_borrowed(scope).map(Cow::into_owned)
    }

    /// The value of the expression, borrowed from the scope where it is there as it stands.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_borrowed<'a>(&'a self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, EvaluationError> {
        self.evaluate_with(scope, &Chance::new(scope.seed))
    }

    pub(super) fn evaluate_with<'a>(
        &'a self,
        scope: &Scope<'a>,
        chance: &Chance,
    ) -> Result<Cow<'a, Value>, EvaluationError> {
        match self {
            Self::Path(selector) => selector.evaluate(scope),
            Self::Intrinsic(intrinsic) => intrinsic.evaluate(scope, chance),
        }
    }

    /// The value as a part of a larger result, if there is room for it.
    pub(super) fn allowed(&self, value: Cow<'_, Value>, chance: &Chance) -> Result<Value, EvaluationError> {
        if chance.allowance.take(&value) {
            Ok(value.into_owned())
        } else {
            let problem = "the result is larger than a payload may be".to_owned();
            Err(EvaluationError::TooComplex {
                expression: self.as_str().to_owned(),
                problem,
            })
        }
    }

    /// As [`evaluate_with`](Self::evaluate_with), but an index past the end of an array that is there gives null, as
    /// it does in the payload templates of Step Functions.
    pub(super) fn evaluate_in_template<'a>(
        &'a self,
        scope: &Scope<'a>,
        chance: &Chance,
    ) -> Result<Cow<'a, Value>, EvaluationError> {
        match self.evaluate_with(scope, chance) {
            Err(EvaluationError::PathNotFound { problem, .. })
                if matches!(*problem, PathError::IndexOutOfRange { .. }) =>
            {
                Ok(Cow::Owned(Value::Null))
            }
            other => other,
        }
    }
}
