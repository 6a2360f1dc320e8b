//! The console driven in process, on a real engine with the real functions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod access;
mod actions;
mod browser;
mod escaping;
mod pages;
mod signals;
