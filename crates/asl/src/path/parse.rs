//! Reads the text of a path into its steps.

use super::cursor::Cursor;
use super::filter_parse::parse_filter;
use super::function::Function;
use super::segment::Segment;
use super::{MAX_NESTING, MAX_TEXT_BYTES, PathError};

/// Where a path stands, which decides what ends a name in dot notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A path by itself: a name goes on to the next `.`, `[` or `(`.
    Alone,
    /// A path inside a filter: operators and spaces end it too.
    InFilter,
}

/// Reads a whole path that starts with `$`.
pub(super) fn parse_path(text: &str) -> Result<Vec<Segment>, PathError> {
    let mut cursor = Cursor::new(text);
    if text.len() > MAX_TEXT_BYTES {
        return Err(cursor.error(format!("a path may have {MAX_TEXT_BYTES} bytes at most")));
    }
    if !cursor.eat("$") {
        return Err(cursor.error("a path starts with `$`"));
    }
    let segments = parse_segments(&mut cursor, Place::Alone, 0)?;
    if cursor.at_end() {
        Ok(segments)
    } else {
        Err(cursor.error("expected `.` or `[`"))
    }
}

/// Reads the steps after `$` or `@`, up to whatever cannot belong to them.
pub(super) fn parse_segments(
    cursor: &mut Cursor<'_>,
    place: Place,
    depth: usize,
) -> Result<Vec<Segment>, PathError> {
    if depth > MAX_NESTING {
        return Err(cursor.error(format!("filters may nest {MAX_NESTING} deep at most")));
    }
    let mut segments: Vec<Segment> = Vec::new();
    loop {
        if let Some(Segment::Function(function)) = segments.last() {
            if matches!(cursor.peek(), Some('.' | '[')) {
                return Err(cursor.error(format!("`{}()` must be the last step", function.name())));
            }
            return Ok(segments);
        }
        if cursor.eat("..") {
            segments.push(Segment::Descendants);
            if cursor.peek() != Some('[') {
                segments.push(parse_member(cursor, place)?);
            }
        } else if cursor.eat(".") {
            if cursor.peek() != Some('[') {
                segments.push(parse_member(cursor, place)?);
            }
        } else if cursor.peek() == Some('[') {
            segments.push(parse_bracket(cursor, depth)?);
        } else {
            return Ok(segments);
        }
    }
}

/// Reads what follows a dot: `*`, a name, or a function at the end.
fn parse_member(cursor: &mut Cursor<'_>, place: Place) -> Result<Segment, PathError> {
    if cursor.eat("*") {
        return Ok(Segment::Wildcard);
    }
    let name = parse_name(cursor, place)?;
    if name.is_empty() {
        return Err(cursor.error("expected a name, `*` or `[` after the dot"));
    }
    if cursor.peek() == Some('(') {
        return Function::parse(&name, cursor).map(Segment::Function);
    }
    Ok(Segment::Name(name.into()))
}

/// Reads a name in dot notation; a backslash takes the special meaning from the character after it.
fn parse_name(cursor: &mut Cursor<'_>, place: Place) -> Result<String, PathError> {
    let ends = |c: char| match place {
        Place::Alone => matches!(c, '.' | '[' | '('),
        Place::InFilter => c.is_whitespace() || ".[()]<>=~!&|,".contains(c),
    };
    let mut name = String::new();
    while let Some(c) = cursor.peek() {
        if ends(c) {
            break;
        }
        if c.is_whitespace() || c.is_control() {
            return Err(cursor.error("a name with spaces goes in brackets: ['my name']"));
        }
        cursor.next();
        if c == '\\' {
            name.push(parse_escape(cursor)?);
        } else {
            name.push(c);
        }
    }
    Ok(name)
}

