//! Applies the steps of a path to a value, within bounds.

use std::borrow::Cow;

use crate::Value;

use super::segment::{Segment, normalized};
use super::{MAX_RESULT_UNITS, MAX_VISITS, PathError, type_name};

/// What one evaluation may still do.
pub(super) struct Budget {
    visits: usize,
    units: usize,
}

impl Budget {
    fn new() -> Self {
        Self {
            visits: MAX_VISITS,
            units: MAX_RESULT_UNITS,
        }
    }

    pub(super) fn visit(&mut self, count: usize) -> Result<(), PathError> {
        self.visits = self.visits.checked_sub(count).ok_or(PathError::TooComplex)?;
        Ok(())
    }

    /// Charges for looking at a value and everything in it.
    pub(super) fn visit_all(&mut self, value: &Value) -> Result<(), PathError> {
        match value {
            Value::Array(list) => list.iter().try_for_each(|item| self.visit_all(item))?,
            Value::Object(object) => object.values().try_for_each(|item| self.visit_all(item))?,
            Value::String(text) => self.visit(text.len() / 64)?,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        self.visit(1)
    }

    /// Charges for a copy of a value in the result.
    fn copy(&mut self, value: &Value) -> Result<(), PathError> {
        let own = match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 1,
            Value::String(text) => 1 + text.len(),
            Value::Array(list) => {
                list.iter().try_for_each(|item| self.copy(item))?;
                1
            }
            Value::Object(object) => {
                for (key, item) in object {
                    self.units = self.units.checked_sub(key.len()).ok_or(PathError::TooComplex)?;
                    self.copy(item)?;
                }
                1
            }
        };
        self.units = self.units.checked_sub(own).ok_or(PathError::TooComplex)?;
        Ok(())
    }
}

/// Finds what the steps lead to from `root`.
pub(super) fn evaluate<'v>(segments: &[Segment], root: &'v Value) -> Result<Cow<'v, Value>, PathError> {
    select(segments, root, root, &mut Budget::new())
}

/// What names alone lead to; `None` when they lead nowhere, which [`evaluate`] has the words for.
pub(super) fn follow_names<'v>(names: &[Segment], root: &'v Value) -> Option<&'v Value> {
    names.iter().try_fold(root, |node, step| match step {
        Segment::Name(name) => node.get(name),
        _ => None,
    })
}

/// Finds what the steps lead to from `start`, a part of the value at `root`.
pub(super) fn select<'v>(
    segments: &[Segment],
    start: &'v Value,
    root: &'v Value,
    budget: &mut Budget,
) -> Result<Cow<'v, Value>, PathError> {
    let (steps, function) = match segments.split_last() {
        Some((Segment::Function(function), steps)) => (steps, Some(*function)),
        _ => (segments, None),
    };
    let found = if steps.iter().all(Segment::is_definite) {
        Cow::Borrowed(follow(steps, start, budget)?)
    } else {
        let nodes = collect(steps, start, root, budget)?;
        nodes.iter().try_for_each(|node| budget.copy(node))?;
        Cow::Owned(nodes.into_iter().cloned().collect())
    };
    match function {
        Some(function) => function.apply(&found).map(Cow::Owned),
        None => Ok(found),
    }
}

/// Where an index points in an array of `length` elements; negative ones count from the end.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    let position = match usize::try_from(index) {
        Ok(position) => position,
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
    };
    (position < length).then_some(position)
}

/// Follows names and indices, one value at a time.
fn follow<'v>(steps: &[Segment], start: &'v Value, budget: &mut Budget) -> Result<&'v Value, PathError> {
    budget.visit(steps.len())?;
    let mut node = start;
    for (at, step) in steps.iter().enumerate() {
        node = match step {
            Segment::Name(name) => member(node, name, steps, at)?,
            Segment::Index(index) => element(node, *index, steps, at)?,
            Segment::Names(_)
            | Segment::Indices(_)
            | Segment::Slice { .. }
            | Segment::Wildcard
            | Segment::Descendants
            | Segment::Filter(_)
            | Segment::Function(_) => {
                return Err(PathError::NotFound {
                    path: normalized(steps),
                });
            }
        };
    }
    Ok(node)
}

