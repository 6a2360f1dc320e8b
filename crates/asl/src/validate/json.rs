//! Reads JSON only to find what is wrong with it: the first syntax error, worded and placed as Step Functions does,
//! and keys that an object gives twice, of which a reader would silently keep the last.

use std::collections::HashSet;

use super::{INVALID_JSON, step};
use crate::Fault;

/// How deep JSON may nest; as deep as it can be read.
const MAX_DEPTH: usize = 127;
/// How much of the text a location repeats, in characters.
const MAX_SOURCE: usize = 500;
const VALUE: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// The first syntax error.
#[derive(Debug)]
pub(super) struct JsonError {
    problem: String,
    /// `[Source: (String)"…"; line: 1, column: 4]`.
    location: String,
}

impl JsonError {
    pub(super) fn into_fault(self) -> Fault {
        let problem = format!("{}\n at {}", self.problem, self.location);
        Fault::new(self.location, problem, "a definition is JSON").with_code(INVALID_JSON)
    }
}

/// Looks through a text. Gives a fault for each key that is given twice.
pub(super) fn scan(text: &str) -> Result<Vec<Fault>, JsonError> {
    let mut scanner = Scanner {
        text,
        at: 0,
        duplicates: Vec::new(),
        pointer: String::new(),
    };
    scanner.spaces();
    scanner.value(0)?;
    scanner.spaces();
    if scanner.at < text.len() {
        return Err(scanner.unexpected("expected the end of the text"));
    }
    Ok(scanner.duplicates)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    duplicates: Vec<Fault>,
    pointer: String,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn spaces(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    /// Where a text position is, as Step Functions writes it.
    fn location(&self, at: usize) -> String {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let shown: String = self.text.chars().take(MAX_SOURCE).collect();
        let left = self.text.chars().count().saturating_sub(MAX_SOURCE);
        let truncated = if left > 0 {
            format!("[truncated {left} chars]")
        } else {
            String::new()
        };
        format!("[Source: (String)\"{shown}\"{truncated}; line: {line}, column: {column}]")
    }

    fn error(&self, problem: impl Into<String>, at: usize) -> JsonError {
        JsonError {
            problem: problem.into(),
            location: self.location(at),
        }
    }

    /// The character here cannot be.
    fn unexpected(&self, wanted: &str) -> JsonError {
        match self.peek() {
            Some(c) => {
                let problem = format!("Unexpected character ('{c}' (code {})): {wanted}", u32::from(c));
                self.error(problem, self.at + c.len_utf8())
            }
            None => self.error(format!("Unexpected end-of-input: {wanted}"), self.at),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error(
                format!("Document nesting depth exceeds the maximum allowed ({MAX_DEPTH})"),
                self.at,
            ));
        }
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string().map(|_| ()),
            Some('-' | '0'..='9') => self.number(),
            Some(c) if c.is_alphabetic() || matches!(c, '_' | '$') => self.word(),
            _ => Err(self.unexpected(&format!("expected a valid value {VALUE}"))),
        }
    }

    fn word(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        if matches!(word, "true" | "false" | "null") {
            return Ok(());
        }
        let shown: String = word.chars().take(256).collect();
        Err(self.error(
            format!("Unrecognized token '{shown}': was expecting {VALUE}"),
            self.at,
        ))
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c))
            .unwrap_or(rest.len());
        if serde_json::from_str::<serde_json::Number>(&rest[..end]).is_err() {
            let problem = format!(
                "Invalid numeric value: {}",
                rest[..end].chars().take(40).collect::<String>()
            );
            return Err(self.error(problem, self.at));
        }
        self.at += end;
        Ok(())
    }

    /// Reads a text; its value matters for keys only.
    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                None => {
                    return Err(self.error(
                        "Unexpected end-of-input: was expecting closing quote for a string value",
                        self.text.len(),
                    ));
                }
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(control @ 0..0x20) => {
                    let problem = format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {control})): has to be escaped using backslash to \
                         be included in string value"
                    );
                    return Err(self.error(problem, end + 1));
                }
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        let literal = self.text.get(start..=end).unwrap_or_default();
        serde_json::from_str(literal)
            .map_err(|_| self.error("Unrecognized character escape in a string value", start + 1))
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        self.spaces();
        if self.eat(']') {
            return Ok(());
        }
        for index in 0_usize.. {
            self.spaces();
            let length = self.pointer.len();
            self.pointer.push_str(&format!("/{index}"));
            self.value(depth + 1)?;
            self.pointer.truncate(length);
            self.spaces();
            if self.eat(']') {
                break;
            }
            if !self.eat(',') {
                return Err(self.unexpected("was expecting comma to separate Array entries"));
            }
        }
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        let mut keys = HashSet::new();
        self.spaces();
        if self.eat('}') {
            return Ok(());
        }
        loop {
            self.spaces();
            if self.peek() != Some('"') {
                return Err(self.unexpected("was expecting double-quote to start field name"));
            }
            let key = self.string()?;
            self.spaces();
            if !self.eat(':') {
                return Err(self.unexpected("was expecting a colon to separate field name and value"));
            }
            self.spaces();
            let length = self.pointer.len();
            self.pointer.push('/');
            self.pointer.push_str(&step(&key));
            if !keys.insert(key) {
                self.duplicate();
            }
            self.value(depth + 1)?;
            self.pointer.truncate(length);
            self.spaces();
            if self.eat('}') {
                return Ok(());
            }
            if !self.eat(',') {
                return Err(self.unexpected("was expecting comma to separate Object entries"));
            }
        }
    }

    fn duplicate(&mut self) {
        let fault = Fault::new(
            self.pointer.clone(),
            "The field is given twice",
            "keep one of them",
        );
        self.duplicates.push(fault.with_code("DUPLICATE_FIELD"));
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }
}
