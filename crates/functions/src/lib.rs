//! The functions: an AWS event in, calls to ports out.
//!
//! Each is the same code on AWS and on one machine. A function's struct names in its bounds the ports that it may
//! touch, and implements [`ports::function::Handler`], through which either engine calls it. What an event means, which
//! answer a caller gets and what is counted and logged is decided here; how anything is stored or sent is not.

mod http;
pub mod order_analytics;
pub mod order_creation;
pub mod order_feed;
pub mod order_notification;
pub mod order_processing;
pub mod order_query;
pub mod order_sweep;
pub mod problem;
#[cfg(test)]
mod test_ports;

use ports::function::FunctionError;

pub use order_analytics::OrderAnalytics;
pub use order_creation::OrderCreation;
pub use order_feed::OrderFeed;
pub use order_notification::OrderNotification;
pub use order_processing::OrderProcessing;
pub use order_query::OrderQuery;
pub use order_sweep::OrderSweep;

/// A function was called with an event of a kind that it doesn't take.
fn wrong_event(function: &str, takes: &str) -> FunctionError {
    FunctionError {
        error_type: "WrongEvent".to_owned(),
        message: format!("{function} takes {takes}"),
    }
}

/// An error with its causes, in one line.
fn with_causes(failure: &dyn std::error::Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
