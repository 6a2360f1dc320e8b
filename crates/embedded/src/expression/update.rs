//! What an update does to an item.

use std::borrow::Cow;

use asl::value::Object;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Map;
use super::error::{ExpressionError, ExpressionKind};
use super::number::{decimal, number};
use super::parser::{Parser, Placeholders};
use super::value::lookup;

const KIND: ExpressionKind = ExpressionKind::Update;

/// A compiled UpdateExpression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    set: Vec<(String, SetValue)>,
    remove: Vec<String>,
    /// Attribute and the placeholder of what is added to it.
    add: Vec<(String, String)>,
    placeholders: Placeholders,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SetValue {
    Is(Operand),
    Plus(Operand, Operand),
    Minus(Operand, Operand),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Attribute(String),
    Value(String),
    IfNotExists(String, Box<Operand>),
    ListAppend(Box<Operand>, Box<Operand>),
}

impl Update {
    /// Compiles `text`, in which `names` says what each `#name` stands for.
    pub(crate) fn parse(text: &str, names: Option<&Map>) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(KIND, text, names)?;
        let mut update = Self {
            set: Vec::new(),
            remove: Vec::new(),
            add: Vec::new(),
            placeholders: Placeholders::default(),
        };
        while update.parse_section(&mut parser)? {}
        update.placeholders = parser.finish()?;
        update.check_overlaps()?;
        Ok(update)
    }

    /// The attributes that it writes or removes.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        let set = self.set.iter().map(|(path, _)| path);
        let add = self.add.iter().map(|(path, _)| path);
        set.chain(&self.remove).chain(add).map(String::as_str)
    }

    /// The placeholders that it uses.
    pub(crate) fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    /// Changes `item`. Every operand is read from the item as it was before; after an error it is unchanged.
    pub(crate) fn apply(&self, item: &mut Map, values: &Object) -> Result<(), ExpressionError> {
        self.placeholders.require_values(KIND, values)?;
        let mut written = Vec::with_capacity(self.set.len() + self.add.len());
        for (path, value) in &self.set {
            written.push((path, value.evaluate(item, values)?.into_owned()));
        }
        for (path, name) in &self.add {
            written.push((path, added(item.get(path), &*lookup(values, name)?)?));
        }
        if !self.remove.is_empty() {
            // Unlike `remove`, this leaves the others in their order.
            item.retain(|name, _| !self.remove.contains(name));
        }
        for (path, value) in written {
            match item.get_mut(path) {
                Some(old) => *old = value,
                None => drop(item.insert(path.clone(), value)),
            }
        }
        Ok(())
    }

    /// Reads one section; `false` when none begins here.
    fn parse_section(&mut self, parser: &mut Parser<'_>) -> Result<bool, ExpressionError> {
        if parser.eat_keyword("SET") {
            once("SET", &self.set)?;
            self.set = parser.comma_separated(parse_set)?;
        } else if parser.eat_keyword("REMOVE") {
            once("REMOVE", &self.remove)?;
            self.remove = parser.comma_separated(Parser::attribute)?;
        } else if parser.eat_keyword("ADD") {
            once("ADD", &self.add)?;
            self.add = parser.comma_separated(|parser| {
                let path = parser.attribute()?;
                Ok((path, parser.eat_value().ok_or_else(|| parser.syntax_error())?))
            })?;
        } else if parser.eat_keyword("DELETE") {
            return Err(ExpressionError::Sets { kind: KIND });
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn check_overlaps(&self) -> Result<(), ExpressionError> {
        let mut seen = std::collections::BTreeSet::new();
        match self.targets().find(|path| !seen.insert(*path)) {
            Some(path) => Err(ExpressionError::Overlap {
                kind: KIND,
                path: path.to_owned(),
            }),
            None => Ok(()),
        }
    }
}

fn once<T>(section: &'static str, read: &[T]) -> Result<(), ExpressionError> {
    if read.is_empty() {
        Ok(())
    } else {
        Err(ExpressionError::RepeatedSection { kind: KIND, section })
    }
}

fn parse_set(parser: &mut Parser<'_>) -> Result<(String, SetValue), ExpressionError> {
    let path = parser.attribute()?;
    parser.expect_symbol("=")?;
    let left = parse_operand(parser)?;
    let value = if parser.eat_symbol("+") {
        SetValue::Plus(left, parse_operand(parser)?)
    } else if parser.eat_symbol("-") {
        SetValue::Minus(left, parse_operand(parser)?)
    } else {
        SetValue::Is(left)
    };
    Ok((path, value))
}

fn parse_operand(parser: &mut Parser<'_>) -> Result<Operand, ExpressionError> {
    if let Some(name) = parser.eat_value() {
        return Ok(Operand::Value(name));
    }
    match parser.eat_function() {
        None => parser.attribute().map(Operand::Attribute),
        Some("if_not_exists") => parser.nested(|parser| {
            let path = parser.attribute()?;
            parser.expect_symbol(",")?;
            let otherwise = parse_operand(parser)?;
            parser.expect_symbol(")")?;
            Ok(Operand::IfNotExists(path, Box::new(otherwise)))
        }),
        Some("list_append") => parser.nested(|parser| {
            let first = parse_operand(parser)?;
            parser.expect_symbol(",")?;
            let second = parse_operand(parser)?;
            parser.expect_symbol(")")?;
            Ok(Operand::ListAppend(Box::new(first), Box::new(second)))
        }),
        Some(name) => Err(ExpressionError::UnknownFunction {
            kind: KIND,
            name: name.to_owned(),
        }),
    }
}

impl SetValue {
    fn evaluate<'v>(&self, item: &'v Map, values: &Object) -> Result<Cow<'v, Value>, ExpressionError> {
        let (left, right, combine): (_, _, fn(Decimal, Decimal) -> Option<Decimal>) = match self {
            Self::Is(operand) => return operand.evaluate(item, values),
            Self::Plus(left, right) => (left, right, Decimal::checked_add),
            Self::Minus(left, right) => (left, right, Decimal::checked_sub),
        };
        let (left, right) = (left.evaluate(item, values)?, right.evaluate(item, values)?);
        calculate(&left, &right, combine).map(Cow::Owned)
    }
}

