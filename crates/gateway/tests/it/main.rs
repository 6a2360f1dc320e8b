//! The gateway as its clients see it: driven in process, and over a byte stream where the stream is the point.

mod access;
mod admin;
mod connections;
mod cors;
mod doubles;
mod faults;
mod functions;
mod harness;
mod live_events;
mod own;
