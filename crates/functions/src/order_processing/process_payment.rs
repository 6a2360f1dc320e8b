//! `processPayment`: charges the order's total once, and knows what became of the charge before it says so.
//!
//! A time-out is not a decline. Whenever the gateway gives no outcome it is asked for our own key before anything is
//! answered. So `PaymentUnavailable` says for certain that the gateway holds no charge under the key, and what can't be
//! told is `PaymentUnknown`, which nobody compensates or takes for a decline.

use domain::{Order, OrderStatus};
use ports::function::FunctionError;
use ports::metrics::Metrics;
use ports::orders::OrderQueries;
use ports::payment::{Charge, ChargeOutcome, ChargeRequest, PaymentError, PaymentGateway};
use serde_json::{Value, json};

use super::task::{OrderTask, error, find_order, store_failed};
use crate::with_causes;

pub(super) async fn process_payment(
    store: &impl OrderQueries,
    gateway: &impl PaymentGateway,
    metrics: &impl Metrics,
    task: OrderTask,
) -> Result<Value, FunctionError> {
    let order = find_order(store, &task, store_failed).await?;
    let key = task
        .idempotency_key
        .unwrap_or_else(|| format!("{}:pay", task.order_id));
    let outcome = match order.state.status {
        OrderStatus::Processing => charge(gateway, &order, key).await,
        status @ (OrderStatus::Pending
        | OrderStatus::Completed
        | OrderStatus::Failed
        | OrderStatus::Cancelled) => find_earlier_charge(gateway, &order, key, status).await,
    };
    let status = match &outcome {
        Ok(answer) if answer["status"] == "success" => "Success",
        Ok(_) => "Declined",
        Err(failure) if failure.error_type == "PaymentUnavailable" => "Unavailable",
        Err(_) => "Unknown",
    };
    metrics.count("Payments", &[("Status", status)], 1);
    tracing::info!(
        event_type = "payment_processed",
        orderId = %order.placed.order_id,
        outcome = status,
        amount = %order.placed.total_amount,
        currency = order.placed.currency.as_str(),
        traceId = order.placed.trace_id,
    );
    outcome
}

async fn charge(gateway: &impl PaymentGateway, order: &Order, key: String) -> Result<Value, FunctionError> {
    let request = ChargeRequest {
        idempotency_key: key.clone(),
        order_id: order.placed.order_id,
        amount: order.placed.total_amount,
        currency: order.placed.currency,
    };
    let called = super::call_gateway("Charge");
    let charged = gateway.charge(request).await;
    called.end(&charged);
    match charged {
        Ok(charge) => Ok(answer(order, &charge)),
        Err(failure @ (PaymentError::Unavailable(_) | PaymentError::Unknown | PaymentError::Refused(_))) => {
            resolve(gateway, order, key, failure).await
        }
    }
}

/// Asks for the key. Even when this call moved no money, an earlier one with the same key may have.
async fn resolve(
    gateway: &impl PaymentGateway,
    order: &Order,
    key: String,
    failure: PaymentError,
) -> Result<Value, FunctionError> {
    if let Some(charge) = find_charge(gateway, key).await? {
        return Ok(answer(order, &charge));
    }
    match failure {
        PaymentError::Unavailable(_) | PaymentError::Unknown => {
            let message = format!("{failure}; it holds no charge for this order");
            Err(error("PaymentUnavailable", message))
        }
        PaymentError::Refused(reason) => Ok(failed("Payment declined", Some(&reason))),
    }
}

/// An order that is not PROCESSING is not charged. If it was charged already, say so: the next step finds the order
/// closed and gives the money back.
async fn find_earlier_charge(
    gateway: &impl PaymentGateway,
    order: &Order,
    key: String,
    status: OrderStatus,
) -> Result<Value, FunctionError> {
    match find_charge(gateway, key).await? {
        Some(charge) if charge.outcome == ChargeOutcome::Charged => Ok(answer(order, &charge)),
        Some(_) | None => Ok(match status {
            OrderStatus::Cancelled => failed("Order cancelled", None),
            OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Completed | OrderStatus::Failed => {
                failed(&format!("Order is {status}"), None)
            }
        }),
    }
}

async fn find_charge(gateway: &impl PaymentGateway, key: String) -> Result<Option<Charge>, FunctionError> {
    let called = super::call_gateway("FindCharge");
    let found = gateway.find_charge(key).await;
    called.end(&found);
    found.map_err(|failure| {
        let message = format!(
            "whether the payment was taken can't be told: {}",
            with_causes(&failure)
        );
        error("PaymentUnknown", message)
    })
}

fn answer(order: &Order, charge: &Charge) -> Value {
    match &charge.outcome {
        ChargeOutcome::Charged => json!({
            "status": "success",
            "paymentId": charge.payment_id,
            "amount": order.placed.total_amount,
            "currency": order.placed.currency,
        }),
        ChargeOutcome::Declined(reason) => failed("Payment declined", Some(reason)),
        ChargeOutcome::Refunded => failed("Payment was given back", None),
    }
}

fn failed(text: &str, reason: Option<&str>) -> Value {
    let mut answer = json!({ "status": "failed", "error": text });
    if let Some(reason) = reason {
        answer["reason"] = reason.into();
    }
    answer
}
