//! The gateway as its clients see it: driven in process, and over a byte stream where the stream is the point.

// clippy.toml allows these in functions marked as tests; the helpers around them are tests as well.
#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod admin;
mod connections;
mod contract;
mod cors;
mod doubles;
mod faults;
mod functions;
mod harness;
mod live_events;
mod own;
