//! Paths by what they are applied to: the input, the context object or a variable.

use std::borrow::Cow;

use crate::Value;

use super::error::quoted;
use super::{EvaluationError, ExpressionError, Scope};
use crate::path::{JsonPath, PathError};

/// What a path is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `$`: the input of the state, or its result where the field works on that.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a workflow variable.
    Variable(String),
}

/// A path together with what it is applied to: `$.orderId`, `$$.Execution.Id`, `$total.amount`.
#[derive(Debug, Clone)]
pub struct Selector {
    text: Box<str>,
    source: Source,
    path: JsonPath,
}

impl Selector {
    /// Reads a path that starts with `$`, `$$` or `$name`.
    ///
    /// # Errors
    /// [`ExpressionError`] when it does not, or when the rest is no path.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let rest = text.strip_prefix('$').ok_or(ExpressionError::NotAnExpression)?;
        let (source, rest) = if let Some(rest) = rest.strip_prefix('$') {
            (Source::Context, rest)
        } else {
            let end = rest.find(|c: char| !is_name_character(c)).unwrap_or(rest.len());
            match rest.split_at(end) {
                ("", rest) => (Source::Input, rest),
                (name, rest) => (Source::Variable(name.to_owned()), rest),
            }
        };
        let path = match source {
            Source::Input => JsonPath::parse(text),
            Source::Context | Source::Variable(_) => JsonPath::parse(&format!("${rest}")),
        };
        Ok(Self {
            text: text.into(),
            source,
            path: path.map_err(ExpressionError::Path)?,
        })
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the path is applied to.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The path from there.
    #[must_use]
    pub fn path(&self) -> &JsonPath {
        &self.path
    }

    /// Finds what the path points at.
    ///
    /// # Errors
    /// [`EvaluationError::PathNotFound`], [`EvaluationError::VariableNotFound`] or [`EvaluationError::TooComplex`].
    pub fn evaluate<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, EvaluationError> {
        let root = match &self.source {
            Source::Input => scope.input,
            Source::Context => scope.context,
            Source::Variable(name) => {
                scope
                    .variables
                    .get(name.as_str())
                    .ok_or_else(|| EvaluationError::VariableNotFound {
                        name: name.clone(),
                        field: String::new(),
                    })?
            }
        };
        self.path.evaluate(root).map_err(|problem| match problem {
            PathError::TooComplex => EvaluationError::TooComplex {
                expression: self.text.to_string(),
                problem: problem.to_string(),
            },
            problem => EvaluationError::PathNotFound {
                path: self.reported_path().to_owned(),
                field: String::new(),
                input: quoted(root),
                problem: Box::new(problem),
            },
        })
    }

    /// The path as errors name it: one into the context object is named as if from `$`.
    pub(crate) fn reported_path(&self) -> &str {
        match self.source {
            Source::Context => self.path.as_str(),
            Source::Input | Source::Variable(_) => &self.text,
        }
    }
}

/// Whether a variable's name may contain this character.
fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
