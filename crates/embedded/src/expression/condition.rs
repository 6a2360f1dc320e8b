//! Whether a condition holds for an item.

use std::borrow::Cow;
use std::cmp::Ordering;

use asl::value::Object;
use serde_json::Value;

use super::Map;
use super::error::{ExpressionError, ExpressionKind};
use super::parser::{Parser, Placeholders};
use super::token::Token;
use super::value::{equal, lookup, order, type_of};

const KIND: ExpressionKind = ExpressionKind::Condition;

/// A compiled ConditionExpression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    node: Node,
    placeholders: Placeholders,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Compare(Operand, Comparator, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(String),
    NotExists(String),
    HasType(String, Operand),
    BeginsWith(String, Operand),
    Contains(String, Operand),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Attribute(String),
    Value(String),
    Size(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Compiles `text`, in which `names` says what each `#name` stands for.
    pub(crate) fn parse(text: &str, names: Option<&Map>) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(KIND, text, names)?;
        let node = parse_any(&mut parser)?;
        Ok(Self {
            node,
            placeholders: parser.finish()?,
        })
    }

    /// The placeholders that it uses.
    pub(crate) fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    /// Whether it holds for `item`; for an item that doesn't exist, pass an empty one.
    pub(crate) fn holds(&self, item: &Map, values: &Object) -> Result<bool, ExpressionError> {
        self.placeholders.require_values(KIND, values)?;
        self.node.holds(item, values)
    }
}

fn parse_any(parser: &mut Parser<'_>) -> Result<Node, ExpressionError> {
    let mut nodes = vec![parse_all(parser)?];
    while parser.eat_keyword("OR") {
        nodes.push(parse_all(parser)?);
    }
    Ok(alone_or(nodes, Node::Any))
}

fn parse_all(parser: &mut Parser<'_>) -> Result<Node, ExpressionError> {
    let mut nodes = vec![parse_not(parser)?];
    while parser.eat_keyword("AND") {
        nodes.push(parse_not(parser)?);
    }
    Ok(alone_or(nodes, Node::All))
}

fn alone_or(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        last => {
            nodes.extend(last);
            several(nodes)
        }
    }
}

fn parse_not(parser: &mut Parser<'_>) -> Result<Node, ExpressionError> {
    if parser.eat_keyword("NOT") {
        return parser.nested(|parser| Ok(Node::Not(Box::new(parse_not(parser)?))));
    }
    if parser.eat_symbol("(") {
        return parser.nested(|parser| {
            let node = parse_any(parser)?;
            parser.expect_symbol(")")?;
            Ok(node)
        });
    }
    parse_predicate(parser)
}

fn parse_predicate(parser: &mut Parser<'_>) -> Result<Node, ExpressionError> {
    let left = match parser.eat_function() {
        None => parse_operand(parser)?,
        Some("size") => parse_size(parser)?,
        Some(function) => return parse_function(parser, function),
    };
    if parser.eat_keyword("BETWEEN") {
        let low = parse_operand(parser)?;
        if !parser.eat_keyword("AND") {
            return Err(parser.syntax_error());
        }
        return Ok(Node::Between(left, low, parse_operand(parser)?));
    }
    if parser.eat_keyword("IN") {
        parser.expect_symbol("(")?;
        let options = parser.comma_separated(parse_operand)?;
        parser.expect_symbol(")")?;
        return Ok(Node::In(left, options));
    }
    let comparator = parse_comparator(parser)?;
    Ok(Node::Compare(left, comparator, parse_operand(parser)?))
}

fn parse_comparator(parser: &mut Parser<'_>) -> Result<Comparator, ExpressionError> {
    let comparator = match parser.peek() {
        Token::Symbol("=") => Comparator::Equal,
        Token::Symbol("<>") => Comparator::NotEqual,
        Token::Symbol("<") => Comparator::Less,
        Token::Symbol("<=") => Comparator::LessOrEqual,
        Token::Symbol(">") => Comparator::Greater,
        Token::Symbol(">=") => Comparator::GreaterOrEqual,
        Token::Symbol(_) | Token::Word(_) | Token::Name(_) | Token::Value(_) | Token::End => {
            return Err(parser.syntax_error());
        }
    };
    parser.advance();
    Ok(comparator)
}

