//! Mode 1: a batch of the queue. Each message begins one order; one that fails goes back to the queue alone.

use domain::{OrderId, Timestamp};
use ports::function::BatchReply;
use ports::function::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use ports::metrics::Metrics;
use ports::processing::{BeginError, BeginOrder, BeginProcessing, Begun};
use serde::Deserialize;

use crate::with_causes;

/// The attribute in which SQS hands on the trace of who sent the message.
const TRACE_HEADER: &str = "AWSTraceHeader";

/// What order creation sends for each order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageBody {
    order_id: OrderId,
    created_at: Timestamp,
    #[serde(default)]
    trace_id: String,
}

/// Begins every order of the batch; answers which messages failed, and why.
pub(super) async fn begin_orders(
    store: &impl BeginProcessing,
    metrics: &impl Metrics,
    batch: SqsEvent,
) -> BatchReply {
    let mut failures = BatchReply::default();
    let mut message_ids = Vec::with_capacity(batch.records.len());
    let mut orders = Vec::with_capacity(batch.records.len());
    for message in batch.records {
        match read_message(&message) {
            Ok(order) => {
                message_ids.push(message.message_id);
                orders.push(order);
            }
            Err(error) => {
                log_failure(metrics, message.message_id.as_deref(), &error);
                failures.fail(message.message_id, with_causes(&error));
            }
        }
    }
    if orders.is_empty() {
        return failures;
    }
    let outcomes = store.begin_processing(orders.clone()).await;
    for ((message_id, order), outcome) in message_ids.into_iter().zip(&orders).zip(outcomes) {
        match outcome {
            Ok(begun) => log_begun(metrics, order, begun),
            Err(
                error @ (BeginError::NotFound(_) | BeginError::WrongKey { .. } | BeginError::Store { .. }),
            ) => {
                log_failure(metrics, message_id.as_deref(), &error);
                failures.fail(message_id, with_causes(&error));
            }
        }
    }
    failures
}

fn read_message(message: &SqsMessage) -> Result<BeginOrder, serde_json::Error> {
    let body: MessageBody = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    Ok(BeginOrder {
        order_id: body.order_id,
        created_at: body.created_at,
        trace_id: body.trace_id,
        trace_header: message.attributes.get(TRACE_HEADER).cloned(),
    })
}

fn log_begun(metrics: &impl Metrics, order: &BeginOrder, begun: Begun) {
    let status = match begun {
        Begun::Started => "Started",
        Begun::AlreadyStarted => "Repeated",
        Begun::Ended => "Ended",
    };
    metrics.count("OrdersBegun", &[("Status", status)], 1);
    tracing::info!(
        event_type = "order_begun",
        orderId = %order.order_id,
        outcome = status,
        traceId = order.trace_id,
    );
}

fn log_failure(metrics: &impl Metrics, message_id: Option<&str>, error: &dyn std::error::Error) {
    metrics.count("OrdersBegun", &[("Status", "Failed")], 1);
    tracing::warn!(
        event_type = "order_not_begun",
        messageId = message_id,
        error = with_causes(error),
    );
}
