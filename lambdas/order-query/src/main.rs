//! The Lambda function `order-query`: wires its ports and nothing else.

use std::process::ExitCode;

use aws::Variable;
use functions::OrderQuery;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let needed = [
        Variable::OrdersTable,
        Variable::InventoryTable,
        Variable::HoldsTable,
        Variable::PaymentsTable,
        Variable::OutboxTable,
        Variable::AnalyticsTable,
        Variable::OrderTopicArn,
        Variable::StateMachineArn,
    ];
    aws::exit(aws::run(&needed, OrderQuery::new).await)
}
