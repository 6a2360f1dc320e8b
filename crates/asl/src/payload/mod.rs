//! What the fields of a JSONPath state are made of: expressions (`$.path`, `$$.path`, `$variable.path`,
//! `States.Format(…)`) and payload templates, whose keys ending in `.$` hold expressions.
//!
//! Both are parsed when a definition is loaded, so that a mistake is found then, and evaluated against a [`Scope`].
//! An [`EvaluationError`] says in the words of Step Functions what was missing; putting the state's name in front of
//! it is left to the engine.

mod error;
mod expression;
mod selector;
mod template;

use std::cell::Cell;
use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::Value;

use crate::limits::Allowance;

pub(crate) use error::quoted;
pub use error::{EvaluationError, ExpressionError};
pub use expression::Expression;
pub use selector::{Selector, Source};
pub use template::{Template, TemplateError};

/// The workflow variables, by name without `$`.
pub type Variables = BTreeMap<SmolStr, Value>;

/// What an expression can see.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// What `$` stands for.
    pub input: &'a Value,
    /// What `$$` stands for: the context object.
    pub context: &'a Value,
    /// The workflow variables.
    pub variables: &'a Variables,
    /// Where `States.UUID` and `States.MathRandom` get their chance from. The same seed gives the same values, so a
    /// replay does too; give each field of each visit of a state its own.
    pub seed: u64,
}

/// What one evaluation draws on: chance, and the room for its result.
#[derive(Debug)]
pub(crate) struct Chance {
    state: Cell<u64>,
    pub(crate) allowance: Allowance,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: Cell::new(seed),
            allowance: Allowance::new(),
        }
    }

    /// The next 64 bits of a splitmix64 sequence: well mixed, and not for secrets.
    pub(crate) fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&self) -> String {
        let high = (self.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000;
        let low = (self.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

#[cfg(test)]
mod tests;
