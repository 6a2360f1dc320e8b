//! From a template's text to a filter policy, with SNS's own limits.

use rust_decimal::Decimal;

use super::evaluate::decimal;
use super::{Bound, Clause, Exclusion, FilterPolicy, FilterScope, Literal, NumericOperator, Test};
use crate::fault::{Place, Problem, TemplateFault};
use crate::yaml::{Entry, Node, Value, pointer_to};

/// How many keys a policy may have.
const KEY_LIMIT: usize = 5;
/// How many combinations of values a policy may have: the product of the lengths of its lists.
const COMBINATION_LIMIT: usize = 150;
/// How far from zero a number may be.
const NUMBER_LIMIT: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Why SNS would refuse a filter policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// The policy, or an object in it, is empty.
    #[error("a filter policy names at least one key; leave it out to get every message")]
    NoKeys,
    /// There are too many keys.
    #[error("a filter policy has {KEY_LIMIT} keys at most, not {found}")]
    TooManyKeys {
        /// How many there are.
        found: usize,
    },
    /// There are too many combinations.
    #[error("the lengths of the lists, multiplied, make {COMBINATION_LIMIT} at most; shorten the lists")]
    TooManyCombinations,
    /// A value that is neither a list nor, in the body, an object.
    #[error("`{key}` takes a list of values, such as [COMPLETED]; in a policy on the body, also an object")]
    NotList {
        /// The key.
        key: String,
    },
    /// An object under a key of a policy on attributes.
    #[error("`{key}` is an object, but attributes are flat; set FilterPolicyScope to MessageBody")]
    NestedAttribute {
        /// The key.
        key: String,
    },
    /// An empty list.
    #[error("`{key}` has an empty list, which nothing passes; give at least one value")]
    NoValues {
        /// The key.
        key: String,
    },
    /// An operator that SNS does not have, or the local engine does not.
    #[error(
        "no operator `{found}`; there are prefix, suffix, equals-ignore-case, anything-but, numeric, exists, and $or \
         in place of a key"
    )]
    UnknownOperator {
        /// What stands there.
        found: String,
    },
    /// An operator with a value that it does not take.
    #[error("`{operator}` takes {expected}")]
    BadOperand {
        /// The operator.
        operator: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A number out of bounds.
    #[error(
        "`{found}` is out of bounds: a filter's numbers lie within ±1,000,000,000, with 5 decimal places at most"
    )]
    BadNumber {
        /// What stands there.
        found: String,
    },
}

/// Reads `node`, which has no functions left in it, as a policy on `scope`.
pub(crate) fn parse(
    node: &Node,
    pointer: &str,
    scope: FilterScope,
) -> Result<FilterPolicy, Vec<TemplateFault>> {
    let mut parser = FilterParser {
        scope,
        faults: Vec::new(),
    };
    let clauses = parser.clauses(node, pointer);
    let (keys, combinations) = size(&clauses);
    if keys > KEY_LIMIT {
        parser.fault(node, pointer, FilterFault::TooManyKeys { found: keys });
    }
    if combinations > COMBINATION_LIMIT {
        parser.fault(node, pointer, FilterFault::TooManyCombinations);
    }
    if parser.faults.is_empty() {
        Ok(FilterPolicy { scope, clauses })
    } else {
        Err(parser.faults)
    }
}

/// Keys as SNS counts them, of which those inside an object of the body are none, and combinations of values.
fn size(clauses: &[Clause]) -> (usize, usize) {
    let mut keys = 0;
    let mut combinations: usize = 1;
    for clause in clauses {
        let (more, factor) = match clause {
            Clause::Value { tests, .. } => (1, tests.len()),
            Clause::Object { clauses, .. } => (1, size(clauses).1),
            Clause::AnyOf(alternatives) => alternatives
                .iter()
                .map(|clauses| size(clauses))
                .fold((0, 0), |(keys, sum), (more, factor)| {
                    (keys + more, factor.saturating_add(sum))
                }),
        };
        keys += more;
        combinations = combinations.saturating_mul(factor);
    }
    (keys, combinations)
}

struct FilterParser {
    scope: FilterScope,
    faults: Vec<TemplateFault>,
}

impl FilterParser {
    fn fault(&mut self, node: &Node, pointer: &str, fault: FilterFault) {
        let place = Place {
            position: node.position,
            pointer: pointer.to_owned(),
        };
        self.faults.push(TemplateFault {
            place,
            problem: Problem::Filter(fault),
        });
    }

