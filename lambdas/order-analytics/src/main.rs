//! The Lambda function `order-analytics`: wires its ports and nothing else.

use aws::{RunError, Variable};
use functions::OrderAnalytics;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    aws::run(&[Variable::AnalyticsTable], OrderAnalytics::new).await
}
