//! The adapters against a counterpart of AWS: the same promises that the single-machine engine keeps, and what is left
//! when a process is killed between two calls.
//!
//! The counterpart's address is in `ORDERMILL_AWS_ENDPOINT`. What it does otherwise than AWS is in `docs/ministack.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

mod conformance;
mod feed;
mod front;
mod gaps;
mod inventory;
mod messages;
mod story;
mod support;
mod sweep;
mod throttling;
mod tracing;
