//! What the three kinds of expression have in common: reading tokens, attributes and placeholders.

use std::collections::BTreeSet;

use asl::value::Object;
use serde_json::Value;

use super::Map;
use super::error::{ExpressionError, ExpressionKind};
use super::reserved::is_reserved;
use super::token::{Spanned, Token, tokenize};

/// How deep parentheses, NOT and functions may nest.
const MAX_DEPTH: u32 = 64;

/// The placeholders that an expression uses, with their marks, and the attributes that it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Placeholders {
    pub(crate) names: BTreeSet<String>,
    pub(crate) values: BTreeSet<String>,
    /// The attributes that it reads or writes.
    pub(crate) attributes: BTreeSet<String>,
}

impl Placeholders {
    /// Checks that `values` has each of the expression's.
    pub(super) fn require_values(
        &self,
        kind: ExpressionKind,
        values: &Object,
    ) -> Result<(), ExpressionError> {
        match self.values.iter().find(|name| values.get(name).is_none()) {
            Some(name) => Err(ExpressionError::UndefinedValue {
                kind,
                name: name.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// Checks that none of the names and values that a call gives is unused in all of its expressions, as DynamoDB does.
pub(crate) fn check_all_used(
    expressions: &[&Placeholders],
    names: Option<&Map>,
    values: Option<&Map>,
) -> Result<(), ExpressionError> {
    let unused = |given: Option<&Map>, used: fn(&Placeholders) -> &BTreeSet<String>| {
        let given = given.into_iter().flat_map(Map::keys);
        given
            .filter(|key| !expressions.iter().any(|e| used(e).contains(*key)))
            .cloned()
            .collect::<Vec<_>>()
    };
    let names = unused(names, |e| &e.names);
    if !names.is_empty() {
        return Err(ExpressionError::UnusedNames(names.join(", ")));
    }
    let values = unused(values, |e| &e.values);
    if !values.is_empty() {
        return Err(ExpressionError::UnusedValues(values.join(", ")));
    }
    Ok(())
}

pub(super) struct Parser<'a> {
    pub(super) kind: ExpressionKind,
    text: &'a str,
    tokens: Vec<Spanned<'a>>,
    at: usize,
    depth: u32,
    names: Option<&'a Map>,
    used: Placeholders,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        kind: ExpressionKind,
        text: &'a str,
        names: Option<&'a Map>,
    ) -> Result<Self, ExpressionError> {
        let tokens = tokenize(kind, text)?;
        if tokens.len() == 1 {
            return Err(ExpressionError::Empty(kind));
        }
        Ok(Self {
            kind,
            text,
            tokens,
            at: 0,
            depth: 0,
            names,
            used: Placeholders::default(),
        })
    }

    /// Ends the reading: nothing may be left.
    pub(super) fn finish(self) -> Result<Placeholders, ExpressionError> {
        match self.peek() {
            Token::End => Ok(self.used),
            Token::Word(_) | Token::Name(_) | Token::Value(_) | Token::Symbol(_) => Err(self.syntax_error()),
        }
    }

    pub(super) fn peek(&self) -> Token<'a> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Token<'a> {
        self.tokens
            .get(self.at + ahead)
            .map_or(Token::End, |(token, _)| *token)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn eat_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek() == Token::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Result<(), ExpressionError> {
        if self.eat_symbol(symbol) {
            Ok(())
        } else {
            Err(self.syntax_error())
        }
    }

    /// Keywords are written in any case.
    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    /// A function's name, when one is called here. Its parenthesis is read too.
    pub(super) fn eat_function(&mut self) -> Option<&'a str> {
        match (self.peek(), self.peek_at(1)) {
            (Token::Word(word), Token::Symbol("(")) => {
                self.at += 2;
                Some(word)
            }
            _ => None,
        }
    }

    /// Reads one level deeper.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth == MAX_DEPTH {
            return Err(ExpressionError::TooDeep(self.kind));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads items with commas between them.
    pub(super) fn comma_separated<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<Vec<T>, ExpressionError> {
        let mut items = vec![read(self)?];
        while self.eat_symbol(",") {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Reads a whole attribute, by its name or by a placeholder for it.
    pub(super) fn attribute(&mut self) -> Result<String, ExpressionError> {
        let kind = self.kind;
        let attribute = match self.peek() {
            Token::Word(word) if is_reserved(word) => {
                return Err(ExpressionError::ReservedWord {
                    kind,
                    word: word.to_owned(),
                });
            }
            Token::Word(word) => word.to_owned(),
            Token::Name(name) => self.resolve(name)?,
            Token::Value(_) | Token::Symbol(_) | Token::End => return Err(self.syntax_error()),
        };
        if let Token::Symbol(symbol @ ("." | "[")) = self.peek_at(1) {
            return Err(ExpressionError::NestedPath {
                kind,
                path: format!("{attribute}{symbol}…"),
            });
        }
        self.advance();
        if !self.used.attributes.contains(&attribute) {
            self.used.attributes.insert(attribute.clone());
        }
        Ok(attribute)
    }

    fn resolve(&mut self, name: &str) -> Result<String, ExpressionError> {
        self.used.names.insert(name.to_owned());
        match self.names.and_then(|names| names.get(name)) {
            Some(Value::String(attribute)) if !attribute.is_empty() => Ok(attribute.clone()),
            Some(_) => Err(ExpressionError::BadName(name.to_owned())),
            None => Err(ExpressionError::UndefinedName {
                kind: self.kind,
                name: name.to_owned(),
            }),
        }
    }

    /// Reads a value's placeholder.
    pub(super) fn eat_value(&mut self) -> Option<String> {
        let Token::Value(name) = self.peek() else {
            return None;
        };
        self.advance();
        self.used.values.insert(name.to_owned());
        Some(name.to_owned())
    }

    /// The token here is none that may stand here.
    pub(super) fn syntax_error(&self) -> ExpressionError {
        let span = |at: usize| {
            self.tokens
                .get(at)
                .map_or(self.text.len()..self.text.len(), |(_, span)| span.clone())
        };
        let here = span(self.at);
        let near = span(self.at.saturating_sub(1)).start..span(self.at + 1).end;
        let token = if here.is_empty() {
            "<EOF>"
        } else {
            self.text.get(here).unwrap_or_default()
        };
        let near = self.text.get(near).unwrap_or_default();
        ExpressionError::Syntax {
            kind: self.kind,
            token: token.to_owned(),
            near: near.to_owned(),
        }
    }
}
