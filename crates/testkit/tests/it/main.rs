//! What must hold for the whole shop, whatever fails: every step failed once and repeated once, and the process killed
//! at each commit of an order's way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on stops")]

mod alarms;
mod audit;
mod business;
mod by_hand;
mod cancel;
mod crashes;
mod payments;
mod redrive;
mod restarts;
mod settings;
mod steps;
mod support;
