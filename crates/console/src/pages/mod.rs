//! The pages, each folder or file one part of the console: what is asked for in, what is shown out.

pub(crate) mod alarms;
pub(crate) mod deliveries;
pub(crate) mod executions;
pub(crate) mod keys;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod orders;
pub(crate) mod overview;
pub(crate) mod products;
pub(crate) mod queues;
pub(crate) mod traces;
mod workflow;
