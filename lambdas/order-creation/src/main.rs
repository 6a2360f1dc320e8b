//! The Lambda function `order-creation`: wires its ports and nothing else.

use std::process::ExitCode;
use std::sync::Arc;

use aws::{EmbeddedMetrics, Variable};
use functions::OrderCreation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let needed = [
        Variable::OrdersTable,
        Variable::InventoryTable,
        Variable::IdempotencyTable,
        Variable::OrderQueueUrl,
    ];
    let run = aws::run(&needed, |store| {
        OrderCreation::new(
            Arc::clone(&store),
            store,
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    });
    aws::exit(run.await)
}
