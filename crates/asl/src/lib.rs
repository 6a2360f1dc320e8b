//! Amazon States Language.

mod fault;

pub use fault::Fault;
