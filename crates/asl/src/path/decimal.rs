//! JSON numbers compared by their value, exactly. a [`Number`] keeps as the text it was written in (1, 1.0
//! and 1e0 are three texts of one number), so neither its `==` nor a detour through `f64` would do for amounts.

use std::cmp::Ordering;

use crate::Value;
use crate::value::Number;

/// A number as a sign, significant digits and the power of ten in front of them: 0.d₁d₂d₃… × 10^`magnitude`.
struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    /// How many leading digits of `whole` followed by `fraction` are zeros.
    skipped: usize,
    magnitude: i64,
}

impl<'t> Decimal<'t> {
    fn read(text: &'t str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], read_exponent(&text[at + 1..])),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (whole, fraction) = (whole.as_bytes(), fraction.as_bytes());
        let skipped = whole
            .iter()
            .chain(fraction)
            .take_while(|digit| **digit == b'0')
            .count();
        let magnitude = exponent
            .saturating_add(i64::try_from(whole.len()).unwrap_or(i64::MAX))
            .saturating_sub(i64::try_from(skipped).unwrap_or(i64::MAX));
        Self {
            negative,
            whole,
            fraction,
            skipped,
            magnitude,
        }
    }

    /// The significant digits, most significant first.
    fn digits(&self) -> impl Iterator<Item = u8> + use<'t> {
        self.whole.iter().chain(self.fraction).skip(self.skipped).copied()
    }

    fn is_zero(&self) -> bool {
        self.skipped == self.whole.len() + self.fraction.len()
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        self.magnitude.cmp(&other.magnitude).then_with(|| {
            let (mut ours, mut theirs) = (self.digits(), other.digits());
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return Ordering::Equal,
                    (ours, theirs) => match ours.unwrap_or(b'0').cmp(&theirs.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }
}

/// An exponent; one that does not fit is as good as the largest.
fn read_exponent(text: &str) -> i64 {
    let magnitude = text
        .trim_start_matches(['+', '-'])
        .parse()
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4);
    if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    }
}

/// Compares two numbers by value, exactly.
pub(crate) fn compare(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return left.cmp(&right);
    }
    let (left, right) = (Decimal::read(left.as_str()), Decimal::read(right.as_str()));
    match (left.is_zero(), right.is_zero()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if right.negative {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, true) => {
            if left.negative {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, false) => match (left.negative, right.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => left.cmp_magnitude(&right),
            (true, true) => right.cmp_magnitude(&left),
        },
    }
}

/// Whether two values are the same JSON: numbers by value, objects whatever the order of their members.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right).is_eq(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        _ => left == right,
    }
}

/// A text that two values share exactly when they are [`equal`].
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => {
            let decimal = Decimal::read(number.as_str());
            if decimal.is_zero() {
                out.push('0');
                return;
            }
            let mut digits: Vec<u8> = decimal.digits().collect();
            while digits.last() == Some(&b'0') {
                digits.pop();
            }
            out.push_str(if decimal.negative { "-" } else { "" });
            out.extend(digits.into_iter().map(char::from));
            out.push('e');
            out.push_str(&decimal.magnitude.to_string());
        }
        Value::Array(list) => {
            out.push('[');
            for item in list {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_unstable_by_key(|(key, _)| key);
            out.push('{');
            for (key, item) in members {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(item, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

/// The whole part of a number, and how what follows the point compares with one half. `None` when the whole part has
/// more than 18 digits.
fn split(number: &Number) -> Option<(bool, i64, Ordering)> {
    let decimal = Decimal::read(number.as_str());
    if decimal.is_zero() || decimal.magnitude < 0 {
        return Some((decimal.negative, 0, Ordering::Less));
    }
    let count = usize::try_from(decimal.magnitude)
        .ok()
        .filter(|count| *count <= 18)?;
    let mut digits = decimal.digits();
    let whole = (0..count).fold(0, |whole, _| {
        whole * 10 + i64::from(digits.next().unwrap_or(b'0') - b'0')
    });
    let half = match digits.next().unwrap_or(b'0').cmp(&b'5') {
        Ordering::Equal if digits.any(|digit| digit != b'0') => Ordering::Greater,
        other => other,
    };
    Some((decimal.negative, whole, half))
}

/// Rounds to the nearest integer, halves upwards (-1.5 is -1), as `Math.round` does. `None` when it is too large.
pub(crate) fn round_half_up(number: &Number) -> Option<i64> {
    let (negative, whole, half) = split(number)?;
    Some(match (negative, half) {
        (false, Ordering::Less) => whole,
        (false, Ordering::Equal | Ordering::Greater) => whole + 1,
        (true, Ordering::Less | Ordering::Equal) => -whole,
        (true, Ordering::Greater) => -whole - 1,
    })
}

/// Drops what follows the decimal point. `None` when the number is too large.
pub(crate) fn truncate(number: &Number) -> Option<i64> {
    let (negative, whole, _) = split(number)?;
    Some(if negative { -whole } else { whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect("a JSON number")
    }

    #[test]
    fn numbers_compare_by_value_and_not_by_text() {
        let ascending = [
            "-1e400",
            "-10",
            "-1.5",
            "-0.1",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000001",
            "1",
            "59.98",
            "9007199254740992",
            "9007199254740993",
            "1e18",
            "1e400",
        ];
        for (at, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(
                    compare(&number(left), &number(right)),
                    at.cmp(&other),
                    "{left} and {right}"
                );
            }
        }
        for (left, right) in [
            ("1", "1.0"),
            ("1e2", "100"),
            ("0", "-0.0"),
            ("120e-1", "12"),
            ("0e9", "0"),
        ] {
            assert_eq!(
                compare(&number(left), &number(right)),
                Ordering::Equal,
                "{left} and {right}"
            );
        }
    }

    #[test]
    fn rounding_is_half_up_and_truncation_towards_zero() {
        let cases = [
            ("1.49", 1, 1),
            ("2.5", 3, 2),
            ("-0.5", 0, 0),
            ("-1.5", -1, -1),
            ("-1.51", -2, -1),
            ("0.05e1", 1, 0),
            ("-9", -9, -9),
            ("12e2", 1200, 1200),
            ("0.5000000000000000000001", 1, 0),
        ];
        for (text, rounded, truncated) in cases {
            assert_eq!(round_half_up(&number(text)), Some(rounded), "{text} rounded");
            assert_eq!(truncate(&number(text)), Some(truncated), "{text} truncated");
        }
        assert_eq!(round_half_up(&number("1e19")), None);
        assert_eq!(truncate(&number("1e999999999999999999999")), None);
    }
}
