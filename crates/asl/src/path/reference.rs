//! Reference paths: the paths that name exactly one place, so that a value can be written there (`ResultPath`).

use std::fmt;

use crate::Value;

use super::evaluate::position;
use super::segment::{Segment, normalized};
use super::{JsonPath, PathError, type_name};

/// A path of names and single indices.
///
/// ```
/// use asl::path::ReferencePath;
/// use serde_json::json;
///
/// let order = json!({"orderId": "o-1"}).into();
/// let paid = ReferencePath::parse("$.payment.status")?.put(&order, "PAID".into())?;
/// assert_eq!(paid, json!({"orderId": "o-1", "payment": {"status": "PAID"}}));
/// # Ok::<(), asl::path::PathError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReferencePath {
    path: JsonPath,
}

impl ReferencePath {
    /// Reads a reference path.
    ///
    /// # Errors
    /// [`PathError::Syntax`] when it is not a path at all, [`PathError::NotAReference`] when it can match more than
    /// one place, counts from the end of an array or calls a function.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let path = JsonPath::parse(text)?;
        let single = path.segments.iter().all(|segment| match segment {
            Segment::Name(_) => true,
            Segment::Index(index) => *index >= 0,
            Segment::Names(_)
            | Segment::Indices(_)
            | Segment::Slice { .. }
            | Segment::Wildcard
            | Segment::Descendants
            | Segment::Filter(_)
            | Segment::Function(_) => false,
        });
        if single {
            Ok(Self { path })
        } else {
            Err(PathError::NotAReference)
        }
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.path.as_str()
    }

    /// Whether this is `$` alone, which stands for the whole value.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.path.is_root()
    }

    /// The same path, for reading.
    #[must_use]
    pub fn as_json_path(&self) -> &JsonPath {
        &self.path
    }

    /// The same value with another one where the path points, and with the objects on the way that are not there. An element
    /// of an array is replaced only where there is one.
    ///
    /// # Errors
    /// [`PathError::NotWritable`] when a value in the way is not an object, or not an array with that element.
    pub fn put(&self, target: &Value, value: Value) -> Result<Value, PathError> {
        self.put_from(0, Some(target), value)
    }

    /// As [`put`](Self::put), from what the first `at` steps lead to, if there is something.
    fn put_from(&self, at: usize, place: Option<&Value>, value: Value) -> Result<Value, PathError> {
        let in_the_way = |found| PathError::NotWritable {
            path: normalized(&self.path.segments[..at]),
            found,
        };
        match (self.path.segments.get(at), place) {
            (None, _) => Ok(value),
            (Some(Segment::Name(name)), Some(Value::Object(object))) => {
                let inner = self.put_from(at + 1, object.get(name), value)?;
                Ok(object.with(name, inner).into())
            }
            (Some(Segment::Name(name)), None) => {
                let inner = self.put_from(at + 1, None, value)?;
                Ok([(&**name, inner)].into())
            }
            (Some(Segment::Index(index)), Some(Value::Array(list))) => {
                let place = position(*index, list.len());
                let (place, element) = place
                    .and_then(|place| Some((place, list.get(place)?)))
                    .ok_or_else(|| in_the_way("an array without that element"))?;
                let inner = self.put_from(at + 1, Some(element), value)?;
                let list = list.with(place, inner);
                list.map(Value::Array)
                    .ok_or_else(|| in_the_way("an array without that element"))
            }
            (Some(Segment::Index(_)), None) => Err(in_the_way("no array")),
            (Some(_), Some(other)) => Err(in_the_way(type_name(other))),
            (Some(_), None) => Err(PathError::NotAReference),
        }
    }
}

impl fmt::Display for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}
