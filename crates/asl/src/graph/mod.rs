//! Pictures of a definition: [`svg`] draws one with a layout of its own, [`mermaid`] writes one for pages that draw it
//! themselves.
//!
//! Parallel and Map states are boxes around their branches. A line that an error takes is dashed and red, a line that a
//! rule of a Choice takes carries the rule in short. The SVG follows the reader's light or dark colour scheme, needs no
//! script and no font, and shows on request where an execution went ([`Highlight`]).
//!
//! Neither function refuses a definition: what is wrong in it is for [`validate`](crate::validate) to say, and a picture
//! helps most where something is wrong. Whatever a definition says is escaped.

mod condition;
mod layout;
mod measure;
mod mermaid;
mod model;
mod shapes;
mod style;
mod svg;

use std::collections::HashSet;

pub use mermaid::mermaid;
pub use svg::svg;

/// What of a definition an execution took. States go by their names, which are unique in the whole definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlight {
    /// The states that were entered.
    pub visited: HashSet<String>,
    /// The states that failed, whether the failure was caught or not.
    pub failed: HashSet<String>,
    /// The states that the execution is in now.
    pub current: HashSet<String>,
    /// The transitions that were taken, each from one state to another.
    pub taken: HashSet<(String, String)>,
}

impl Highlight {
    /// No highlighting at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a state that was entered from another one, or at the start.
    pub fn enter(&mut self, from: Option<&str>, state: &str) {
        self.visited.insert(state.to_owned());
        if let Some(from) = from {
            self.taken.insert((from.to_owned(), state.to_owned()));
        }
    }

    fn is_empty(&self) -> bool {
        self.visited.is_empty() && self.failed.is_empty() && self.current.is_empty() && self.taken.is_empty()
    }
}

#[cfg(test)]
mod tests;
