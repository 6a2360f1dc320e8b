//! Whether a message passes a filter policy.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Bound, Clause, Exclusion, FilterPolicy, FilterScope, Literal, NumericOperator, Test};

/// An attribute of a published message, as filters see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAttribute {
    /// `String`.
    Text(String),
    /// `Number`; the text is what was sent.
    Number(String),
    /// `String.Array`: the elements.
    Array(Vec<Value>),
    /// `Binary`, which no filter looks into.
    Binary,
}

impl MessageAttribute {
    /// An attribute from what a publisher sends: `data_type` is `String`, `Number`, `String.Array` or `Binary`, where
    /// `String.whatever` and `Number.whatever` count as `String` and `Number`.
    ///
    /// `None` when the type is none of these, or when an array is no JSON array of texts, numbers, booleans and nulls.
    #[must_use]
    pub fn new(data_type: &str, value: &str) -> Option<Self> {
        if data_type == "String.Array" {
            let elements: Vec<Value> = serde_json::from_str(value).ok()?;
            let flat = elements
                .iter()
                .all(|element| !element.is_array() && !element.is_object());
            return flat.then_some(Self::Array(elements));
        }
        match data_type.split_once('.').map_or(data_type, |(base, _)| base) {
            "String" => Some(Self::Text(value.to_owned())),
            "Number" => Some(Self::Number(value.to_owned())),
            "Binary" => Some(Self::Binary),
            _ => None,
        }
    }

    fn atoms(&self) -> Vec<Atom<'_>> {
        match self {
            Self::Text(text) => vec![Atom::Text(text)],
            Self::Number(text) => decimal(text).map(Atom::Number).into_iter().collect(),
            Self::Array(elements) => elements.iter().filter_map(Atom::of).collect(),
            Self::Binary => Vec::new(),
        }
    }
}

impl FilterPolicy {
    /// Whether a message with these attributes and this body is delivered.
    ///
    /// A body that is no JSON object passes no policy on the body.
    #[must_use]
    pub fn matches(&self, attributes: &BTreeMap<String, MessageAttribute>, body: &str) -> bool {
        match self.scope {
            FilterScope::MessageAttributes => self.matches_attributes(attributes),
            FilterScope::MessageBody => serde_json::from_str(body)
                .is_ok_and(|body: Value| body.is_object() && all_hold(&self.clauses, &body)),
        }
    }

    /// [`Self::matches`] for a policy on attributes; a policy on the body never passes here.
    #[must_use]
    pub fn matches_attributes(&self, attributes: &BTreeMap<String, MessageAttribute>) -> bool {
        self.scope == FilterScope::MessageAttributes && all_hold(&self.clauses, attributes)
    }
}

/// What clauses look into: the attributes, or an object of the body.
trait Subject {
    /// The values under `key`: one, or an array's. `None` when it is not there.
    fn atoms(&self, key: &str) -> Option<Vec<Atom<'_>>>;
    /// Whether an object under `key`, or one in an array of them, meets all of `clauses`.
    fn object_holds(&self, key: &str, clauses: &[Clause]) -> bool;
    /// Whether it has anything at all.
    fn is_empty(&self) -> bool;
}

impl Subject for BTreeMap<String, MessageAttribute> {
    fn atoms(&self, key: &str) -> Option<Vec<Atom<'_>>> {
        self.get(key).map(MessageAttribute::atoms)
    }

    fn object_holds(&self, _key: &str, _clauses: &[Clause]) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        BTreeMap::is_empty(self)
    }
}

impl Subject for Value {
    fn atoms(&self, key: &str) -> Option<Vec<Atom<'_>>> {
        Some(match self.get(key)? {
            Value::Array(elements) => elements.iter().filter_map(Atom::of).collect(),
            single => Atom::of(single).into_iter().collect(),
        })
    }

    fn object_holds(&self, key: &str, clauses: &[Clause]) -> bool {
        match self.get(key) {
            Some(Value::Array(elements)) => elements
                .iter()
                .any(|element| element.is_object() && all_hold(clauses, element)),
            Some(object @ Value::Object(_)) => all_hold(clauses, object),
            // What is not there still passes `exists: false`.
            None => all_hold(clauses, &Value::Object(serde_json::Map::new())),
            Some(_) => false,
        }
    }

    fn is_empty(&self) -> bool {
        false
    }
}

