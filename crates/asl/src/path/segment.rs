//! The steps of a parsed path, and their bracket notation.

use std::fmt::Write;

use super::filter::Filter;
use super::function::Function;

/// One step of a path.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// `.name` or `['name']`.
    Name(Box<str>),
    /// `['a', 'b']`.
    Names(Box<[Box<str>]>),
    /// `[3]` or `[-1]`, counted from the end when negative.
    Index(i64),
    /// `[0, 2]`.
    Indices(Box<[i64]>),
    /// `[start:end]`, either end open; counted from the end when negative.
    Slice { start: Option<i64>, end: Option<i64> },
    /// `.*` or `[*]`.
    Wildcard,
    /// `..`: the value itself and everything below it, to which the next step is applied.
    Descendants,
    /// `[?(…)]`.
    Filter(Box<Filter>),
    /// `.length()` and its like; only at the end.
    Function(Function),
}

impl Segment {
    /// Whether this step leads from one value to one value at most.
    pub(super) fn is_definite(&self) -> bool {
        match self {
            Self::Name(_) | Self::Index(_) | Self::Function(_) => true,
            Self::Names(_)
            | Self::Indices(_)
            | Self::Slice { .. }
            | Self::Wildcard
            | Self::Descendants
            | Self::Filter(_) => false,
        }
    }

    fn write_to(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Name(name) => write!(out, "['{name}']"),
            Self::Names(names) => write!(out, "['{}']", names.join("','")),
            Self::Index(index) => write!(out, "[{index}]"),
            Self::Indices(indices) => {
                let indices: Vec<String> = indices.iter().map(i64::to_string).collect();
                write!(out, "[{}]", indices.join(","))
            }
            Self::Slice { start, end } => {
                let bound = |bound: &Option<i64>| bound.map_or(String::new(), |bound| bound.to_string());
                write!(out, "[{}:{}]", bound(start), bound(end))
            }
            Self::Wildcard => write!(out, "[*]"),
            Self::Descendants => write!(out, ".."),
            Self::Filter(_) => write!(out, "[?]"),
            Self::Function(function) => write!(out, ".{}()", function.name()),
        };
    }
}

/// The steps in bracket notation, from `$`.
pub(super) fn normalized(segments: &[Segment]) -> String {
    let mut out = String::from("$");
    for segment in segments {
        segment.write_to(&mut out);
    }
    out
}
