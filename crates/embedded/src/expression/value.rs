//! Attributes and values as expressions see them: looked up, typed and compared.

use std::borrow::Cow;
use std::cmp::Ordering;

use asl::value::Object;
use serde_json::Value;

use super::error::ExpressionError;
use super::number::decimal;
use crate::item;

/// What the placeholder stands for, as a plain value. The caller made sure that it is there.
pub(super) fn lookup<'v>(values: &Object, name: &str) -> Result<Cow<'v, Value>, ExpressionError> {
    let value = values.get(name).unwrap_or(&asl::Value::Null);
    let plain = item::from_attribute_value(value).map_err(|source| ExpressionError::BadValue {
        name: name.to_owned(),
        source,
    });
    plain.map(Cow::Owned)
}

/// DynamoDB's name for the value's type.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "S",
        Value::Number(_) => "N",
        Value::Bool(_) => "BOOL",
        Value::Null => "NULL",
        Value::Array(_) => "L",
        Value::Object(_) => "M",
    }
}

/// Whether both are the same, numbers by value and not by their text.
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool, ExpressionError> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Ok(a.as_str() == b.as_str() || decimal(a)? == decimal(b)?),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .try_fold(true, |same, (a, b)| Ok(same && equal(a, b)?)),
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().try_fold(true, |same, (key, a)| {
                Ok(same && b.get(key).map_or(Ok(false), |b| equal(a, b))?)
            })
        }
        (Value::Array(_) | Value::Object(_), _) => Ok(false),
        (Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null, _) => Ok(a == b),
    }
}

/// How both sort; `None` when they are of different types or of one that has no order.
pub(super) fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, ExpressionError> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Ok(Some(a.as_bytes().cmp(b.as_bytes()))),
        (Value::Number(a), Value::Number(b)) => Ok(Some(decimal(a)?.cmp(&decimal(b)?))),
        _ => Ok(None),
    }
}
