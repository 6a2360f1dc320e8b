//! What is wrong with a body: each fault says where, what, and what would be right.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// What kind of fault. The codes are stable; clients may act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// The body is not JSON of RFC 8259.
    MalformedJson,
    /// Another JSON type is needed here.
    WrongType,
    /// A required field is not there.
    MissingField,
    /// No field has this name.
    UnknownField,
    /// The same field twice in one object.
    DuplicateField,
    /// The text has not the form that is needed.
    BadFormat,
    /// Below the least or above the most.
    OutOfRange,
    /// More decimals than the currency has.
    TooManyDecimals,
    /// A text, list or object longer than its bound.
    TooLong,
    /// Objects or lists nested deeper than the bound.
    TooDeep,
    /// The same product in two lines.
    DuplicateProduct,
    /// Not an active code of ISO 4217.
    UnknownCurrency,
    /// Not in the catalogue.
    UnknownProduct,
    /// Not the catalogue's price.
    PriceMismatch,
    /// Not the catalogue's currency.
    CurrencyMismatch,
    /// The order's total is above the largest amount.
    TotalTooLarge,
}

/// One fault of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as a JSON pointer (RFC 6901); empty for the whole body. For a missing field: where it belongs.
    pub pointer: String,
    /// What kind.
    pub code: FaultCode,
    /// What is wrong and what would be right, for a person.
    pub detail: String,
}

/// The faults found so far, at most [`Faults::MAX`] of them, so that a hostile body can't make a huge answer.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// The most faults that one body is told.
    pub(crate) const MAX: usize = 100;

    pub(crate) fn add(&mut self, at: Pointer<'_>, code: FaultCode, detail: impl Into<String>) {
        if self.0.len() < Self::MAX {
            self.0.push(Fault {
                pointer: at.to_string(),
                code,
                detail: detail.into(),
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

/// A place in a body. It costs nothing until a fault prints it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pointer<'a> {
    Root,
    Member(&'a Pointer<'a>, &'a str),
    Element(&'a Pointer<'a>, usize),
}

impl Pointer<'_> {
    /// The place of the member `name` of the object here.
    pub(crate) fn member<'b>(&'b self, name: &'b str) -> Pointer<'b> {
        Pointer::Member(self, name)
    }

    /// The place of the element `index` of the list here.
    pub(crate) fn element(&self, index: usize) -> Pointer<'_> {
        Pointer::Element(self, index)
    }

    /// The last part of the pointer, for a sentence.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Root => "the body".into(),
            Self::Member(_, name) => short(name, SHOWN_OF_A_NAME),
            Self::Element(parent, _) => parent.name(),
        }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(parent, name) => {
                let name = short(name, SHOWN_OF_A_NAME);
                write!(f, "{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Element(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// So much of a field's name is repeated in an answer, in bytes. No name that is known is as long.
pub(crate) const SHOWN_OF_A_NAME: usize = 64;

/// What the client sent, cut where it is too long to repeat: at `shown` bytes, or before the character there.
pub(crate) fn short(text: &str, shown: usize) -> Cow<'_, str> {
    if text.len() <= shown {
        return text.into();
    }
    let start = text.get(..text.floor_char_boundary(shown)).unwrap_or_default();
    format!("{start}…").into()
}