impl Operand {
    fn evaluate<'v>(&self, item: &'v Map, values: &Object) -> Result<Cow<'v, Value>, ExpressionError> {
        match self {
            Self::Attribute(path) => item
                .get(path)
                .map(Cow::Borrowed)
                .ok_or(ExpressionError::MissingAttribute),
            Self::Value(name) => lookup(values, name),
            Self::IfNotExists(path, otherwise) => match item.get(path) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => otherwise.evaluate(item, values),
            },
            Self::ListAppend(first, second) => {
                let (first, second) = (first.evaluate(item, values)?, second.evaluate(item, values)?);
                match (&*first, &*second) {
                    (Value::Array(first), Value::Array(second)) => {
                        Ok(Cow::Owned(first.iter().chain(second).cloned().collect()))
                    }
                    _ => Err(ExpressionError::IncorrectType),
                }
            }
        }
    }
}

fn added(old: Option<&Value>, by: &Value) -> Result<Value, ExpressionError> {
    let Value::Number(_) = by else {
        let found = super::value::type_of(by);
        return Err(ExpressionError::OperandType {
            kind: KIND,
            operator: "ADD",
            found,
        });
    };
    match old {
        Some(old) => calculate(old, by, Decimal::checked_add),
        None => Ok(by.clone()),
    }
}

/// Combines two numbers exactly. A result that had to be rounded is refused.
fn calculate(
    left: &Value,
    right: &Value,
    combine: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<Value, ExpressionError> {
    let (Value::Number(left), Value::Number(right)) = (left, right) else {
        return Err(ExpressionError::IncorrectType);
    };
    let (a, b) = (decimal(left)?.normalize(), decimal(right)?.normalize());
    let result =
        combine(a, b).filter(|result| result.is_zero() || result.scale() >= a.scale().max(b.scale()));
    let result = result.ok_or_else(|| ExpressionError::NumberRange(format!("{left} and {right}")))?;
    number(result).map(Value::Number)
}
