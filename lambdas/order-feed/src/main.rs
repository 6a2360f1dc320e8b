//! The Lambda function `order-feed`: wires its ports and nothing else.

use std::process::ExitCode;

use aws::Variable;
use functions::OrderFeed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    aws::exit(aws::run(&[Variable::AnalyticsTable], OrderFeed::new).await)
}
