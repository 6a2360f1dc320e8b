//! Every port on AWS: tables in DynamoDB, a queue in SQS, a topic in SNS, executions in Step Functions.
//!
//! [`Store`] implements the ports of the functions; [`run`] is the `main` of a Lambda function. Nothing here decides
//! anything about orders: what an event means and what is answered is `functions`', what may follow what is `domain`'s.
//! What DynamoDB can't do in one transaction is done in an order that a repeat completes, and each module says in which.

mod analytics;
mod backoff;
mod batch_get;
mod catalogue;
mod environment;
mod error;
mod feed;
mod inventory;
mod item;
mod lambda;
mod ledger;
mod messages;
mod metrics;
mod orders;
mod outbox;
mod processing;
mod sdk;
mod store;
mod sweep;
mod time;
mod timeline;
mod topic;
mod transact;
mod xray;

pub use environment::{MissingVariables, Settings, Variable};
pub use lambda::{RunError, exit, run};
pub use messages::{CustomerMessages, Delivery};
pub use metrics::EmbeddedMetrics;
pub use sdk::Connection;
pub use store::Store;
