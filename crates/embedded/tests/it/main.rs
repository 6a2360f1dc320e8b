//! The engine's guarantees, each against a running engine on a real data directory: its functions are answered by the
//! tests, its clock is moved by hand, and it is closed, killed and opened again.

// clippy.toml allows these in functions marked as tests; the helpers around them are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod data_directory;
mod executions;
mod idempotency;
mod queue;
mod stream;
mod support;
mod topic;
