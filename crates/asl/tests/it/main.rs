//! The crate from outside: what a caller sees of executions, and what AWS was recorded doing.

mod hostile;
mod limits;
mod order_workflow;
mod pure;
mod recorded;
mod retries;
mod states;
mod support;
mod timers;
