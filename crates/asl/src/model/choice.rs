//! The rules of a Choice state, compiled, and how they decide.

use std::cmp::Ordering;

use crate::Value;
use jiff::Timestamp;

use crate::jsonata;
use crate::model::StateIndex;
use crate::path::decimal;
use crate::payload::{EvaluationError, Expression, Scope};

/// One entry of `Choices`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub condition: Condition,
    pub next: StateIndex,
    pub assign: Option<super::Data>,
    /// In JSONata, what the rule makes the state's output.
    pub output: Option<jsonata::Template>,
}

/// When a rule applies.
#[derive(Debug)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test {
        variable: Expression,
        text: String,
        test: Test,
    },
    Jsonata(jsonata::Expression),
    /// A JSONata rule whose condition is written as `true` or `false`.
    Always(bool),
}

/// What is asked of a variable.
#[derive(Debug)]
pub(crate) enum Test {
    Is {
        property: Property,
        expected: bool,
    },
    Compare {
        family: Family,
        comparison: Comparison,
        with: Operand,
    },
    Matches(Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    Null,
    Present,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

/// The type that a comparison is about; values of any other type compare as false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

#[derive(Debug)]
pub(crate) enum Operand {
    Literal(Value),
    Path { path: Expression, text: String },
}

/// Why a Choice state could not decide.
#[derive(Debug)]
pub(crate) enum ChoiceError {
    /// `Variable` or the path to compare with points at nothing.
    InvalidPath { path: String },
    /// An expression failed in another way.
    Expression(EvaluationError),
}

impl Condition {
    /// Decides a rule that is written in JSONPath. JSONata conditions are decided by the engine.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, ChoiceError> {
        match self {
            Condition::And(parts) => all(parts, scope, true),
            Condition::Or(parts) => Ok(!all(parts, scope, false)?),
            Condition::Not(part) => Ok(!part.holds(scope)?),
            Condition::Test { variable, text, test } => test.holds(variable, text, scope),
            Condition::Always(answer) => Ok(*answer),
            Condition::Jsonata(_) => Ok(false),
        }
    }
}

/// Whether every part gives `wanted`; stops at the first that does not.
fn all(parts: &[Condition], scope: &Scope<'_>, wanted: bool) -> Result<bool, ChoiceError> {
    for part in parts {
        if part.holds(scope)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Test {
    fn holds(&self, variable: &Expression, text: &str, scope: &Scope<'_>) -> Result<bool, ChoiceError> {
        let value = match (variable.evaluate_borrowed(scope), self) {
            (Ok(value), _) => value,
            (
                Err(_),
                Test::Is {
                    property: Property::Present,
                    expected,
                },
            ) => return Ok(!expected),
            (Err(error), _) => return Err(invalid_path(text, error)),
        };
        match self {
            Test::Is { property, expected } => Ok(property.holds(&value) == *expected),
            Test::Matches(pattern) => Ok(value.as_str().is_some_and(|text| pattern.matches(text))),
            Test::Compare {
                family,
                comparison,
                with: Operand::Literal(with),
            } => Ok(family
                .order(&value, with)
                .is_some_and(|order| comparison.accepts(order))),
            Test::Compare {
                family,
                comparison,
                with: Operand::Path { path, text },
            } => {
                let with = path
                    .evaluate_borrowed(scope)
                    .map_err(|error| invalid_path(text, error))?;
                Ok(family
                    .order(&value, &with)
                    .is_some_and(|order| comparison.accepts(order)))
            }
        }
    }
}

fn invalid_path(text: &str, error: EvaluationError) -> ChoiceError {
    match error {
        EvaluationError::PathNotFound { .. } => ChoiceError::InvalidPath {
            path: text.to_owned(),
        },
        EvaluationError::VariableNotFound { .. }
        | EvaluationError::ArgumentNotFound { .. }
        | EvaluationError::Intrinsic { .. }
        | EvaluationError::TooComplex { .. } => ChoiceError::Expression(error),
    }
}

impl Property {
    fn holds(self, value: &Value) -> bool {
        match self {
            Property::Null => matches!(value, Value::Null),
            Property::Present => true,
            Property::Numeric => matches!(value, Value::Number(_)),
            Property::String => matches!(value, Value::String(_)),
            Property::Boolean => matches!(value, Value::Bool(_)),
            Property::Timestamp => value.as_str().is_some_and(|text| parse_timestamp(text).is_some()),
        }
    }
}

impl Family {
    /// How two values of this type stand to each other; `None` when one of them is of another type.
    fn order(self, left: &Value, right: &Value) -> Option<Ordering> {
        match (self, left, right) {
            (Family::String, Value::String(left), Value::String(right)) => {
                // Step Functions compares UTF-16 code units, which differs from code points beyond the BMP.
                Some(if left == right {
                    Ordering::Equal
                } else {
                    left.encode_utf16().cmp(right.encode_utf16())
                })
            }
            (Family::Numeric, Value::Number(left), Value::Number(right)) => {
                Some(decimal::compare(left, right))
            }
            (Family::Boolean, Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            (Family::Timestamp, Value::String(left), Value::String(right)) => {
                Some(parse_timestamp(left)?.cmp(&parse_timestamp(right)?))
            }
            (Family::String | Family::Numeric | Family::Boolean | Family::Timestamp, _, _) => None,
        }
    }
}

impl Comparison {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Comparison::Equals => order.is_eq(),
            Comparison::LessThan => order.is_lt(),
            Comparison::GreaterThan => order.is_gt(),
            Comparison::LessThanEquals => order.is_le(),
            Comparison::GreaterThanEquals => order.is_ge(),
        }
    }
}

/// Reads a timestamp as the language wants it: RFC 3339 with a capital `T` and, for UTC, a capital `Z`.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 20
        && bytes.len() <= 40
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_digit() || b"-+:.TZ".contains(byte));
    if shaped { text.parse().ok() } else { None }
}

