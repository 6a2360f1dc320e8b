//! The crate from outside: what a caller sees of executions, and what AWS was recorded doing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that can't go on fails"
)]

mod hostile;
mod limits;
mod order_workflow;
mod pure;
mod recorded;
mod retries;
mod states;
mod support;
mod timers;