/// One value, borrowed from the message.
enum Atom<'a> {
    Text(&'a str),
    Number(Decimal),
    Flag(bool),
    Null,
}

impl<'a> Atom<'a> {
    /// `None` for arrays, objects and numbers beyond 28 digits, which no test passes.
    fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(flag) => Some(Self::Flag(*flag)),
            Value::Number(number) => decimal(number.as_str()).map(Self::Number),
            Value::String(text) => Some(Self::Text(text)),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Flag(_) | Self::Null => None,
        }
    }

    fn is(&self, literal: &Literal) -> bool {
        match (self, literal) {
            (Self::Text(found), Literal::Text(wanted)) => found == wanted,
            (Self::Number(found), Literal::Number(wanted)) => found == wanted,
            (Self::Flag(found), Literal::Flag(wanted)) => found == wanted,
            (Self::Null, Literal::Null) => true,
            (Self::Text(_) | Self::Number(_) | Self::Flag(_) | Self::Null, _) => false,
        }
    }
}

fn all_hold(clauses: &[Clause], subject: &dyn Subject) -> bool {
    clauses.iter().all(|clause| match clause {
        Clause::Value { key, tests } => {
            let atoms = subject.atoms(key);
            tests.iter().any(|test| passes(test, atoms.as_deref(), subject))
        }
        Clause::Object { key, clauses } => subject.object_holds(key, clauses),
        Clause::AnyOf(alternatives) => alternatives.iter().any(|clauses| all_hold(clauses, subject)),
    })
}

/// `atoms` is `None` when the key is not there. Of an array, one element that passes is enough, for every test.
fn passes(test: &Test, atoms: Option<&[Atom<'_>]>, subject: &dyn Subject) -> bool {
    let Some(atoms) = atoms else {
        // "`exists: false` only matches if at least one attribute is present."
        return *test == Test::Exists(false) && !subject.is_empty();
    };
    match test {
        Test::Is(literal) => atoms.iter().any(|atom| atom.is(literal)),
        Test::Prefix(prefix) => any_text(atoms, |text| text.starts_with(prefix)),
        Test::Suffix(suffix) => any_text(atoms, |text| text.ends_with(suffix)),
        Test::EqualsIgnoreCase(wanted) => {
            any_text(atoms, |text| text.to_lowercase() == wanted.to_lowercase())
        }
        Test::AnythingBut(exclusions) => atoms
            .iter()
            .any(|atom| !exclusions.iter().any(|exclusion| excludes(exclusion, atom))),
        Test::Numeric(bounds) => atoms.iter().any(|atom| match atom {
            Atom::Number(number) => bounds.iter().all(|bound| bound.holds(*number)),
            Atom::Text(_) | Atom::Flag(_) | Atom::Null => false,
        }),
        // "The key must have a non-null and non-empty value."
        Test::Exists(wanted) => {
            *wanted
                == atoms
                    .iter()
                    .any(|atom| !matches!(atom, Atom::Null | Atom::Text("")))
        }
    }
}

fn any_text(atoms: &[Atom<'_>], holds: impl Fn(&str) -> bool) -> bool {
    atoms.iter().filter_map(Atom::text).any(holds)
}

fn excludes(exclusion: &Exclusion, atom: &Atom<'_>) -> bool {
    match exclusion {
        Exclusion::Is(literal) => atom.is(literal),
        Exclusion::Prefix(prefix) => atom.text().is_some_and(|text| text.starts_with(prefix)),
        Exclusion::Suffix(suffix) => atom.text().is_some_and(|text| text.ends_with(suffix)),
    }
}

impl Bound {
    fn holds(self, number: Decimal) -> bool {
        match self.operator {
            NumericOperator::Equal => number == self.limit,
            NumericOperator::Less => number < self.limit,
            NumericOperator::LessOrEqual => number <= self.limit,
            NumericOperator::Greater => number > self.limit,
            NumericOperator::GreaterOrEqual => number >= self.limit,
        }
    }
}

/// A number as JSON writes it, exact; `None` beyond 28 digits.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        Decimal::from_str_exact(text).ok()
    }
}
