//! The functions: an AWS event in, calls to ports out.
//!
//! Each is the same code on AWS and on one machine. A function's struct names in its bounds the ports that it may
//! touch, and implements [`ports::function::Handler`], through which either engine calls it. What an event means, which
//! answer a caller gets and what is counted and logged is decided here; how anything is stored or sent is not.

pub mod order_analytics;
pub mod order_creation;
pub mod order_notification;
pub mod order_processing;
pub mod order_query;

use ports::function::FunctionError;

/// A function was called with an event of a kind that it doesn't take.
fn wrong_event(function: &str, takes: &str) -> FunctionError {
    FunctionError {
        error_type: "WrongEvent".to_owned(),
        message: format!("{function} takes {takes}"),
    }
}