fn parse_operand(parser: &mut Parser<'_>) -> Result<Operand, ExpressionError> {
    if let Some(name) = parser.eat_value() {
        return Ok(Operand::Value(name));
    }
    match parser.eat_function() {
        None => parser.attribute().map(Operand::Attribute),
        Some("size") => parse_size(parser),
        Some(name) => Err(ExpressionError::UnknownFunction {
            kind: KIND,
            name: name.to_owned(),
        }),
    }
}

fn parse_size(parser: &mut Parser<'_>) -> Result<Operand, ExpressionError> {
    let path = parser.attribute()?;
    parser.expect_symbol(")")?;
    Ok(Operand::Size(path))
}

fn parse_function(parser: &mut Parser<'_>, name: &str) -> Result<Node, ExpressionError> {
    // DynamoDB's functions are written in lower case only.
    let function = match name {
        "attribute_exists" => "attribute_exists",
        "attribute_not_exists" => "attribute_not_exists",
        "attribute_type" => "attribute_type",
        "begins_with" => "begins_with",
        "contains" => "contains",
        _ => {
            return Err(ExpressionError::UnknownFunction {
                kind: KIND,
                name: name.to_owned(),
            });
        }
    };
    let operands = parser.comma_separated(parse_operand)?;
    parser.expect_symbol(")")?;
    let count = operands.len();
    let mut operands = operands.into_iter();
    let (Some(first), second, None) = (operands.next(), operands.next(), operands.next()) else {
        return Err(ExpressionError::OperandCount {
            kind: KIND,
            function,
            count,
        });
    };
    let Operand::Attribute(path) = first else {
        return Err(ExpressionError::NotAPath { kind: KIND, function });
    };
    match (function, second) {
        ("attribute_exists", None) => Ok(Node::Exists(path)),
        ("attribute_not_exists", None) => Ok(Node::NotExists(path)),
        ("attribute_type", Some(second)) => Ok(Node::HasType(path, second)),
        ("begins_with", Some(second)) => Ok(Node::BeginsWith(path, second)),
        ("contains", Some(second)) => Ok(Node::Contains(path, second)),
        _ => Err(ExpressionError::OperandCount {
            kind: KIND,
            function,
            count,
        }),
    }
}

impl Node {
    fn holds(&self, item: &Map, values: &Object) -> Result<bool, ExpressionError> {
        match self {
            Self::Any(nodes) => nodes
                .iter()
                .try_fold(false, |any, node| Ok(any || node.holds(item, values)?)),
            Self::All(nodes) => nodes
                .iter()
                .try_fold(true, |all, node| Ok(all && node.holds(item, values)?)),
            Self::Not(node) => Ok(!node.holds(item, values)?),
            Self::Compare(left, comparator, right) => {
                let (left, right) = (left.evaluate(item, values)?, right.evaluate(item, values)?);
                comparator.holds(left.as_deref(), right.as_deref())
            }
            Self::Between(value, low, high) => {
                let (low, high) = (low.evaluate(item, values)?, high.evaluate(item, values)?);
                between(
                    value.evaluate(item, values)?.as_deref(),
                    low.as_deref(),
                    high.as_deref(),
                )
            }
            Self::In(value, options) => {
                let value = value.evaluate(item, values)?;
                options.iter().try_fold(false, |any, option| {
                    let option = option.evaluate(item, values)?;
                    Ok(any || Comparator::Equal.holds(value.as_deref(), option.as_deref())?)
                })
            }
            Self::Exists(path) => Ok(item.contains_key(path)),
            Self::NotExists(path) => Ok(!item.contains_key(path)),
            Self::HasType(path, name) => has_type(item.get(path), name.evaluate(item, values)?.as_deref()),
            Self::BeginsWith(path, prefix) => {
                begins_with(item.get(path), prefix.evaluate(item, values)?.as_deref())
            }
            Self::Contains(path, part) => contains(item.get(path), part.evaluate(item, values)?.as_deref()),
        }
    }
}

