//! A whole shop in one process, for tests: the engine with the real functions and the simulated payment gateway on a
//! data directory, a clock that flies, faults to inject, and the invariants of DESIGN.md as a check from outside. And the
//! real binary, killed under load ([`crash`]).

mod audit;
pub mod conformance;
pub mod crash;
mod shop;

pub use audit::{Audit, Violation};
pub use shop::{Handlers, Shop, ShopError, ShopOptions};
