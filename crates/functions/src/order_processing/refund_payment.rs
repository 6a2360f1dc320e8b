//! `refundPayment`: gives back all that the order took: the money, and the stock it holds, if any.

use ports::function::FunctionError;
use ports::inventory::{Inventory, Released};
use ports::metrics::Metrics;
use ports::payment::{PaymentError, PaymentGateway};
use serde_json::{Value, json};

use super::task::{RefundTask, error, stock_failed};

pub(super) async fn refund_payment(
    store: &impl Inventory,
    gateway: &impl PaymentGateway,
    metrics: &impl Metrics,
    task: RefundTask,
) -> Result<Value, FunctionError> {
    let key = task
        .idempotency_key
        .unwrap_or_else(|| format!("{}:refund", task.order_id));
    // Neither waits for the other to succeed: a gateway that is down must not keep the stock from others.
    let released = store.release_stock(task.order_id).await;
    let called = super::call_gateway("Refund");
    let refunded = gateway.refund(key, task.payment_id.clone()).await;
    called.end(&refunded);

    let status = match &refunded {
        Ok(()) => "Success",
        Err(PaymentError::Unavailable(_) | PaymentError::Unknown) => "Unavailable",
        Err(PaymentError::Refused(_)) => "Refused",
    };
    metrics.count("Refunds", &[("Status", status)], 1);
    tracing::info!(
        event_type = "payment_refunded",
        orderId = %task.order_id,
        paymentId = task.payment_id,
        outcome = status,
    );
    refunded.map_err(|failure| error(error_type(&failure), failure.to_string()))?;
    let stock = match released.map_err(|e| stock_failed(&e))? {
        Released::Now => "released",
        Released::Before => "released before",
        Released::NothingTaken => "none taken",
    };
    Ok(json!({ "status": "refunded", "paymentId": task.payment_id, "stock": stock }))
}

/// A refund has one outcome that is right, so an unknown one is tried again with the same key, like a failure.
fn error_type(failure: &PaymentError) -> &'static str {
    match failure {
        PaymentError::Unavailable(_) | PaymentError::Unknown => "RefundUnavailable",
        PaymentError::Refused(_) => "RefundRefused",
    }
}
