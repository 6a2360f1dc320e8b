//! Queries in the language of CloudWatch Logs Insights, as far as it is needed: `fields`, `filter`, `stats … by …`, `sort`
//! and `limit`, between pipes.
//!
//! `fields @timestamp, data.orderId | filter event_type = "order_created"` is the seed's example.

mod condition;
mod lexer;
mod parse;
mod run;
mod statistics;
#[cfg(test)]
mod tests;

pub(super) use parse::Query;
pub(super) use run::Run;
