//! Words, numbers, texts and signs of a query.

/// A piece of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword, a function or a field, such as `@timestamp` or `data.orderId`.
    Word(String),
    /// Between quotes.
    Text(String),
    /// Between slashes.
    Pattern(String),
    Number(f64),
    /// Such as `5m`, in milliseconds.
    Span(i64),
    Sign(&'static str),
}

const SIGNS: [&str; 12] = ["!=", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", "|"];

/// Takes a query apart.
///
/// # Errors
/// A sentence with what can't be read.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' | '/' => quoted(rest, first)?,
            '0'..='9' | '-' => number(rest)?,
            '*' => (Token::Word("*".to_owned()), 1),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => word(rest)?,
            },
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn quoted(rest: &str, quote: char) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => {
                // In a pattern, a backslash is the pattern's own, unless it is there for the slash.
                if quote == '/' && c != '/' {
                    text.push('\\');
                }
                text.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if c == quote => {
                let token = if quote == '/' {
                    Token::Pattern(text)
                } else {
                    Token::Text(text)
                };
                return Ok((token, at + 1));
            }
            _ => text.push(c),
        }
    }
    Err(format!("a closing {quote} is missing after {rest}"))
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let text = &rest[..end];
    let unit = |letter, ms: i64| {
        let number: Option<i64> = text.strip_suffix(letter)?.parse().ok();
        number.filter(|n| *n > 0)?.checked_mul(ms)
    };
    let span = unit("ms", 1)
        .or_else(|| unit("s", 1_000))
        .or_else(|| unit("m", 60_000))
        .or_else(|| unit("h", 3_600_000))
        .or_else(|| unit("d", 86_400_000));
    match (span, text.parse()) {
        (Some(span), _) => Ok((Token::Span(span), end)),
        (None, Ok(number)) => Ok((Token::Number(number), end)),
        (None, Err(_)) => Err(format!("{text} is no number, and no span of time such as 5m")),
    }
}

fn word(rest: &str) -> Result<(Token, usize), String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '.' | '-');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    if end == 0 {
        return Err(format!(
            "{} has no meaning here",
            rest.chars().next().unwrap_or_default()
        ));
    }
    Ok((Token::Word(rest[..end].to_owned()), end))
}
