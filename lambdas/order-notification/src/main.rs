//! The Lambda function `order-notification`: wires its ports and nothing else.

use std::sync::Arc;

use aws::{CustomerMessages, EmbeddedMetrics, RunError, Variable};
use functions::OrderNotification;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let needed = [Variable::OrdersTable, Variable::OutboxTable];
    aws::run(&needed, |store| {
        OrderNotification::new(
            Arc::clone(&store),
            Arc::new(CustomerMessages::from_environment(store)),
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    })
    .await
}
