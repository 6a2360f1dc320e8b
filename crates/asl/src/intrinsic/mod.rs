//! The intrinsic functions of JSONPath states: `States.Format('{} of {}', $.done, $.all)` and its like.
//!
//! A call is read and its number of arguments checked when a definition is loaded; evaluating it borrows what it can
//! from the scope. Every function bounds what it makes, as Step Functions does: a range has 1,000 elements at most,
//! a text to encode, decode or hash 10,000 characters, and calls nest [`MAX_NESTING`] deep.

mod array;
mod call;
mod data;
mod format;
mod function;
mod math;
mod parse;

use std::borrow::Cow;
use std::fmt;

use crate::Value;
use thiserror::Error;

use crate::payload::{Chance, EvaluationError, Scope};
use call::Call;

#[cfg(feature = "jsonata")]
pub(crate) use data::hex_digest;

/// How deep calls may nest.
pub const MAX_NESTING: usize = 10;
/// The longest expression that is accepted, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Why a text is not a call of an intrinsic function.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} at position {position}")]
pub struct IntrinsicError {
    /// What is wrong, and what would be right.
    pub problem: String,
    /// Where, as a byte offset into the text.
    pub position: usize,
}

/// A call of an intrinsic function.
#[derive(Debug, Clone)]
pub struct Intrinsic {
    text: Box<str>,
    call: Call,
}

impl Intrinsic {
    /// Reads a call such as `States.MathAdd($.count, 1)`.
    ///
    /// # Errors
    /// [`IntrinsicError`] for an unknown function, a wrong number of arguments, an argument that is neither a path,
    /// a literal nor a call, an escape that does not exist, or calls nested deeper than [`MAX_NESTING`].
    pub fn parse(text: &str) -> Result<Self, IntrinsicError> {
        let call = parse::parse_call(text)?;
        Ok(Self {
            text: text.into(),
            call,
        })
    }

    /// The call as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn evaluate<'a>(
        &'a self,
        scope: &Scope<'a>,
        chance: &Chance,
    ) -> Result<Cow<'a, Value>, EvaluationError> {
        self.call
            .evaluate(scope, chance)
            .map(Cow::Owned)
            .map_err(|failure| failure.into_error(self.as_str(), scope))
    }
}

impl fmt::Display for Intrinsic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
