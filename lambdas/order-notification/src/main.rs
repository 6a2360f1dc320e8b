//! The Lambda function `order-notification`: wires its ports and nothing else.

use std::process::ExitCode;
use std::sync::Arc;

use aws::{CustomerMessages, EmbeddedMetrics, Variable};
use functions::OrderNotification;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let needed = [Variable::OrdersTable, Variable::OutboxTable];
    let run = aws::run(&needed, |store| {
        OrderNotification::new(
            Arc::clone(&store),
            Arc::new(CustomerMessages::from_environment(store)),
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    });
    aws::exit(run.await)
}
