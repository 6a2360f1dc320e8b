//! Amazon States Language.

mod definition;
mod engine;
mod execution;
mod failure;
mod fault;
pub mod history;
pub mod intrinsic;
pub mod jsonata;
pub mod limits;
mod model;
pub mod path;
pub mod payload;
pub mod replay;
mod resource;
mod snapshot;
pub mod validate;

pub use definition::Definition;
pub use engine::{start, start_without_history, step, step_without_history};
pub use execution::{Effect, Event, EventKind, Outcome, Start, Step, TaskCall, TaskId};
pub use fault::Fault;
pub use history::{HistoryEvent, HistoryEventKind};
pub use resource::{Pattern, Resource};
pub use snapshot::Snapshot;