/// What a backslash in dot notation stands for: `\uXXXX` a code point, anything else itself.
fn parse_escape(cursor: &mut Cursor<'_>) -> Result<char, PathError> {
    let escaped = cursor
        .next()
        .ok_or_else(|| cursor.error("a backslash must be followed by a character"))?;
    if escaped != 'u' {
        return Ok(escaped);
    }
    let high = match parse_code_unit(cursor) {
        Some(unit) => unit,
        None => return Ok('u'),
    };
    let code = if (0xD800..0xDC00).contains(&high) && cursor.eat("\\u") {
        let low = parse_code_unit(cursor).filter(|low| (0xDC00..0xE000).contains(low));
        low.map(|low| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    } else {
        Some(high)
    };
    code.and_then(char::from_u32)
        .ok_or_else(|| cursor.error("not a Unicode character"))
}

fn parse_code_unit(cursor: &mut Cursor<'_>) -> Option<u32> {
    let digits = cursor
        .rest()
        .get(..4)
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let unit = u32::from_str_radix(digits, 16).ok()?;
    cursor.advance(4);
    Some(unit)
}

/// Reads one step in brackets.
fn parse_bracket(cursor: &mut Cursor<'_>, depth: usize) -> Result<Segment, PathError> {
    cursor.expect("[")?;
    cursor.skip_spaces();
    let segment = match cursor.peek() {
        Some('\'' | '"') => parse_names(cursor)?,
        Some('*') => {
            cursor.next();
            Segment::Wildcard
        }
        Some('?') => {
            cursor.next();
            Segment::Filter(Box::new(parse_filter(cursor, depth + 1)?))
        }
        _ => parse_positions(cursor)?,
    };
    cursor.skip_spaces();
    cursor.expect("]")?;
    Ok(segment)
}

/// Reads `'a'` or `'a', 'b'`.
fn parse_names(cursor: &mut Cursor<'_>) -> Result<Segment, PathError> {
    let mut names: Vec<Box<str>> = Vec::new();
    loop {
        cursor.skip_spaces();
        names.push(parse_quoted(cursor)?.into());
        cursor.skip_spaces();
        if !cursor.eat(",") {
            break;
        }
    }
    Ok(match <[Box<str>; 1]>::try_from(names) {
        Ok([name]) => Segment::Name(name),
        Err(names) => Segment::Names(names.into()),
    })
}

/// Reads a quoted text. A backslash only escapes the quote; every other one stands for itself.
pub(super) fn parse_quoted(cursor: &mut Cursor<'_>) -> Result<String, PathError> {
    let quote = match cursor.peek() {
        Some(quote @ ('\'' | '"')) => quote,
        _ => return Err(cursor.error("expected a name in quotes")),
    };
    cursor.next();
    let mut text = String::new();
    while let Some(c) = cursor.next() {
        match c {
            '\\' if cursor.peek() == Some(quote) => {
                cursor.next();
                text.push(quote);
            }
            c if c == quote => return Ok(text),
            c => text.push(c),
        }
    }
    Err(cursor.error(format!("expected a closing {quote}")))
}

/// Reads `0`, `0, 2`, `1:3`, `:2` or `-1:`.
fn parse_positions(cursor: &mut Cursor<'_>) -> Result<Segment, PathError> {
    let first = parse_integer(cursor)?;
    cursor.skip_spaces();
    if cursor.eat(":") {
        cursor.skip_spaces();
        let end = parse_integer(cursor)?;
        cursor.skip_spaces();
        if cursor.peek() == Some(':') {
            return Err(cursor.error("a slice is [start:end], without a step"));
        }
        return Ok(Segment::Slice { start: first, end });
    }
    let wanted = "expected an index, a name in quotes, a slice, `*` or `?(…)`";
    let mut indices = vec![first.ok_or_else(|| cursor.error(wanted))?];
    while cursor.eat(",") {
        cursor.skip_spaces();
        indices.push(parse_integer(cursor)?.ok_or_else(|| cursor.error("expected an index"))?);
        cursor.skip_spaces();
    }
    Ok(match indices[..] {
        [index] => Segment::Index(index),
        _ => Segment::Indices(indices.into()),
    })
}

/// Reads an integer, when there is one.
pub(super) fn parse_integer(cursor: &mut Cursor<'_>) -> Result<Option<i64>, PathError> {
    let before = cursor.clone();
    let negative = cursor.eat("-");
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    if digits.is_empty() {
        return if negative {
            Err(before.error("expected digits after `-`"))
        } else {
            Ok(None)
        };
    }
    // Nothing has as many elements as do not fit here; 18 digits always fit.
    let magnitude: i64 = match digits.len() {
        0..=18 => digits.parse().map_err(|_| before.error("not an index"))?,
        _ => return Err(before.error("the index is too large")),
    };
    Ok(Some(if negative { -magnitude } else { magnitude }))
}