    fn clauses(&mut self, node: &Node, pointer: &str) -> Vec<Clause> {
        let Value::Map(entries) = &node.value else {
            let place = Place {
                position: node.position,
                pointer: pointer.to_owned(),
            };
            let problem = Problem::WrongShape {
                expected: "a mapping of keys to lists of values",
                found: node.shape(),
            };
            self.faults.push(TemplateFault { place, problem });
            return Vec::new();
        };
        if entries.is_empty() {
            self.fault(node, pointer, FilterFault::NoKeys);
        }
        entries
            .iter()
            .filter_map(|entry| self.clause(entry, &pointer_to(pointer, &entry.key)))
            .collect()
    }

    fn clause(&mut self, entry: &Entry, pointer: &str) -> Option<Clause> {
        let Entry { key, value: node, .. } = entry;
        match &node.value {
            Value::List(alternatives) if key == "$or" => self.any_of(node, alternatives, pointer),
            _ if key == "$or" => {
                self.fault(node, pointer, ALTERNATIVES);
                None
            }
            Value::List(values) => {
                if values.is_empty() {
                    self.fault(node, pointer, FilterFault::NoValues { key: key.clone() });
                }
                let tests = values.iter().enumerate();
                let tests = tests
                    .filter_map(|(at, value)| self.test(value, &format!("{pointer}/{at}")))
                    .collect();
                Some(Clause::Value {
                    key: key.clone(),
                    tests,
                })
            }
            Value::Map(_) if self.scope == FilterScope::MessageBody => Some(Clause::Object {
                key: key.clone(),
                clauses: self.clauses(node, pointer),
            }),
            Value::Map(_) => {
                self.fault(node, pointer, FilterFault::NestedAttribute { key: key.clone() });
                None
            }
            Value::Scalar(_) | Value::Call(..) => {
                self.fault(node, pointer, FilterFault::NotList { key: key.clone() });
                None
            }
        }
    }

    fn any_of(&mut self, node: &Node, alternatives: &[Node], pointer: &str) -> Option<Clause> {
        if alternatives.len() < 2 {
            self.fault(node, pointer, ALTERNATIVES);
            return None;
        }
        let alternatives = alternatives.iter().enumerate();
        Some(Clause::AnyOf(
            alternatives
                .map(|(at, node)| self.clauses(node, &format!("{pointer}/{at}")))
                .collect(),
        ))
    }

    fn test(&mut self, node: &Node, pointer: &str) -> Option<Test> {
        let entry = match &node.value {
            Value::Scalar(_) => return self.literal(node, pointer).map(Test::Is),
            Value::Map(entries) => match entries.as_slice() {
                [only] => only,
                _ => {
                    return self.bad(
                        node,
                        pointer,
                        "an operator",
                        "one key a mapping, such as {prefix: PROD}",
                    );
                }
            },
            Value::List(_) | Value::Call(..) => {
                return self.bad(
                    node,
                    pointer,
                    "a value in a filter's list",
                    "a single value or a mapping",
                );
            }
        };
        let operand = &entry.value;
        let inner = pointer_to(pointer, &entry.key);
        match entry.key.as_str() {
            "prefix" => self.text(operand, &inner, "prefix").map(Test::Prefix),
            "suffix" => self.text(operand, &inner, "suffix").map(Test::Suffix),
            "equals-ignore-case" => self
                .text(operand, &inner, "equals-ignore-case")
                .map(Test::EqualsIgnoreCase),
            "anything-but" => self.anything_but(operand, &inner),
            "numeric" => self.numeric(operand, &inner),
            "exists" => match self.literal(operand, &inner)? {
                Literal::Flag(flag) => Some(Test::Exists(flag)),
                Literal::Text(_) | Literal::Number(_) | Literal::Null => {
                    self.bad(operand, &inner, "exists", "true or false")
                }
            },
            other => {
                self.fault(
                    node,
                    pointer,
                    FilterFault::UnknownOperator {
                        found: other.to_owned(),
                    },
                );
                None
            }
        }
    }

    fn bad<T>(&mut self, node: &Node, at: &str, operator: &'static str, expected: &'static str) -> Option<T> {
        self.fault(node, at, FilterFault::BadOperand { operator, expected });
        None
    }

    fn text(&mut self, node: &Node, pointer: &str, operator: &'static str) -> Option<String> {
        match self.literal(node, pointer)? {
            Literal::Text(text) if !text.is_empty() => Some(text),
            Literal::Text(_) | Literal::Number(_) | Literal::Flag(_) | Literal::Null => {
                self.bad(node, pointer, operator, "a text that is not empty")
            }
        }
    }

