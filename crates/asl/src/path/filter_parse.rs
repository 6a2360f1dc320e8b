//! Reads the text of a filter.

use crate::Value;
use crate::value::Object;
use regex::RegexBuilder;

use super::cursor::Cursor;
use super::filter::{Filter, Operand, Operator};
use super::parse::{Place, parse_quoted, parse_segments};
use super::{MAX_NESTING, PathError};

/// How large a compiled regular expression may be, in bytes.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// The operators by their text, each before any that is a beginning of it.
const OPERATORS: [(&str, Operator); 8] = [
    ("===", Operator::SameTypeEqual),
    ("!==", Operator::SameTypeNotEqual),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

const NAMED_OPERATORS: [(&str, Operator); 8] = [
    ("in", Operator::In),
    ("nin", Operator::NotIn),
    ("subsetof", Operator::SubsetOf),
    ("anyof", Operator::AnyOf),
    ("noneof", Operator::NoneOf),
    ("size", Operator::Size),
    ("empty", Operator::Empty),
    ("contains", Operator::Contains),
];

/// Reads `(condition)`, after the question mark.
pub(super) fn parse_filter(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    cursor.skip_spaces();
    cursor.expect("(")?;
    let filter = parse_or(cursor, depth)?;
    cursor.skip_spaces();
    cursor.expect(")")?;
    Ok(filter)
}

fn parse_or(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    if depth > MAX_NESTING {
        return Err(cursor.error(format!("a filter may nest {MAX_NESTING} deep at most")));
    }
    let mut filters = Vec::new();
    loop {
        filters.push(parse_and(cursor, depth)?);
        cursor.skip_spaces();
        if !cursor.eat("||") {
            return Ok(one_or(filters, Filter::Or));
        }
    }
}

fn parse_and(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    let mut filters = Vec::new();
    loop {
        filters.push(parse_not(cursor, depth)?);
        cursor.skip_spaces();
        if !cursor.eat("&&") {
            return Ok(one_or(filters, Filter::And));
        }
    }
}

fn one_or(filters: Vec<Filter>, many: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match <[Filter; 1]>::try_from(filters) {
        Ok([filter]) => filter,
        Err(filters) => many(filters),
    }
}

fn parse_not(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    cursor.skip_spaces();
    let mut negated = false;
    while cursor.eat("!") {
        negated = !negated;
        cursor.skip_spaces();
    }
    let filter = if cursor.eat("(") {
        let filter = parse_or(cursor, depth + 1)?;
        cursor.skip_spaces();
        cursor.expect(")")?;
        filter
    } else {
        parse_relation(cursor, depth)?
    };
    Ok(if negated {
        Filter::Not(Box::new(filter))
    } else {
        filter
    })
}

fn parse_relation(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathError> {
    let left = parse_operand(cursor, depth)?;
    cursor.skip_spaces();
    if cursor.eat("=~") {
        cursor.skip_spaces();
        return Ok(Filter::Matches {
            left,
            pattern: parse_pattern(cursor)?,
        });
    }
    let Some(operator) = parse_operator(cursor)? else {
        return Ok(Filter::Holds(left));
    };
    cursor.skip_spaces();
    let right = parse_operand(cursor, depth)?;
    Ok(Filter::Compare {
        left,
        operator,
        right,
    })
}

fn parse_operator(cursor: &mut Cursor<'_>) -> Result<Option<Operator>, PathError> {
    for (text, operator) in OPERATORS {
        if cursor.eat(text) {
            return Ok(Some(operator));
        }
    }
    let before = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_alphabetic());
    if word.is_empty() {
        return Ok(None);
    }
    let named = NAMED_OPERATORS
        .iter()
        .find(|(text, _)| text.eq_ignore_ascii_case(word));
    match named {
        Some((_, operator)) => Ok(Some(*operator)),
        None => Err(before.error(format!("unknown operator `{word}`"))),
    }
}

fn parse_operand(cursor: &mut Cursor<'_>, depth: usize) -> Result<Operand, PathError> {
    if cursor.eat("@") {
        return parse_segments(cursor, Place::InFilter, depth + 1).map(Operand::Current);
    }
    if cursor.eat("$") {
        return parse_segments(cursor, Place::InFilter, depth + 1).map(Operand::Root);
    }
    parse_literal(cursor, depth).map(Operand::Literal)
}

fn parse_literal(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, PathError> {
    if depth > MAX_NESTING {
        return Err(cursor.error(format!("a literal may nest {MAX_NESTING} deep at most")));
    }
    match cursor.peek() {
        Some('\'' | '"') => parse_quoted(cursor).map(Value::from),
        Some('[') => parse_list(cursor, depth),
        Some('{') => parse_object(cursor, depth),
        Some('-' | '0'..='9') => parse_number(cursor),
        _ => {
            let before = cursor.clone();
            match cursor.take_while(|c| c.is_ascii_alphabetic()) {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                "null" => Ok(Value::Null),
                _ => Err(before.error("expected a path, a quoted text, a number, true, false, null, [ or {")),
            }
        }
    }
}

fn parse_number(cursor: &mut Cursor<'_>) -> Result<Value, PathError> {
    let before = cursor.clone();
    let text = cursor.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
    let number = text.parse().map_err(|_| before.error("not a number"))?;
    Ok(Value::Number(number))
}

fn parse_list(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, PathError> {
    cursor.expect("[")?;
    let mut list = Vec::new();
    cursor.skip_spaces();
    if cursor.eat("]") {
        return Ok(list.into());
    }
    loop {
        cursor.skip_spaces();
        list.push(parse_literal(cursor, depth + 1)?);
        cursor.skip_spaces();
        if !cursor.eat(",") {
            cursor.expect("]")?;
            return Ok(list.into());
        }
    }
}

fn parse_object(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, PathError> {
    cursor.expect("{")?;
    let mut members = Vec::new();
    cursor.skip_spaces();
    if cursor.eat("}") {
        return Ok(Object::from_iter(members).into());
    }
    loop {
        cursor.skip_spaces();
        let key = parse_quoted(cursor)?;
        cursor.skip_spaces();
        cursor.expect(":")?;
        cursor.skip_spaces();
        members.push((key.into(), parse_literal(cursor, depth + 1)?));
        cursor.skip_spaces();
        if !cursor.eat(",") {
            cursor.expect("}")?;
            return Ok(Object::from_iter(members).into());
        }
    }
}

/// Reads `/pattern/flags`. The pattern must match the whole text, as in the dialect.
fn parse_pattern(cursor: &mut Cursor<'_>) -> Result<regex::Regex, PathError> {
    let before = cursor.clone();
    cursor.expect("/")?;
    let mut pattern = String::new();
    loop {
        match cursor.next() {
            None => return Err(before.error("expected a closing `/`")),
            Some('/') => break,
            Some('\\') if cursor.peek() == Some('/') => {
                cursor.next();
                pattern.push('/');
            }
            Some('\\') => {
                pattern.push('\\');
                pattern.extend(cursor.next());
            }
            Some(c) => pattern.push(c),
        }
    }
    let flags = cursor.take_while(|c| c.is_ascii_alphabetic());
    if let Some(unknown) = flags.chars().find(|flag| !"imsxuU".contains(*flag)) {
        return Err(before.error(format!("unknown flag `{unknown}` of a regular expression")));
    }
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .ignore_whitespace(flags.contains('x'))
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|error| before.error(format!("unsupported regular expression: {error}")))
}
