//! A SAM template, read into a typed description of the system that it defines.
//!
//! `template.yaml` is the only definition of the system. AWS reads it with `sam deploy`; the single-machine engine reads
//! it through this crate, which is pure: texts in, a [`System`] and [`Warning`]s or all [`TemplateFault`]s out. What the
//! local engine does not understand is a fault or a warning that names it, never silently ignored; the few things that
//! mean nothing on one machine are listed in one file, each with its reason (`src/meaningless.rs`).
//!
//! Names and ARNs are made for the region `local` and the account `000000000000`.
//!
//! What a workflow's definition says is left to the `asl` crate.

mod fault;
mod filter_policy;
mod intrinsic;
mod kind;
mod meaningless;
mod model;
mod read;
mod report;
mod resolve;
mod section;
mod shape;
mod system;
mod yaml;

pub use fault::{Ignored, Place, Position, Problem, TemplateFault, Warning};
pub use filter_policy::{
    Bound, Clause, Exclusion, FilterFault, FilterPolicy, FilterScope, Literal, MessageAttribute,
    NumericOperator, Test,
};
pub use model::*;
pub use system::{Faults, Read, System};
pub use yaml::TEMPLATE_LIMIT_BYTES;
