//! Functions at the end of a path: `$.lines.length()`.

use crate::Value;
use crate::value::Number;

use super::cursor::Cursor;
use super::parse::parse_integer;
use super::{PathError, decimal, type_name};

/// A function of what the path before it found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    Length,
    Keys,
    First,
    Last,
    Index(i64),
    Min,
    Max,
    Sum,
    Average,
    StandardDeviation,
}

impl Function {
    /// Reads the parentheses after the name of a function.
    pub(super) fn parse(name: &str, cursor: &mut Cursor<'_>) -> Result<Self, PathError> {
        let unknown = cursor.error(format!(
            "unknown function `{name}()`; there are length, size, keys, first, last, index, min, max, sum, avg and \
             stddev"
        ));
        cursor.expect("(")?;
        cursor.skip_spaces();
        let function = match name {
            "length" | "size" => Self::Length,
            "keys" => Self::Keys,
            "first" => Self::First,
            "last" => Self::Last,
            "index" => Self::Index(parse_integer(cursor)?.ok_or_else(|| cursor.error("expected an index"))?),
            "min" => Self::Min,
            "max" => Self::Max,
            "sum" => Self::Sum,
            "avg" => Self::Average,
            "stddev" => Self::StandardDeviation,
            _ => return Err(unknown),
        };
        cursor.skip_spaces();
        cursor.expect(")")?;
        Ok(function)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Keys => "keys",
            Self::First => "first",
            Self::Last => "last",
            Self::Index(_) => "index",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::StandardDeviation => "stddev",
        }
    }

    /// Applies the function. Sums, averages and deviations are computed in binary floating point, as the dialect
    /// prescribes; the least and the greatest number are given as they stand.
    pub(super) fn apply(self, value: &Value) -> Result<Value, PathError> {
        let refused = || PathError::Function {
            function: self.name(),
            found: type_name(value),
        };
        let elements = || value.as_array().ok_or_else(refused);
        let result = match self {
            Self::Length => match value {
                Value::Array(list) => Some(list.len().into()),
                Value::Object(object) => Some(object.len().into()),
                Value::String(text) => Some(text.chars().count().into()),
                Value::Null | Value::Bool(_) | Value::Number(_) => None,
            },
            Self::Keys => value
                .as_object()
                .map(|object| object.keys().cloned().map(Value::from).collect()),
            Self::First => elements()?.first().cloned(),
            Self::Last => elements()?.last().cloned(),
            Self::Index(index) => {
                let elements = elements()?;
                super::evaluate::position(index, elements.len())
                    .and_then(|at| elements.get(at))
                    .cloned()
            }
            Self::Min => numbers(elements()?)
                .min_by(|a, b| decimal::compare(a, b))
                .cloned()
                .map(Value::Number),
            Self::Max => numbers(elements()?)
                .max_by(|a, b| decimal::compare(a, b))
                .cloned()
                .map(Value::Number),
            Self::Sum => float(floats(elements()?).sum()),
            Self::Average => average(&floats(elements()?).collect::<Vec<_>>()).and_then(float),
            Self::StandardDeviation => deviation(&floats(elements()?).collect::<Vec<_>>()).and_then(float),
        };
        result.ok_or_else(refused)
    }
}

fn numbers(list: &[Value]) -> impl Iterator<Item = &Number> {
    list.iter().filter_map(|item| match item {
        Value::Number(number) => Some(number),
        _ => None,
    })
}

fn floats(list: &[Value]) -> impl Iterator<Item = f64> {
    numbers(list).filter_map(Number::as_f64)
}

fn float(value: f64) -> Option<Value> {
    Number::from_f64(value).map(Value::Number)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a list has far fewer than 2^52 elements"
)]
fn average(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn deviation(values: &[f64]) -> Option<f64> {
    let mean = average(values)?;
    let squares: Vec<f64> = values.iter().map(|value| (value - mean).powi(2)).collect();
    average(&squares).map(f64::sqrt)
}