/// A `StringMatches` pattern: `*` stands for any text, `\*` and `\\` for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The literal parts between the stars.
    parts: Vec<String>,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Pattern {
        let mut parts = vec![String::new()];
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '*' => parts.push(String::new()),
                c => {
                    let c = if c == '\\' {
                        chars.next().unwrap_or('\\')
                    } else {
                        c
                    };
                    if let Some(part) = parts.last_mut() {
                        part.push(c);
                    }
                }
            }
        }
        Pattern { parts }
    }

    /// Whether the whole text matches. Linear in the text for each part: the earliest place for a part is as good as any.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let (Some((first, rest)), Some(last)) = (self.parts.split_first(), self.parts.last()) else {
            return false;
        };
        if rest.is_empty() {
            return text == first;
        }
        let Some(mut text) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in &rest[..rest.len() - 1] {
            match text.find(part.as_str()) {
                Some(at) => text = &text[at + part.len()..],
                None => return false,
            }
        }
        text.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::value::json;

    use super::*;

    #[test]
    fn patterns_match_the_whole_text() {
        let matches = |pattern: &str, text: &str| Pattern::parse(pattern).matches(text);
        assert!(matches("foo*.log", "foo23.log"));
        assert!(matches("*.log", "zebra.log"));
        assert!(matches("foo*.*", "foobar.zebra"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("a*b", "ab-"));
        assert!(!matches("ab*ba", "aba"));
        assert!(!matches("foo", "foo1"));
        assert!(matches(r"a\*b", "a*b"));
        assert!(!matches(r"a\*b", "axb"));
        assert!(matches(r"a\\*", r"a\x"));
    }

    #[test]
    fn timestamps_need_their_capital_letters() {
        for text in [
            "2016-03-14T01:59:00Z",
            "2016-08-18T17:33:00.123456789Z",
            "2016-08-18T17:33:00+02:00",
        ] {
            assert!(parse_timestamp(text).is_some(), "{text}");
        }
        for text in [
            "2016-03-14 01:59:00Z",
            "2016-03-14t01:59:00Z",
            "2016-03-14T01:59:00",
            "2016-03-14",
            "",
            "x",
        ] {
            assert!(parse_timestamp(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_compare_by_value_and_other_types_never() {
        let order = |left: Value, right: Value| Family::Numeric.order(&left, &right);
        assert_eq!(
            order(json!(1), serde_json::from_str("1.0").unwrap()),
            Some(Ordering::Equal)
        );
        assert_eq!(
            order(json!(59.98), serde_json::from_str("5998e-2").unwrap()),
            Some(Ordering::Equal)
        );
        assert_eq!(order(json!("1"), json!(1)), None);
        assert_eq!(Family::Boolean.order(&json!(null), &json!(false)), None);
    }
}
