//! Paths into JSON values: the dialect of JSONPath that Step Functions accepts (Jayway's), for reading with
//! [`JsonPath`], and the narrower reference paths for writing with [`ReferencePath`].
//!
//! A path is parsed once, when a definition is loaded, and evaluated many times. A *definite* path (names and single
//! indices only) gives the value it points at, borrowed, or an error; an *indefinite* one (wildcards, slices, unions,
//! `..`, filters) gives an array of what it matched, which may be empty.
//!
//! Both sides of an evaluation may be hostile: text is bounded by [`MAX_TEXT_BYTES`] and [`MAX_NESTING`], and an
//! evaluation by [`MAX_VISITS`] visited nodes and [`MAX_RESULT_UNITS`] of result, so `$..*..*..*` over a deep document
//! ends with [`PathError::TooComplex`] after bounded work. Regular expressions in filters run in linear time.
//!
//! What a path is applied to (the input, `$$` the context, `$name` a variable) is decided in
//! [`payload`](crate::payload); here every path starts at one root.

mod cursor;
pub(crate) mod decimal;
mod evaluate;
mod filter;
mod filter_parse;
mod function;
mod parse;
mod reference;
mod segment;

use std::borrow::Cow;
use std::fmt;

use crate::Value;
use thiserror::Error;

pub(crate) use cursor::Cursor;
pub use reference::ReferencePath;

use segment::Segment;

/// The longest path text that is accepted, in bytes.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// How deep parentheses, filters inside filters and literals inside a path may nest.
pub const MAX_NESTING: usize = 20;
/// How many nodes of the value one evaluation may visit.
pub const MAX_VISITS: usize = 1_000_000;
/// How large the array made by an indefinite path may be, in units: one for each value and one for each byte of its
/// keys and strings. It is well above what a 256 KiB payload can hold.
pub const MAX_RESULT_UNITS: usize = 1024 * 1024;

/// Why a path could not be read, or gave nothing. The texts are those of the library behind Step Functions where it
/// has one, for they end up in the cause of a failed execution.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// The text is not a path of this dialect.
    #[error("{problem} at position {position}")]
    Syntax {
        /// What is wrong, and what would be right.
        problem: String,
        /// Where, as a byte offset into the text.
        position: usize,
    },
    /// The path uses something that a reference path may not: a wildcard, a slice, a filter, `..` or a function.
    #[error("a reference path must point at exactly one place, with names and single indices only")]
    NotAReference,
    /// A definite path points at something that is not there.
    #[error("No results for path: {path}")]
    NotFound {
        /// The path in bracket notation.
        path: String,
    },
    /// A step before the last one of a definite path is not there.
    #[error("Missing property in path {path}")]
    MissingProperty {
        /// The path up to and including the missing step, in bracket notation.
        path: String,
    },
    /// A name was applied to something that is not an object.
    #[error("Expected to find an object with property ['{property}'] in path {path} but found '{found}'")]
    NotAnObject {
        /// The name that was looked for.
        property: String,
        /// The path up to the value, in bracket notation.
        path: String,
        /// What is there instead: `string`, `number`, `boolean`, `null` or `array`.
        found: &'static str,
    },
    /// An index was applied to something that is not an array.
    #[error("Filter: [{index}] can only be applied to arrays. Current context is: {found}")]
    NotAnArray {
        /// The index that was looked for.
        index: i64,
        /// The value that is there instead, as JSON.
        found: String,
    },
    /// The last step is an index past the end of an array that is there.
    #[error("No results for path: {path}")]
    IndexOutOfRange {
        /// The path in bracket notation.
        path: String,
    },
    /// A function at the end of the path cannot be applied to what the path found.
    #[error("{function}() cannot be applied to {found}")]
    Function {
        /// The name of the function.
        function: &'static str,
        /// What kind of value was found.
        found: &'static str,
    },
    /// The evaluation visited or produced more than it may.
    #[error("the path visits more than {MAX_VISITS} values or yields more than {MAX_RESULT_UNITS} bytes")]
    TooComplex,
    /// A reference path cannot be written through what is there.
    #[error("cannot write to {path}: {found} is in the way")]
    NotWritable {
        /// The path up to the value in the way, in bracket notation.
        path: String,
        /// What is there.
        found: &'static str,
    },
}

/// A parsed path.
///
/// ```
/// use asl::path::JsonPath;
/// use serde_json::json;
///
/// let order = json!({"lines": [{"sku": "tea", "price": 4.5}, {"sku": "cup", "price": 12}]}).into();
/// let first = JsonPath::parse("$.lines[0].sku")?;
/// assert_eq!(*first.evaluate(&order)?, json!("tea"));
/// let dear = JsonPath::parse("$.lines[?(@.price > 10)].sku")?;
/// assert_eq!(*dear.evaluate(&order)?, json!(["cup"]));
/// # Ok::<(), asl::path::PathError>(())
/// ```
#[derive(Debug, Clone)]
pub struct JsonPath {
    text: Box<str>,
    segments: Box<[Segment]>,
    /// Whether its steps are names alone, as nearly all are: then they are simply followed.
    plain: bool,
}

impl JsonPath {
    /// Reads a path that starts with `$`.
    ///
    /// # Errors
    /// [`PathError::Syntax`] when the text is not a path of this dialect, nests too deeply or is too long.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let segments = parse::parse_path(text)?;
        Ok(Self {
            text: text.into(),
            plain: segments.iter().all(|step| matches!(step, Segment::Name(_))),
            segments: segments.into(),
        })
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the path can match one value at most, so that it gives that value and not an array.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        self.segments.iter().all(Segment::is_definite)
    }

    /// Whether this is `$` alone.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// Finds what the path points at in `root`.
    ///
    /// # Errors
    /// When the path is definite and a step of it is not there or of the wrong type; when a function at its end does
    /// not apply; [`PathError::TooComplex`] when the limits of this module are passed.
    pub fn evaluate<'v>(&self, root: &'v Value) -> Result<Cow<'v, Value>, PathError> {
        if self.plain
            && let Some(found) = evaluate::follow_names(&self.segments, root)
        {
            return Ok(Cow::Borrowed(found));
        }
        evaluate::evaluate(&self.segments, root)
    }

    /// The path in bracket notation: `$['error-info'][0]`.
    #[must_use]
    pub fn normalized(&self) -> String {
        segment::normalized(&self.segments)
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for JsonPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The JSON type of a value, as messages name it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests;
