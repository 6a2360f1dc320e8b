//! Pictures of a definition: [`svg()`] draws one with a layout of its own, [`mermaid()`] writes one for pages that draw it
//! themselves.
//!
//! Parallel and Map states are boxes around their branches. A line that an error takes is dashed and red, a line that
//! a rule of a Choice takes carries the rule in short. The SVG follows the reader's light or dark colour scheme, needs no
//! script and no font, and shows on request where an execution went ([`Highlight`]).
//!
//! Neither function refuses a definition: what is wrong in it is for [`validate`](crate::validate) to say, and a picture
//! helps most where something is wrong. Whatever a definition says is escaped.

mod condition;
mod decided;
mod highlight;
mod layout;
mod measure;
mod mermaid;
mod model;
mod shapes;
mod style;
mod svg;

pub use highlight::Highlight;
pub use mermaid::mermaid;
pub use style::STYLE as STYLESHEET;
pub use svg::{svg, svg_without_style};

#[cfg(test)]
mod tests;