fn member<'v>(node: &'v Value, name: &str, steps: &[Segment], at: usize) -> Result<&'v Value, PathError> {
    let Value::Object(object) = node else {
        return Err(PathError::NotAnObject {
            property: name.to_owned(),
            path: normalized(&steps[..at]),
            found: type_name(node),
        });
    };
    object.get(name).ok_or_else(|| {
        let path = normalized(&steps[..=at]);
        if at + 1 == steps.len() {
            PathError::NotFound { path }
        } else {
            PathError::MissingProperty { path }
        }
    })
}

fn element<'v>(node: &'v Value, index: i64, steps: &[Segment], at: usize) -> Result<&'v Value, PathError> {
    let Value::Array(list) = node else {
        let mut found = node.to_string();
        if let Some((cut, _)) = found.char_indices().nth(200) {
            found.truncate(cut);
        }
        return Err(PathError::NotAnArray { index, found });
    };
    position(index, list.len())
        .and_then(|position| list.get(position))
        .ok_or_else(|| {
            let path = normalized(&steps[..=at]);
            if at + 1 == steps.len() {
                PathError::IndexOutOfRange { path }
            } else {
                PathError::NotFound { path }
            }
        })
}

/// Applies each step to every value that the steps before it found, in document order.
fn collect<'v>(
    steps: &[Segment],
    start: &'v Value,
    root: &'v Value,
    budget: &mut Budget,
) -> Result<Vec<&'v Value>, PathError> {
    let mut nodes = vec![start];
    for step in steps {
        let mut next = Vec::new();
        if matches!(step, Segment::Descendants) {
            nodes
                .iter()
                .try_for_each(|node| descend(node, &mut next, budget))?;
        } else {
            nodes
                .iter()
                .try_for_each(|node| apply(step, node, root, &mut next, budget))?;
        }
        nodes = next;
    }
    Ok(nodes)
}

/// The value itself and then everything below it.
fn descend<'v>(node: &'v Value, found: &mut Vec<&'v Value>, budget: &mut Budget) -> Result<(), PathError> {
    budget.visit(1)?;
    found.push(node);
    match node {
        Value::Array(list) => list.iter().try_for_each(|item| descend(item, found, budget)),
        Value::Object(object) => object.values().try_for_each(|item| descend(item, found, budget)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn apply<'v>(
    step: &Segment,
    node: &'v Value,
    root: &'v Value,
    found: &mut Vec<&'v Value>,
    budget: &mut Budget,
) -> Result<(), PathError> {
    let before = found.len();
    match (step, node) {
        (Segment::Name(name), Value::Object(object)) => found.extend(object.get(name)),
        (Segment::Names(names), Value::Object(object)) => {
            found.extend(names.iter().filter_map(|name| object.get(name)));
        }
        (Segment::Index(index), Value::Array(list)) => {
            found.extend(position(*index, list.len()).and_then(|at| list.get(at)));
        }
        (Segment::Indices(indices), Value::Array(list)) => {
            found.extend(
                indices
                    .iter()
                    .filter_map(|index| list.get(position(*index, list.len())?)),
            );
        }
        (Segment::Slice { start, end }, Value::Array(list)) => {
            let bound = |bound: i64| match usize::try_from(bound) {
                Ok(bound) => bound.min(list.len()),
                Err(_) => position(bound, list.len()).unwrap_or(0),
            };
            let (start, end) = (start.map_or(0, bound), end.map_or(list.len(), bound));
            found.extend(list.get(start..end).unwrap_or_default());
        }
        (Segment::Wildcard, Value::Object(object)) => found.extend(object.values()),
        (Segment::Wildcard, Value::Array(list)) => found.extend(list),
        (Segment::Filter(filter), Value::Array(list)) => {
            for item in list {
                budget.visit(1)?;
                if filter.accepts(item, root, budget)? {
                    found.push(item);
                }
            }
        }
        (Segment::Filter(filter), Value::Object(_)) => {
            if filter.accepts(node, root, budget)? {
                found.push(node);
            }
        }
        (Segment::Descendants, node) => descend(node, found, budget)?,
        (
            Segment::Name(_)
            | Segment::Names(_)
            | Segment::Index(_)
            | Segment::Indices(_)
            | Segment::Slice { .. }
            | Segment::Wildcard
            | Segment::Filter(_)
            | Segment::Function(_),
            _,
        ) => {}
    }
    budget.visit(1 + found.len() - before)
}
