//! Reference paths: the paths that name exactly one place, so that a value can be written there (`ResultPath`).

use std::fmt;

use serde_json::{Map, Value};

use super::evaluate::position;
use super::segment::{Segment, normalized};
use super::{JsonPath, PathError, type_name};

/// A path of names and single indices.
///
/// ```
/// use asl::path::ReferencePath;
/// use serde_json::json;
///
/// let mut order = json!({"orderId": "o-1"});
/// ReferencePath::parse("$.payment.status")?.set(&mut order, json!("PAID"))?;
/// assert_eq!(order, json!({"orderId": "o-1", "payment": {"status": "PAID"}}));
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

    /// Puts `value` where the path points, making the objects on the way that are not there. An element of an array
    /// is replaced only where there is one.
    ///
    /// # Errors
    /// [`PathError::NotWritable`] when a value in the way is not an object, or not an array with that element;
    /// `target` is unchanged then.
    pub fn set(&self, target: &mut Value, value: Value) -> Result<(), PathError> {
        self.check(target)?;
        let mut place = target;
        for segment in &self.path.segments {
            place = match (segment, place) {
                (Segment::Name(name), Value::Object(object)) => {
                    object.entry(&**name).or_insert_with(|| Value::Object(Map::new()))
                }
                (Segment::Index(index), Value::Array(list)) => position(*index, list.len())
                    .and_then(|at| list.get_mut(at))
                    .ok_or(PathError::NotAReference)?,
                _ => return Err(PathError::NotAReference),
            };
        }
        *place = value;
        Ok(())
    }

    /// Whether the path can be written in `target`: every step there is of the right type.
    fn check(&self, target: &Value) -> Result<(), PathError> {
        let mut place = Some(target);
        for (at, segment) in self.path.segments.iter().enumerate() {
            let in_the_way = |found| PathError::NotWritable {
                path: normalized(&self.path.segments[..at]),
                found,
            };
            place = match (segment, place) {
                (Segment::Name(_), None) => None,
                (Segment::Name(name), Some(Value::Object(object))) => object.get(&**name),
                (Segment::Index(index), Some(Value::Array(list))) => {
                    let element = position(*index, list.len()).and_then(|at| list.get(at));
                    Some(element.ok_or_else(|| in_the_way("an array without that element"))?)
                }
                (Segment::Index(_), None) => return Err(in_the_way("no array")),
                (_, Some(other)) => return Err(in_the_way(type_name(other))),
                (_, None) => return Err(PathError::NotAReference),
            };
        }
        Ok(())
    }
}

impl fmt::Display for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}