    fn anything_but(&mut self, node: &Node, pointer: &str) -> Option<Test> {
        let nodes = match &node.value {
            Value::List(nodes) if !nodes.is_empty() => nodes.as_slice(),
            Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(node),
            Value::List(_) | Value::Call(..) => {
                return self.bad(
                    node,
                    pointer,
                    "anything-but",
                    "a value, a list of values, or one prefix or suffix",
                );
            }
        };
        let exclusions: Vec<_> = nodes
            .iter()
            .filter_map(|node| self.exclusion(node, pointer))
            .collect();
        (exclusions.len() == nodes.len()).then_some(Test::AnythingBut(exclusions))
    }

    fn exclusion(&mut self, node: &Node, pointer: &str) -> Option<Exclusion> {
        if matches!(node.value, Value::Scalar(_)) {
            return self.literal(node, pointer).map(Exclusion::Is);
        }
        match self.test(node, pointer)? {
            Test::Prefix(prefix) => Some(Exclusion::Prefix(prefix)),
            Test::Suffix(suffix) => Some(Exclusion::Suffix(suffix)),
            Test::Is(_)
            | Test::EqualsIgnoreCase(_)
            | Test::AnythingBut(_)
            | Test::Numeric(_)
            | Test::Exists(_) => self.bad(node, pointer, "anything-but", "values, prefixes and suffixes"),
        }
    }

    fn numeric(&mut self, node: &Node, pointer: &str) -> Option<Test> {
        const EXPECTED: &str = r#"one bound or a range, such as ["=", 1], [">", 0] or [">=", 0, "<", 150]"#;
        let Value::List(parts) = &node.value else {
            return self.bad(node, pointer, "numeric", EXPECTED);
        };
        let mut bounds = Vec::new();
        for pair in parts.chunks(2) {
            let [operator, limit] = pair else {
                return self.bad(node, pointer, "numeric", EXPECTED);
            };
            let Some(operator) = self
                .literal(operator, pointer)
                .and_then(|literal| operator_of(&literal))
            else {
                return self.bad(node, pointer, "numeric", EXPECTED);
            };
            match self.literal(limit, pointer)? {
                Literal::Number(limit) => bounds.push(Bound { operator, limit }),
                Literal::Text(_) | Literal::Flag(_) | Literal::Null => {
                    return self.bad(limit, pointer, "numeric", "numbers without quotes");
                }
            }
        }
        if is_range(&bounds) {
            Some(Test::Numeric(bounds))
        } else {
            self.bad(node, pointer, "numeric", EXPECTED)
        }
    }

    fn literal(&mut self, node: &Node, pointer: &str) -> Option<Literal> {
        let Value::Scalar(scalar) = &node.value else {
            return self.bad(node, pointer, "a filter", "single values here");
        };
        let text = scalar.text.as_str();
        if !scalar.plain {
            return Some(Literal::Text(text.to_owned()));
        }
        match text {
            "true" => return Some(Literal::Flag(true)),
            "false" => return Some(Literal::Flag(false)),
            "null" | "~" | "" => return Some(Literal::Null),
            _ => {}
        }
        if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) {
            return Some(Literal::Text(text.to_owned()));
        }
        match decimal(text) {
            Some(number) if number.abs() <= NUMBER_LIMIT && number.normalize().scale() <= 5 => {
                Some(Literal::Number(number))
            }
            // `2024-01-15` or `1.2.3` is a text, though it begins with a digit.
            None if text
                .bytes()
                .any(|byte| !byte.is_ascii_digit() && !matches!(byte, b'.' | b'e' | b'E' | b'+')) =>
            {
                Some(Literal::Text(text.to_owned()))
            }
            Some(_) | None => {
                self.fault(
                    node,
                    pointer,
                    FilterFault::BadNumber {
                        found: text.to_owned(),
                    },
                );
                None
            }
        }
    }
}

const ALTERNATIVES: FilterFault = FilterFault::BadOperand {
    operator: "$or",
    expected: "a list of two or more mappings, each like a policy",
};

fn operator_of(literal: &Literal) -> Option<NumericOperator> {
    let Literal::Text(text) = literal else { return None };
    match text.as_str() {
        "=" => Some(NumericOperator::Equal),
        "<" => Some(NumericOperator::Less),
        "<=" => Some(NumericOperator::LessOrEqual),
        ">" => Some(NumericOperator::Greater),
        ">=" => Some(NumericOperator::GreaterOrEqual),
        _ => None,
    }
}

/// One bound, or a lower and then a greater upper one.
fn is_range(bounds: &[Bound]) -> bool {
    use NumericOperator::{Greater, GreaterOrEqual, Less, LessOrEqual};
    match bounds {
        [_] => true,
        [low, high] => {
            matches!(low.operator, Greater | GreaterOrEqual)
                && matches!(high.operator, Less | LessOrEqual)
                && low.limit < high.limit
        }
        _ => false,
    }
}
