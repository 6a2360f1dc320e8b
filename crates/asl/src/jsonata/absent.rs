//! What stands in for the engine when the crate is built without it: every expression is refused.

use serde_json::Value;

use super::error::Problem;
use super::{ParseError, Scope};

/// There is none.
#[derive(Debug, Clone)]
pub(super) enum Program {}

/// What the engine would be given.
#[derive(Debug)]
pub(super) struct Bindings;

impl Program {
    pub(super) fn parse(_text: &str) -> Result<Self, ParseError> {
        Err(ParseError::Absent)
    }

    pub(super) fn evaluate(
        &self,
        _bindings: &Bindings,
        _scope: &Scope<'_>,
        _max_steps: u64,
    ) -> Result<Option<Value>, Problem> {
        match *self {}
    }
}

pub(super) fn bind(_scope: &Scope<'_>) -> Bindings {
    Bindings
}
