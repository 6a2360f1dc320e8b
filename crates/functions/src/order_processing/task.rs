//! The workflow's task payloads, as `workflows/order.asl.json` builds them.
//!
//! A payload names the order and the keys. What is charged and what is taken from stock comes from the stored order,
//! never from the payload, so that no state's input can change it.

use domain::{Order, OrderId, Timestamp};
use ports::StoreError;
use ports::function::FunctionError;
use ports::orders::OrderQueries;
use serde::Deserialize;
use serde_json::Value;

/// One step of the workflow.
#[derive(Debug)]
pub(super) enum Task {
    ProcessPayment(OrderTask),
    UpdateInventory(OrderTask),
    RefundPayment(RefundTask),
}

/// A step that needs to know only its order, and by which key it is done once.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderTask {
    pub order_id: OrderId,
    pub created_at: Option<Timestamp>,
    pub idempotency_key: Option<String>,
}

/// Gives back a payment, and the stock with it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundTask {
    pub order_id: OrderId,
    pub payment_id: String,
    pub idempotency_key: Option<String>,
}

pub(super) fn read_task(input: &Value) -> Result<Task, FunctionError> {
    match input.get("action").and_then(Value::as_str) {
        Some("processPayment") => read(input).map(Task::ProcessPayment),
        Some("updateInventory") => read(input).map(Task::UpdateInventory),
        Some("refundPayment") => read(input).map(Task::RefundPayment),
        Some(other) => Err(error(
            "UnknownAction",
            format!("unknown action {other}; known are processPayment, updateInventory and refundPayment"),
        )),
        None => Err(error(
            "UnknownAction",
            "the input needs an action: processPayment, updateInventory or refundPayment",
        )),
    }
}

fn read<'a, T: Deserialize<'a>>(input: &'a Value) -> Result<T, FunctionError> {
    T::deserialize(input).map_err(|e| error("InvalidInput", format!("the input of the task is wrong: {e}")))
}

/// The stored order of a task.
///
/// # Errors
/// `OrderNotFound`, or what `failed` makes of the store's failure.
pub(super) async fn find_order(
    store: &impl OrderQueries,
    task: &OrderTask,
    failed: fn(&StoreError) -> FunctionError,
) -> Result<Order, FunctionError> {
    let id = task.order_id;
    let found = store.get_order(id).await.map_err(|e| failed(&e))?;
    found
        .filter(|order| task.created_at.is_none_or(|at| at == order.placed.created_at))
        .ok_or_else(|| error("OrderNotFound", format!("there is no order {id} of that time")))
}

pub(super) fn error(error_type: &str, message: impl Into<String>) -> FunctionError {
    FunctionError {
        error_type: error_type.to_owned(),
        message: message.into(),
    }
}

/// The store failed under a task. The workflow retries it.
pub(super) fn store_failed(failure: &StoreError) -> FunctionError {
    error("StoreFailed", crate::with_causes(failure))
}

/// The store failed under a task that moves stock. One that is only busy, as with a product that many orders are at, has
/// a name of its own: the workflow waits for it longer.
pub(super) fn stock_failed(failure: &StoreError) -> FunctionError {
    match failure {
        StoreError::Busy => error("StockBusy", crate::with_causes(failure)),
        StoreError::Full(_) | StoreError::Failed(_) => store_failed(failure),
    }
}
