//! Amazon States Language.

mod fault;
pub mod intrinsic;
pub mod path;
pub mod payload;

pub use fault::Fault;
