//! The template of `States.Format`: text with a `{}` for each argument.

use crate::Value;

/// A template that has been read.
#[derive(Debug, Clone)]
pub(super) struct FormatTemplate {
    text: Box<str>,
    /// The text around the placeholders, one more than there are of them.
    pieces: Vec<String>,
}

impl FormatTemplate {
    /// Reads a template. `\{`, `\}`, `\'` and `\\` stand for the character after the backslash.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' => match characters.next_if(|next| matches!(next, '{' | '}' | '\'' | '\\')) {
                    Some(escaped) => piece.push(escaped),
                    None => piece.push('\\'),
                },
                '{' if characters.next_if_eq(&'}').is_some() => pieces.push(std::mem::take(&mut piece)),
                '{' => return Err("matching '}' not found for '{'".to_owned()),
                '}' => return Err("matching '{' not found for '}'".to_owned()),
                c => piece.push(c),
            }
        }
        pieces.push(piece);
        Ok(Self {
            text: text.into(),
            pieces,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn placeholders(&self) -> usize {
        self.pieces.len() - 1
    }

    /// Puts the values in the places: a text as it is, anything else as JSON.
    pub(super) fn fill<'v>(&self, values: impl ExactSizeIterator<Item = &'v Value>) -> Result<Value, String> {
        if values.len() != self.placeholders() {
            return Err("number of arguments do not match the occurrences of {}".to_owned());
        }
        let mut pieces = self.pieces.iter();
        let mut filled = pieces.next().cloned().unwrap_or_default();
        for (value, piece) in values.zip(pieces) {
            match value {
                Value::String(text) => filled.push_str(text),
                other => filled.push_str(&other.to_string()),
            }
            filled.push_str(piece);
        }
        Ok(filled.into())
    }
}
