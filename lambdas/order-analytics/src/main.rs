//! The Lambda function `order-analytics`: wires its ports and nothing else.

use std::process::ExitCode;

use aws::Variable;
use functions::OrderAnalytics;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    aws::exit(aws::run(&[Variable::AnalyticsTable], OrderAnalytics::new).await)
}
