//! JSON as it flows through an execution: shared, never changed in place, and measured.
//!
//! A state's input becomes the next one's output, stands in the history, in a task's request and in the snapshot, and
//! most of it never changes on the way. So a [`Value`] is cheap to clone: short texts are copied, everything else is
//! counted by reference. What looks like a change makes a new object that shares all the rest with the old one.
//!
//! Objects keep their members in order, as Step Functions does, and arrays and objects know their [`Extent`], so that the
//! bound of a payload costs nothing to check. Definitions are `serde_json` values: they are read once and thrown away.

mod array;
mod convert;
mod extent;
mod number;
mod object;
#[cfg(test)]
mod tests;

/// A value as JSON writes it, for tests.
#[cfg(test)]
macro_rules! json {
    ($($json:tt)+) => { $crate::Value::from(serde_json::json!($($json)+)) };
}
#[cfg(test)]
pub(crate) use json;

use std::fmt;
use std::ops::Index;

use smol_str::SmolStr;

pub use array::Array;
pub use extent::Extent;
pub use number::Number;
pub use object::{Member, Object};

/// A JSON value.
///
/// ```
/// let order = asl::Value::from(serde_json::json!({"id": "o-1", "lines": [{"price": 4.50}]}));
/// assert_eq!(order.get("id").and_then(|id| id.as_str()), Some("o-1"));
/// assert_eq!(order.to_string(), r#"{"id":"o-1","lines":[{"price":4.5}]}"#);
/// assert_eq!(order.extent().bytes, order.to_string().len());
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the types of JSON")]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(SmolStr),
    Array(Array),
    Object(Object),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Value::Array(list) => Some(list),
            _ => None,
        }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of that name, if it is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// The length of its text as JSON and how deep it nests. Texts are looked through; arrays and objects know it.
    #[must_use]
    pub fn extent(&self) -> Extent {
        match self {
            Value::Null | Value::Bool(true) => Extent::flat(4),
            Value::Bool(false) => Extent::flat(5),
            Value::Number(number) => Extent::flat(number.as_str().len()),
            Value::String(text) => Extent::of_text(text),
            Value::Array(list) => list.extent(),
            Value::Object(object) => object.extent(),
        }
    }
}

impl Index<&str> for Value {
    type Output = Value;

    /// The member of that name, or null.
    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl fmt::Display for Value {
    /// Compact JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(self.extent().bytes);
        serde_json::to_writer(&mut text, self).map_err(|_never| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_never| fmt::Error)?)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
