//! The Lambda function `order-creation`: wires its ports and nothing else.

use std::sync::Arc;

use aws::{EmbeddedMetrics, RunError, Variable};
use functions::OrderCreation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let needed = [
        Variable::OrdersTable,
        Variable::InventoryTable,
        Variable::IdempotencyTable,
        Variable::OrderQueueUrl,
    ];
    aws::run(&needed, |store| {
        OrderCreation::new(
            Arc::clone(&store),
            store,
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    })
    .await
}
