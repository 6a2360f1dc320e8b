//! The Lambda function `order-sweep`: wires its ports and nothing else.

use std::process::ExitCode;
use std::sync::Arc;

use aws::{EmbeddedMetrics, Variable};
use functions::OrderSweep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let needed = [
        Variable::OrdersTable,
        Variable::OrderQueueUrl,
        Variable::OrderTopicArn,
    ];
    let run = aws::run(&needed, |store| {
        OrderSweep::new(
            Arc::clone(&store),
            store,
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    });
    aws::exit(run.await)
}
