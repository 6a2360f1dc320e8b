//! An interpreter of the Amazon States Language, the language of AWS Step Functions, that does no I/O.
//!
//! [`Definition::parse`] reads, validates and compiles a state machine. [`start`] begins an execution of it, and [`step`]
//! takes the execution one event further. Both give a [`Step`]: the next [`Snapshot`], the [`HistoryEvent`]s in between,
//! and the [`Effect`]s that the caller must see to. There is no clock, no randomness, no thread and no network here: time
//! and chance come in with each [`Event`], so the same events always lead to the same snapshots, and durability is what
//! the caller makes of it.
//!
//! ```
//! use asl::{Definition, EventKind, Outcome, replay};
//! use serde_json::json;
//!
//! let definition = Definition::parse(r#"{
//!     "StartAt": "Rest",
//!     "States": {
//!         "Rest": {"Type": "Wait", "Seconds": 3600, "Next": "Greet"},
//!         "Greet": {"Type": "Pass", "Parameters": {"text.$": "States.Format('Hello, {}!', $.name)"}, "End": true}
//!     }
//! }"#).unwrap();
//!
//! let at = "2026-11-22T09:00:00Z".parse().unwrap();
//! let step = asl::start(&definition, replay::start_at(json!({"name": "Ada"}), at));
//! assert_eq!(step.snapshot.current_states(&definition), ["Rest"]);
//!
//! // Nothing to call: the execution waits for its timer.
//! let wake_at = step.snapshot.wake_at().unwrap();
//! assert_eq!(wake_at, "2026-11-22T10:00:00Z".parse().unwrap());
//! let event = asl::Event { at: wake_at, seed: 1, kind: EventKind::Woken };
//! let step = asl::step(&definition, step.snapshot, event);
//! assert_eq!(step.snapshot.outcome(), Some(&Outcome::Succeeded { output: json!({"text": "Hello, Ada!"}).into() }));
//! ```
//!
//! # Where things are
//!
//! - The step function: [`start`], [`step`], and their counterparts without history.
//! - What flows through states: [`path`], [`payload`], [`intrinsic`], [`jsonata`].
//! - Before anything runs: [`validate`], [`graph`]. After it ran, or instead: [`history`], [`replay`].
//! - What nothing may exceed: [`limits`].
//!
//! # What holds
//!
//! - A step is a function of its arguments. A snapshot that was serialised and read back goes on like one that was not.
//! - No definition, input, event or snapshot makes a step panic, run without bound, or hold memory without bound.
//! - The idempotency key of a task, which is the execution, the state and [`TaskCall::visit`], is the same for every
//!   attempt of a visit and for no other visit.
//! - Numbers keep their text: 59.98 goes in and comes out as 59.98, never through a float, unless an expression computes
//!   with it.

mod definition;
mod engine;
mod execution;
mod failure;
mod fault;
pub mod graph;
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
pub mod value;

pub use definition::Definition;
pub use engine::{start, start_without_history, step, step_without_history};
pub use execution::{Effect, Event, EventKind, Outcome, Start, Step, TaskCall, TaskId};
pub use fault::Fault;
pub use history::{HistoryEvent, HistoryEventKind};
pub use resource::{Pattern, Resource};
pub use snapshot::Snapshot;
pub use value::Value;

/// The README's examples, which must run too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
