//! The Lambda function `order-sweep`: wires its ports and nothing else.

use std::sync::Arc;

use aws::{EmbeddedMetrics, RunError, Variable};
use functions::OrderSweep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let needed = [
        Variable::OrdersTable,
        Variable::OrderQueueUrl,
        Variable::OrderTopicArn,
    ];
    aws::run(&needed, |store| {
        OrderSweep::new(
            Arc::clone(&store),
            store,
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    })
    .await
}
