//! The Lambda function `order-feed`: wires its ports and nothing else.

use aws::{RunError, Variable};
use functions::OrderFeed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    aws::run(&[Variable::AnalyticsTable], OrderFeed::new).await
}
