//! A call that has been read, and its evaluation.

use std::borrow::Cow;

use crate::Value;
use crate::value::{Array, Number};

use super::format::FormatTemplate;
use super::function::Function;
use super::{array, data, math};
use crate::payload::{Chance, EvaluationError, Scope, Selector};

/// One call and its arguments.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) function: Function,
    pub(super) arguments: Vec<Argument>,
}

/// What a function is given.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    Literal(Value),
    /// The template of `States.Format` when it is a literal, read beforehand.
    Format(FormatTemplate),
    Path(Selector),
    Call(Box<Call>),
}

/// Why a call gave no value.
pub(super) enum Failure {
    /// An argument's path leads nowhere.
    Missing { path: String },
    /// A variable has no value.
    Variable { name: String },
    /// The function does not take these arguments.
    Arguments { function: Function, detail: String },
    /// Anything else that a path can fail with.
    Other(EvaluationError),
}

impl Failure {
    /// The error of the whole expression.
    pub(super) fn into_error(self, expression: &str, scope: &Scope<'_>) -> EvaluationError {
        match self {
            Self::Missing { path } => EvaluationError::ArgumentNotFound {
                function: expression.to_owned(),
                path,
                input: crate::payload::quoted(scope.input),
            },
            Self::Variable { name } => EvaluationError::Intrinsic {
                function: expression.to_owned(),
                problem: format!("The variable '${name}' has not been assigned a value"),
            },
            Self::Arguments { function, detail } => EvaluationError::Intrinsic {
                function: expression.to_owned(),
                problem: format!("Invalid arguments in States.{}: {detail}", function.name()),
            },
            Self::Other(error) => error,
        }
    }
}

/// The arguments of a call, evaluated. What is wrong with one is said as a sentence of its own.
pub(super) struct Arguments<'a> {
    values: Vec<Cow<'a, Value>>,
}

impl<'a> Arguments<'a> {
    pub(super) fn value(&self, at: usize) -> Result<&Value, String> {
        self.values
            .get(at)
            .map(AsRef::as_ref)
            .ok_or_else(|| format!("argument {} is missing", at + 1))
    }

    pub(super) fn text(&self, at: usize) -> Result<&str, String> {
        self.value(at)?
            .as_str()
            .ok_or_else(|| format!("argument {} must be a string", at + 1))
    }

    pub(super) fn list(&self, at: usize) -> Result<&Array, String> {
        self.value(at)?
            .as_array()
            .ok_or_else(|| format!("argument {} must be an array", at + 1))
    }

    pub(super) fn number(&self, at: usize) -> Result<&Number, String> {
        match self.value(at)? {
            Value::Number(number) => Ok(number),
            _ => Err(format!("argument {} must be a number", at + 1)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values after the first `skipped` ones.
    pub(super) fn rest(&self, skipped: usize) -> impl ExactSizeIterator<Item = &Value> {
        self.values.iter().skip(skipped).map(AsRef::as_ref)
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = Value> {
        self.values.into_iter().map(Cow::into_owned)
    }
}

impl Call {
    pub(super) fn evaluate(&self, scope: &Scope<'_>, chance: &Chance) -> Result<Value, Failure> {
        let (template, arguments) = match self.arguments.split_first() {
            Some((Argument::Format(template), rest)) => (Some(template), rest),
            _ => (None, &self.arguments[..]),
        };
        let values = arguments
            .iter()
            .map(|argument| argument.evaluate(scope, chance))
            .collect::<Result<Vec<_>, _>>()?;
        // The other functions give no more than they are given, or have bounds of their own.
        let gathers = matches!(self.function, Function::Array | Function::Format);
        if gathers && !values.iter().all(|value| chance.allowance.take(value)) {
            return Err(Failure::Arguments {
                function: self.function,
                detail: "together they are larger than a payload may be".to_owned(),
            });
        }
        let arguments = Arguments { values };
        let result = match template {
            Some(template) => template.fill(arguments.rest(0)),
            None => self.apply(arguments, chance),
        };
        result.map_err(|detail| Failure::Arguments {
            function: self.function,
            detail,
        })
    }

    fn apply(&self, arguments: Arguments<'_>, chance: &Chance) -> Result<Value, String> {
        match self.function {
            Function::Array => Ok(arguments.into_values().collect()),
            Function::ArrayContains => array::contains(&arguments),
            Function::ArrayGetItem => array::get_item(&arguments),
            Function::ArrayLength => Ok(arguments.list(0)?.len().into()),
            Function::ArrayPartition => array::partition(&arguments),
            Function::ArrayRange => array::range(&arguments),
            Function::ArrayUnique => array::unique(&arguments),
            Function::Base64Decode => data::base64_decode(&arguments),
            Function::Base64Encode => data::base64_encode(&arguments),
            Function::Format => FormatTemplate::parse(arguments.text(0)?)?.fill(arguments.rest(1)),
            Function::Hash => data::hash(&arguments),
            Function::JsonMerge => data::json_merge(&arguments),
            Function::JsonToString => Ok(arguments.value(0)?.to_string().into()),
            Function::MathAdd => math::add(&arguments),
            Function::MathRandom => math::random(&arguments, chance),
            Function::StringSplit => data::string_split(&arguments),
            Function::StringToJson => data::string_to_json(&arguments),
            Function::Uuid => Ok(chance.uuid().into()),
        }
    }
}

impl Argument {
    fn evaluate<'a>(&'a self, scope: &Scope<'a>, chance: &Chance) -> Result<Cow<'a, Value>, Failure> {
        match self {
            Self::Literal(value) => Ok(Cow::Borrowed(value)),
            Self::Format(template) => Ok(Cow::Owned(template.as_str().into())),
            Self::Call(call) => call.evaluate(scope, chance).map(Cow::Owned),
            Self::Path(selector) => selector.evaluate(scope).map_err(|error| match error {
                EvaluationError::PathNotFound { path, .. } => Failure::Missing { path },
                EvaluationError::VariableNotFound { name, .. } => Failure::Variable { name },
                other => Failure::Other(other),
            }),
        }
    }
}
