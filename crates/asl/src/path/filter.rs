//! Filters: `[?(@.price < 10 && @.tags contains 'tea')]`, with the comparison rules of the dialect.

use crate::Value;
use crate::value::Number;
use regex::Regex;

use super::decimal;
use super::evaluate::{Budget, select};
use super::segment::Segment;
use super::{PathError, type_name};

/// A condition on one element.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// A path by itself: whether it is there. A literal by itself is taken for what it is.
    Holds(Operand),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
    Matches {
        left: Operand,
        pattern: Regex,
    },
}

/// What is compared.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    /// A path from the element at hand (`@`).
    Current(Vec<Segment>),
    /// A path from the root of the whole value (`$`).
    Root(Vec<Segment>),
    Literal(Value),
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    SameTypeEqual,
    SameTypeNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    Size,
    Empty,
    Contains,
}

impl Filter {
    /// Whether `element` of the value at `root` passes.
    pub(super) fn accepts(
        &self,
        element: &Value,
        root: &Value,
        budget: &mut Budget,
    ) -> Result<bool, PathError> {
        Ok(match self {
            Self::And(filters) => {
                for filter in filters {
                    if !filter.accepts(element, root, budget)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(filters) => {
                for filter in filters {
                    if filter.accepts(element, root, budget)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(filter) => !filter.accepts(element, root, budget)?,
            Self::Holds(Operand::Literal(value)) => *value == Value::Bool(true),
            Self::Holds(operand) => operand.find(element, root, budget)?.is_some(),
            Self::Compare {
                left,
                operator,
                right,
            } => {
                let left = left.find(element, root, budget)?;
                let right = right.find(element, root, budget)?;
                operator.holds(left.as_deref(), right.as_deref(), budget)?
            }
            Self::Matches { left, pattern } => match left.find(element, root, budget)?.as_deref() {
                Some(Value::String(text)) => {
                    budget.visit(text.len() / 64)?;
                    pattern.is_match(text)
                }
                Some(Value::Number(number)) => pattern.is_match(number.as_str()),
                _ => false,
            },
        })
    }
}

impl Operand {
    fn find<'v>(
        &'v self,
        element: &'v Value,
        root: &'v Value,
        budget: &mut Budget,
    ) -> Result<Option<std::borrow::Cow<'v, Value>>, PathError> {
        let (segments, start) = match self {
            Self::Literal(value) => return Ok(Some(std::borrow::Cow::Borrowed(value))),
            Self::Current(segments) => (segments, element),
            Self::Root(segments) => (segments, root),
        };
        match select(segments, start, root, budget) {
            Ok(found) => Ok(Some(found)),
            Err(PathError::TooComplex) => Err(PathError::TooComplex),
            Err(_) => Ok(None),
        }
    }
}

impl Operator {
    fn holds(
        self,
        left: Option<&Value>,
        right: Option<&Value>,
        budget: &mut Budget,
    ) -> Result<bool, PathError> {
        let (left, right) = match (left, right) {
            (Some(left), Some(right)) => (left, right),
            // Something that is not there equals nothing, not even null.
            (left, right) => {
                return Ok(match self {
                    Self::NotEqual | Self::SameTypeNotEqual => left.is_some() || right.is_some(),
                    Self::NotIn | Self::NoneOf => left.is_none() && right.is_some(),
                    Self::Equal | Self::SameTypeEqual => left.is_none() && right.is_none(),
                    _ => false,
                });
            }
        };
        budget.visit_all(left)?;
        budget.visit_all(right)?;
        let contains = |list: &[Value], wanted: &Value| list.iter().any(|item| loosely_equal(wanted, item));
        Ok(match self {
            Self::Equal => loosely_equal(left, right),
            Self::NotEqual => !loosely_equal(left, right),
            Self::SameTypeEqual => type_name(left) == type_name(right) && decimal::equal(left, right),
            Self::SameTypeNotEqual => type_name(left) != type_name(right) || !decimal::equal(left, right),
            Self::Less => order(left, right).is_some_and(|order| order.is_lt()),
            Self::LessOrEqual => order(left, right).is_some_and(|order| order.is_le()),
            Self::Greater => order(left, right).is_some_and(|order| order.is_gt()),
            Self::GreaterOrEqual => order(left, right).is_some_and(|order| order.is_ge()),
            Self::In => right.as_array().is_some_and(|list| contains(list, left)),
            Self::NotIn => !right.as_array().is_some_and(|list| contains(list, left)),
            Self::SubsetOf | Self::AnyOf | Self::NoneOf => match (left.as_array(), right.as_array()) {
                (Some(left), Some(right)) => {
                    budget.visit(left.len().saturating_mul(right.len()))?;
                    let mut left = left.iter();
                    match self {
                        Self::SubsetOf => left.all(|item| contains(right, item)),
                        Self::AnyOf => left.any(|item| contains(right, item)),
                        _ => !left.any(|item| contains(right, item)),
                    }
                }
                _ => false,
            },
            Self::Size => match (size(left), right) {
                (Some(size), Value::Number(wanted)) => decimal::compare(&Number::from(size), wanted).is_eq(),
                _ => false,
            },
            Self::Empty => match (size(left), right) {
                (Some(size), Value::Bool(wanted)) => (size == 0) == *wanted,
                _ => false,
            },
            Self::Contains => match (left, right) {
                (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
                (Value::Array(list), item) => contains(list, item),
                _ => false,
            },
        })
    }
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(list) => Some(list.len()),
        _ => None,
    }
}

/// Equality as the dialect has it: a number and a string are equal when the string is that number.
fn loosely_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => text
            .parse()
            .is_ok_and(|text| decimal::compare(number, &text).is_eq()),
        _ => decimal::equal(left, right),
    }
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(decimal::compare(left, right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
