//! Reads the text of a call.

use crate::Value;

use super::call::{Argument, Call};
use super::format::FormatTemplate;
use super::function::Function;
use super::{IntrinsicError, MAX_NESTING, MAX_TEXT_BYTES};
use crate::path::Cursor;
use crate::payload::Selector;

/// Reads a whole call.
pub(super) fn parse_call(text: &str) -> Result<Call, IntrinsicError> {
    let mut cursor = Cursor::new(text);
    if text.len() > MAX_TEXT_BYTES {
        return Err(error(
            &cursor,
            format!("an expression may have {MAX_TEXT_BYTES} bytes at most"),
        ));
    }
    let call = call(&mut cursor, 1)?;
    cursor.skip_spaces();
    if cursor.at_end() {
        Ok(call)
    } else {
        Err(error(&cursor, "expected the end of the expression"))
    }
}

fn error(cursor: &Cursor<'_>, problem: impl Into<String>) -> IntrinsicError {
    IntrinsicError {
        problem: problem.into(),
        position: cursor.position(),
    }
}

fn expect(cursor: &mut Cursor<'_>, expected: &str) -> Result<(), IntrinsicError> {
    if cursor.eat(expected) {
        Ok(())
    } else {
        Err(error(cursor, format!("expected `{expected}`")))
    }
}

fn call(cursor: &mut Cursor<'_>, depth: usize) -> Result<Call, IntrinsicError> {
    let start = cursor.clone();
    if depth > MAX_NESTING {
        return Err(error(
            &start,
            format!("intrinsic functions nest {MAX_NESTING} deep at most"),
        ));
    }
    expect(cursor, "States.")?;
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric());
    let function = Function::named(name).ok_or_else(|| {
        let names = Function::ALL.map(Function::name).join(", ");
        error(
            &start,
            format!("there is no intrinsic function States.{name}; there are {names}"),
        )
    })?;
    cursor.skip_spaces();
    let arguments = arguments(cursor, function, depth)?;
    if function.arity().contains(&arguments.len()) {
        Ok(Call { function, arguments })
    } else {
        let (least, most) = function.arity().into_inner();
        let wanted = match most {
            usize::MAX => format!("at least {least}"),
            most if most == least => least.to_string(),
            most => format!("{least} to {most}"),
        };
        let given = arguments.len();
        Err(error(
            &start,
            format!("States.{name} takes {wanted} arguments, and {given} are given"),
        ))
    }
}

fn arguments(
    cursor: &mut Cursor<'_>,
    function: Function,
    depth: usize,
) -> Result<Vec<Argument>, IntrinsicError> {
    let mut arguments = Vec::new();
    expect(cursor, "(")?;
    cursor.skip_spaces();
    if cursor.eat(")") {
        return Ok(arguments);
    }
    loop {
        cursor.skip_spaces();
        let is_template = function == Function::Format && arguments.is_empty();
        arguments.push(argument(cursor, is_template, depth)?);
        cursor.skip_spaces();
        if cursor.eat(")") {
            break;
        }
        if !cursor.eat(",") {
            return Err(error(cursor, "expected `,` or `)`"));
        }
    }
    if let Some(Argument::Format(template)) = arguments.first()
        && template.placeholders() != arguments.len() - 1
    {
        let (places, given) = (template.placeholders(), arguments.len() - 1);
        return Err(error(
            cursor,
            format!("the template has {places} `{{}}`, and {given} values are given for them"),
        ));
    }
    Ok(arguments)
}

fn argument(cursor: &mut Cursor<'_>, is_template: bool, depth: usize) -> Result<Argument, IntrinsicError> {
    match cursor.peek() {
        Some('\'') => text(cursor, is_template),
        Some('$') => path(cursor),
        Some('S') => Ok(Argument::Call(Box::new(call(cursor, depth + 1)?))),
        Some('-' | '0'..='9') => {
            let before = cursor.clone();
            let digits =
                cursor.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
            let number = digits.parse().map_err(|_| error(&before, "not a number"))?;
            Ok(Argument::Literal(Value::Number(number)))
        }
        _ => {
            let before = cursor.clone();
            let literal = match cursor.take_while(|c| c.is_ascii_alphabetic()) {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => {
                    let wanted =
                        "expected a path, a text in single quotes, a number, true, false, null or a call";
                    return Err(error(&before, wanted));
                }
            };
            Ok(Argument::Literal(literal))
        }
    }
}

/// Reads a text in single quotes. The template of `States.Format` keeps its escapes, for they tell braces apart.
fn text(cursor: &mut Cursor<'_>, is_template: bool) -> Result<Argument, IntrinsicError> {
    let start = cursor.clone();
    expect(cursor, "'")?;
    let (mut raw, mut plain) = (String::new(), String::new());
    loop {
        let before = cursor.clone();
        match cursor.next() {
            None => return Err(error(&start, "expected a closing `'`")),
            Some('\'') => break,
            Some('\\') => match cursor.next() {
                Some(escaped @ ('\'' | '\\' | '{' | '}')) => {
                    raw.extend(['\\', escaped]);
                    plain.push(escaped);
                }
                _ => {
                    return Err(error(
                        &before,
                        r"a backslash must be followed by `'`, `\`, `{` or `}`",
                    ));
                }
            },
            Some(c) => {
                raw.push(c);
                plain.push(c);
            }
        }
    }
    if !is_template {
        return Ok(Argument::Literal(plain.into()));
    }
    FormatTemplate::parse(&raw)
        .map(Argument::Format)
        .map_err(|problem| error(&start, problem))
}

/// Reads a path up to the comma or parenthesis that ends the argument.
fn path(cursor: &mut Cursor<'_>) -> Result<Argument, IntrinsicError> {
    let before = cursor.clone();
    let end = path_end(cursor.rest());
    let text = &cursor.rest()[..end];
    let selector = Selector::parse(text).map_err(|problem| error(&before, problem.to_string()))?;
    cursor.advance(end);
    Ok(Argument::Path(selector))
}

/// Where a path ends: at a comma, a closing parenthesis or a space that is in no bracket, parenthesis or quotes.
fn path_end(text: &str) -> usize {
    let mut open = 0_usize;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (_, '\\') => {
                characters.next();
            }
            (Some(opening), c) if c == opening => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if open > 0 => quote = Some(c),
            (None, '[' | '(') => open += 1,
            (None, ',' | ' ' | ')') if open == 0 => return at,
            (None, ']' | ')') => open = open.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}