impl Operand {
    /// `None` when the attribute isn't there.
    fn evaluate<'v>(
        &self,
        item: &'v Map,
        values: &Object,
    ) -> Result<Option<Cow<'v, Value>>, ExpressionError> {
        match self {
            Self::Attribute(path) => Ok(item.get(path).map(Cow::Borrowed)),
            Self::Value(name) => lookup(values, name).map(Some),
            Self::Size(path) => Ok(item
                .get(path)
                .and_then(size)
                .map(|size| Cow::Owned(Value::from(size)))),
        }
    }
}

/// Bytes of a text, elements of a list or map; `None` for what has no size.
fn size(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.len()),
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        Value::Number(_) | Value::Bool(_) | Value::Null => None,
    }
}

impl Comparator {
    /// Nothing compares with an attribute that isn't there, except that it differs from everything.
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> Result<bool, ExpressionError> {
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(self == Self::NotEqual);
        };
        let ordered = |wanted: fn(Ordering) -> bool| Ok(order(left, right)?.is_some_and(wanted));
        match self {
            Self::Equal => equal(left, right),
            Self::NotEqual => equal(left, right).map(|same| !same),
            Self::Less => ordered(Ordering::is_lt),
            Self::LessOrEqual => ordered(Ordering::is_le),
            Self::Greater => ordered(Ordering::is_gt),
            Self::GreaterOrEqual => ordered(Ordering::is_ge),
        }
    }
}

fn between(
    value: Option<&Value>,
    low: Option<&Value>,
    high: Option<&Value>,
) -> Result<bool, ExpressionError> {
    let (Some(low), Some(high)) = (low, high) else {
        return Ok(false);
    };
    if order(low, high)?.is_some_and(Ordering::is_gt) {
        return Err(ExpressionError::BoundsReversed(KIND));
    }
    let above = Comparator::GreaterOrEqual.holds(value, Some(low))?;
    Ok(above && Comparator::LessOrEqual.holds(value, Some(high))?)
}

fn has_type(value: Option<&Value>, name: Option<&Value>) -> Result<bool, ExpressionError> {
    let text = text_operand("attribute_type", name)?;
    if !["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"].contains(&text) {
        return Err(ExpressionError::OperandType {
            kind: KIND,
            operator: "attribute_type",
            found: "unknown type",
        });
    }
    Ok(value.is_some_and(|value| type_of(value) == text))
}

fn begins_with(value: Option<&Value>, prefix: Option<&Value>) -> Result<bool, ExpressionError> {
    let Some(prefix) = prefix else { return Ok(false) };
    let prefix = text_operand("begins_with", Some(prefix))?;
    Ok(value
        .and_then(Value::as_str)
        .is_some_and(|text| text.starts_with(prefix)))
}

fn contains(value: Option<&Value>, part: Option<&Value>) -> Result<bool, ExpressionError> {
    match (value, part) {
        (Some(Value::String(text)), Some(Value::String(part))) => Ok(text.contains(part)),
        (Some(Value::Array(items)), Some(part)) => items
            .iter()
            .try_fold(false, |any, item| Ok(any || equal(item, part)?)),
        _ => Ok(false),
    }
}

fn text_operand<'v>(operator: &'static str, value: Option<&'v Value>) -> Result<&'v str, ExpressionError> {
    match value {
        Some(Value::String(text)) => Ok(text),
        other => {
            let found = other.map_or("none", type_of);
            Err(ExpressionError::OperandType {
                kind: KIND,
                operator,
                found,
            })
        }
    }
}
