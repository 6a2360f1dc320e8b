//! The Lambda function `order-query`: wires its ports and nothing else.

use aws::{RunError, Variable};
use functions::OrderQuery;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
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
    aws::run(&needed, OrderQuery::new).await
}
