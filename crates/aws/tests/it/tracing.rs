//! The trace of an order goes with its message, its news and its execution.

use std::sync::Arc;

use aws::{Store, Variable};
use connectors::{SimulatedGateway, SimulatedSettings};
use domain::{OrderStatus, PlacedOrder, Timestamp};
use functions::OrderProcessing;
use ports::clock::Clock;
use ports::function::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use ports::function::{Context, Handler, Invocation, Reply};
use ports::orders::{CancelOrder, PlaceOrder};
use ports::processing::SweepOrders;
use serde_json::{Value, json};

use crate::front::{Called, Front};
use crate::support::{Resources, order};

/// The trace of the orders here, not recorded as far as anybody knows.
const UNKNOWN: &str = "Root=1-01234567-89abcdef0123456789abcdef;Sampled=0";

/// The same as the message brings it: it is recorded, and this is what led to it.
const BROUGHT: &str = "Root=1-01234567-89abcdef0123456789abcdef;Parent=53995c3f42cd8ad8;Sampled=1";

/// The one call of this operation that is about the order.
fn call(front: &Front, operation: &str, order: &PlacedOrder) -> Called {
    let about =
        |call: &Called| call.operation.contains(operation) && call.body.contains(&order.order_id.to_string());
    let mut calls: Vec<Called> = front.called().into_iter().filter(about).collect();
    assert_eq!(calls.len(), 1, "{operation}: {calls:?}");
    calls.remove(0)
}

/// The trace header that a message takes to the queue.
fn sent(front: &Front, order: &PlacedOrder) -> Value {
    let call = call(front, "AmazonSQS.SendMessage", order);
    let body: Value = serde_json::from_str(&call.body).unwrap();
    body["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].clone()
}

fn published(front: &Front, order: &PlacedOrder, status: OrderStatus) -> Option<String> {
    let call = call(front, "Action=Publish", order);
    assert!(call.body.contains(status.as_str()), "{call:?}");
    call.trace
}

/// Hands the order's message to the function, with the header in it that SQS passes on.
async fn deliver(store: &Arc<Store>, resources: &Resources, order: &PlacedOrder, header: Option<&str>) {
    let gateway = SimulatedGateway::new(Arc::clone(store), Arc::clone(store), SimulatedSettings::default());
    let function = OrderProcessing::new(
        Arc::clone(store),
        Arc::new(gateway),
        Arc::clone(&resources.counts),
    );
    let body = json!({ "orderId": order.order_id, "createdAt": order.created_at, "traceId": order.trace_id });
    let mut message = SqsMessage::default();
    message.message_id = Some("m-1".to_owned());
    message.body = Some(body.to_string());
    if let Some(header) = header {
        let header = ("AWSTraceHeader".to_owned(), header.to_owned());
        message.attributes.extend([header]);
    }
    let mut batch = SqsEvent::default();
    batch.records = vec![message];
    let context = Context {
        request_id: "r-1".into(),
        trace_id: "".into(),
    };
    let reply = Arc::new(function).call(Invocation::Sqs(batch), context).await;
    let Ok(Reply::Batch(reply)) = reply else {
        panic!("{reply:?}")
    };
    assert!(reply.response.batch_item_failures.is_empty(), "{reply:?}");
}

#[tokio::test]
async fn message_news_and_execution_of_an_order_are_of_its_own_trace() {
    let resources = Resources::make().await;
    let front = Front::start(&resources).await;
    let store = resources.store_with(&[], &front.address);
    for (header, expected) in [(Some(BROUGHT), BROUGHT), (None, UNKNOWN)] {
        let order = order(&store).await;
        store.place_order(order.clone().into(), None).await.unwrap();
        assert_eq!(sent(&front, &order), UNKNOWN);
        deliver(&store, &resources, &order, header).await;
        let trace = published(&front, &order, OrderStatus::Processing);
        assert_eq!(trace.as_deref(), Some(expected));
        let start = call(&front, "AWSStepFunctions.StartExecution", &order);
        let start: Value = serde_json::from_str(&start.body).unwrap();
        assert_eq!(start["traceHeader"], expected);
    }
}

#[tokio::test]
async fn a_cancellation_and_a_message_that_the_sweep_sends_are_of_the_orders_trace() {
    let resources = Resources::make().await;
    let front = Front::start(&resources).await;
    let store = resources.store_with(&[], &front.address);
    let cancelled = order(&store).await;
    store.place_order(cancelled.clone().into(), None).await.unwrap();
    store
        .cancel_order(cancelled.order_id, "changed their mind".to_owned())
        .await
        .unwrap();
    let trace = published(&front, &cancelled, OrderStatus::Cancelled);
    assert_eq!(trace.as_deref(), Some(UNKNOWN));

    let nowhere = (Variable::OrderQueueUrl, "http://127.0.0.1:1/000000000000/nowhere");
    let dying = resources.store_with(&[nowhere], &resources.endpoint);
    let unsent = order(&store).await;
    dying.place_order(unsent.clone().into(), None).await.unwrap();
    let later = Timestamp::from_ms(store.now().as_ms() + 1_000);
    assert_eq!(store.sweep_orders(later).await.queued, 1);
    assert_eq!(sent(&front, &unsent), UNKNOWN);
}
