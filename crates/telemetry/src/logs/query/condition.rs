//! Whether a line is what a filter asks for.

use regex::bytes::Regex;
use serde_json::Value;

use super::super::line::Line;
use super::parse::{Comparison, Condition};

/// What must be found in the bytes of a line that the condition may hold for: one of these each. Rules out most lines without
/// reading them.
pub(super) fn traces_of(condition: &Condition) -> Vec<Regex> {
    match condition {
        Condition::Compare(field, Comparison::Equal, Value::String(text)) if !field.starts_with('@') => {
            trace_of(text).into_iter().collect()
        }
        Condition::All(all) => all.iter().flat_map(traces_of).collect(),
        Condition::Compare(..)
        | Condition::Matches(..)
        | Condition::In(..)
        | Condition::IsPresent(_)
        | Condition::Not(_)
        | Condition::Any(_) => Vec::new(),
    }
}

/// What a line has that says this text somewhere: the text, or an escape, for then anything may stand there. None for a text
/// that may be written otherwise: a number, which may have other decimals; a list or an object, which may have blanks.
fn trace_of(text: &str) -> Option<Regex> {
    let is_plain = text
        .bytes()
        .all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    let may_differ = text.parse::<f64>().is_ok() || text.starts_with(['[', '{']) || text.is_empty();
    if !is_plain || may_differ {
        return None;
    }
    Regex::new(&format!(r"{}|\\", regex::escape(text))).ok()
}

/// A number, also one that was logged as text, as amounts are.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// By number where both are, by text otherwise; what isn't there comes first.
pub(super) fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ if a.is_null() || b.is_null() => b.is_null().cmp(&a.is_null()),
        _ => text(a).cmp(&text(b)),
    }
}

pub(super) fn holds(condition: &Condition, line: &Line<'_>) -> bool {
    match condition {
        Condition::Compare(field, comparison, right) => {
            let left = line.field(field);
            // A field that isn't there is different from everything, and neither more nor less.
            if left.is_null() {
                return *comparison == Comparison::NotEqual;
            }
            let order = compare(&left, right);
            match comparison {
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::GreaterOrEqual => order.is_ge(),
            }
        }
        Condition::Matches(field, pattern) => {
            let value = line.field(field);
            !value.is_null() && pattern.is_match(&text(&value))
        }
        Condition::In(field, values) => {
            let value = line.field(field);
            !value.is_null() && values.iter().any(|right| compare(&value, right).is_eq())
        }
        Condition::IsPresent(field) => !line.field(field).is_null(),
        Condition::Not(inner) => !holds(inner, line),
        Condition::All(all) => all.iter().all(|condition| holds(condition, line)),
        Condition::Any(any) => any.iter().any(|condition| holds(condition, line)),
    }
}
