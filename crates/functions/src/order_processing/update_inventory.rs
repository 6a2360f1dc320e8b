//! `updateInventory`: takes every line's quantity from stock, all or nothing.

use ports::function::FunctionError;
use ports::inventory::{Inventory, TakeStockError};
use ports::metrics::Metrics;
use ports::orders::OrderQueries;
use serde_json::{Value, json};

use super::task::{OrderTask, error, find_order, stock_failed};

pub(super) async fn update_inventory(
    store: &(impl OrderQueries + Inventory),
    metrics: &impl Metrics,
    task: OrderTask,
) -> Result<Value, FunctionError> {
    let order = find_order(store, &task, stock_failed).await?;
    let units: u64 = order
        .placed
        .items
        .iter()
        .map(|line| u64::from(line.quantity.get()))
        .sum();
    let taken = store.take_stock(task.order_id, &order.placed.items).await;
    let status = match &taken {
        Ok(()) => "Success",
        Err(TakeStockError::OutOfStock { .. } | TakeStockError::UnknownProduct(_)) => "OutOfStock",
        Err(TakeStockError::Released(_) | TakeStockError::Store { .. }) => "Failed",
    };
    metrics.count("StockUpdates", &[("Status", status)], 1);
    tracing::info!(
        event_type = "inventory_updated",
        orderId = %task.order_id,
        outcome = status,
        units,
        traceId = order.placed.trace_id,
    );
    match taken {
        Ok(()) => Ok(json!({ "status": "success", "units": units })),
        // A product that left the catalogue is out of stock for good: either way no retry helps.
        Err(failure @ (TakeStockError::OutOfStock { .. } | TakeStockError::UnknownProduct(_))) => {
            Err(error("OutOfStock", failure.to_string()))
        }
        Err(failure @ TakeStockError::Released(_)) => Err(error("StockReleased", failure.to_string())),
        Err(TakeStockError::Store { source, .. }) => Err(stock_failed(&source)),
    }
}
