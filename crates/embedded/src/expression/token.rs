//! Splits an expression into tokens, each with its place in the text.

use std::ops::Range;

use super::error::{ExpressionError, ExpressionKind};

/// The longest expression, in bytes, as DynamoDB has it.
const MAX_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a function or an attribute.
    Word(&'a str),
    /// `#name`, with its mark.
    Name(&'a str),
    /// `:value`, with its mark.
    Value(&'a str),
    /// An operator or a bracket.
    Symbol(&'a str),
    End,
}

pub(super) type Spanned<'a> = (Token<'a>, Range<usize>);

/// The tokens of `text`; the last one is [`Token::End`].
pub(super) fn tokenize(kind: ExpressionKind, text: &str) -> Result<Vec<Spanned<'_>>, ExpressionError> {
    if text.len() > MAX_BYTES {
        return Err(ExpressionError::TooLong {
            kind,
            bytes: text.len(),
        });
    }
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let span = at..at + token_len(&bytes[at..]);
        let Some(token) = text.get(span.clone()).and_then(|part| classify(first, part)) else {
            return Err(unknown(kind, text, at));
        };
        at = span.end;
        tokens.push((token, span));
    }
    tokens.push((Token::End, at..at));
    Ok(tokens)
}

/// How many bytes the token at the start of `rest`, which is not empty, takes.
fn token_len(rest: &[u8]) -> usize {
    let word = |from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        from + tail
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count()
    };
    match rest {
        [b'<', b'=' | b'>', ..] | [b'>', b'=', ..] => 2,
        [b'#' | b':', ..] => word(1),
        [b, ..] if b.is_ascii_alphanumeric() => word(0),
        _ => 1,
    }
}

fn classify(first: u8, part: &str) -> Option<Token<'_>> {
    match first {
        b'#' if part.len() > 1 => Some(Token::Name(part)),
        b':' if part.len() > 1 => Some(Token::Value(part)),
        b'a'..=b'z' | b'A'..=b'Z' => Some(Token::Word(part)),
        // Digits only follow an attribute in `[0]`.
        b'0'..=b'9' => Some(Token::Symbol(part)),
        b'=' | b'<' | b'>' | b'(' | b')' | b',' | b'+' | b'-' | b'.' | b'[' | b']' => {
            Some(Token::Symbol(part))
        }
        _ => None,
    }
}

fn unknown(kind: ExpressionKind, text: &str, at: usize) -> ExpressionError {
    let token: String = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .map(String::from)
        .unwrap_or_default();
    let near = text.get(at..).unwrap_or_default().chars().take(16).collect();
    ExpressionError::Syntax { kind, token, near }
}
