//! The Lambda function `order-processing`: wires its ports and nothing else.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use aws::{EmbeddedMetrics, Variable};
use connectors::{SimulatedGateway, SimulatedSettings};
use functions::OrderProcessing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    aws::exit(start().await)
}

async fn start() -> Result<(), Box<dyn Error>> {
    let payments = SimulatedSettings::from_variables(|name| std::env::var(name).ok())?;
    let needed = [
        Variable::OrdersTable,
        Variable::InventoryTable,
        Variable::HoldsTable,
        Variable::PaymentsTable,
        Variable::OrderTopicArn,
        Variable::StateMachineArn,
    ];
    let run = aws::run(&needed, |store| {
        let gateway = SimulatedGateway::new(Arc::clone(&store), Arc::clone(&store), payments);
        OrderProcessing::new(
            store,
            Arc::new(gateway),
            Arc::new(EmbeddedMetrics::from_environment()),
        )
    });
    Ok(run.await?)
}
