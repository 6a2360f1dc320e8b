//! A process is killed between two calls; what closes the gap.
//!
//! A call that never comes to its end is had by a store of which one name is wrong: what comes before is done, that call and
//! what follows is not, as when the process had died there.

use std::sync::Arc;

use aws::{EmbeddedMetrics, Variable};
use aws_sdk_dynamodb::types::AttributeValue;
use connectors::{FailureKind, FailureWeights, Rate, SimulatedGateway, SimulatedSettings};
use domain::{OrderStatus, PlacedOrder, Timestamp};
use functions::OrderProcessing;
use ports::clock::Clock;
use ports::function::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use ports::function::{Context, Handler, Invocation, Reply};
use ports::orders::{CancelOrder, CancelOrderError, Idempotency, OrderQueries, PlaceOrder, Placed};
use ports::payment::GatewayLedger;
use ports::processing::{BeginError, BeginOrder, BeginProcessing, Begun, SweepOrders};
use serde_json::{Value, json};

use crate::front::Front;
use crate::support::{Resources, order};

const NO_QUEUE: (Variable, &str) = (Variable::OrderQueueUrl, "http://127.0.0.1:1/000000000000/nowhere");
const NO_TOPIC: (Variable, &str) = (
    Variable::OrderTopicArn,
    "arn:aws:sns:us-east-1:000000000000:nowhere",
);

const NO_MACHINE: (Variable, &str) = (
    Variable::StateMachineArn,
    "arn:aws:states:us-east-1:000000000000:stateMachine:nowhere",
);

fn message(order: &PlacedOrder) -> BeginOrder {
    BeginOrder {
        order_id: order.order_id,
        created_at: order.created_at,
        trace_id: order.trace_id.clone(),
        trace_header: None,
    }
}

fn later(clock: &impl Clock) -> Timestamp {
    Timestamp::from_ms(clock.now().as_ms() + 1_000)
}

#[tokio::test]
async fn the_sweep_queues_an_order_whose_message_was_never_sent() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    let dying = resources.store_with(&[NO_QUEUE], &resources.endpoint);
    let placed = dying.place_order(order.clone().into(), None).await.unwrap();
    assert_eq!(placed, Placed::Created(order.clone()));
    let queue = resources.name(Variable::OrderQueueUrl);
    assert!(resources.messages(queue, order.order_id).await.is_empty());

    let young = store.sweep_orders(order.created_at).await;
    assert_eq!(young.queued, 0, "an order that is not older is left alone");
    let swept = store.sweep_orders(later(&*store)).await;
    assert_eq!(swept.queued, 1);
    assert_eq!(resources.messages(queue, order.order_id).await.len(), 1);
    let again = store.sweep_orders(later(&*store)).await;
    assert_eq!(again.queued, 0, "its message is waited for");
}

#[tokio::test]
async fn a_clients_repeat_queues_an_order_whose_message_was_never_sent() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    let key = || Idempotency {
        key_hash: [7; 32],
        body_hash: [8; 32],
    };
    let dying = resources.store_with(&[NO_QUEUE], &resources.endpoint);
    dying
        .place_order(order.clone().into(), Some(key()))
        .await
        .unwrap();
    let repeat = PlacedOrder {
        order_id: ports::clock::OrderIds::next_order_id(&*store),
        ..PlacedOrder::clone(&order)
    };
    let replayed = store.place_order(repeat.into(), Some(key())).await.unwrap();
    assert_eq!(replayed, Placed::Replayed(order.clone()));
    let queue = resources.name(Variable::OrderQueueUrl);
    assert_eq!(resources.messages(queue, order.order_id).await.len(), 1);
}

#[tokio::test]
async fn an_expired_key_is_free_although_its_record_is_still_there() {
    let resources = Resources::make().await;
    let store = resources.store();
    let (first, second) = (order(&store).await, order(&store).await);
    let key = || Idempotency {
        key_hash: [1; 32],
        body_hash: [2; 32],
    };
    store.place_order(first.into(), Some(key())).await.unwrap();
    resources
        .dynamodb()
        .update_item()
        .table_name(resources.name(Variable::IdempotencyTable))
        .key("idempotencyKey", AttributeValue::S("01".repeat(32)))
        .update_expression("SET expiresAt = :past")
        .expression_attribute_values(":past", AttributeValue::N("1000".into()))
        .send()
        .await
        .unwrap();
    assert!(store.find_placed(second.order_id, key()).await.unwrap().is_none());
    let placed = store
        .place_order(second.clone().into(), Some(key()))
        .await
        .unwrap();
    assert_eq!(placed, Placed::Created(second));
}

#[tokio::test]
async fn a_redelivery_publishes_and_starts_what_was_marked_only() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    let dying = resources.store_with(&[NO_TOPIC], &resources.endpoint);
    let killed = dying.begin_processing(vec![message(&order)]).await.pop().unwrap();
    assert!(matches!(killed, Err(BeginError::Store { .. })), "{killed:?}");
    let stored = store.get_order(order.order_id).await.unwrap().unwrap();
    assert_eq!(stored.state.status, OrderStatus::Processing);
    assert!(resources.executions().await.is_empty());

    let redelivered = store.begin_processing(vec![message(&order)]).await.pop().unwrap();
    assert_eq!(redelivered.unwrap(), Begun::AlreadyStarted);
    assert_eq!(resources.executions().await, [order.order_id.to_string()]);
    let told = resources.messages(&resources.listener_url, order.order_id).await;
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn the_sweep_tells_of_a_cancellation_that_was_not_published() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    let dying = resources.store_with(&[NO_TOPIC], &resources.endpoint);
    let cancelled = dying
        .cancel_order(order.order_id, "too late".into())
        .await
        .unwrap();
    assert_eq!(cancelled.state.status, OrderStatus::Cancelled);
    assert!(
        resources
            .messages(&resources.listener_url, order.order_id)
            .await
            .is_empty()
    );

    assert_eq!(store.sweep_orders(later(&*store)).await.published, 1);
    let told = resources.messages(&resources.listener_url, order.order_id).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("CANCELLED"), "{}", told[0]);
    assert_eq!(store.sweep_orders(later(&*store)).await.published, 0);
}

#[tokio::test]
async fn a_cancellation_whose_answer_was_lost_is_a_cancellation_and_told_once() {
    let resources = Resources::make().await;
    let front = Front::start(&resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    // The table has it, the caller hears nothing, and the SDK asks again.
    front.lose("DynamoDB_20120810.UpdateItem", 1);
    let cancelled = store.cancel_order(order.order_id, "too late".into()).await;
    assert_eq!(front.refused(), 1);
    assert_eq!(cancelled.unwrap().state.status, OrderStatus::Cancelled);
    let told = resources.messages(&resources.listener_url, order.order_id).await;
    assert_eq!(told.len(), 1);
    // Somebody else's repeat is another matter, whatever the reason that it gives.
    let again = store.cancel_order(order.order_id, "too late".into()).await;
    assert!(
        matches!(again, Err(CancelOrderError::Ended(OrderStatus::Cancelled))),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_found_and_not_made_again() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    store
        .begin_processing(vec![message(&order)])
        .await
        .pop()
        .unwrap()
        .unwrap();
    // The money is taken and booked, and the caller hears nothing of it.
    let settings = SimulatedSettings {
        success_rate: Rate::NEVER,
        failures: FailureWeights::only(FailureKind::TimeoutAfterCharge),
        ..SimulatedSettings::default()
    };
    let gateway = SimulatedGateway::new(Arc::clone(&store), Arc::clone(&store), settings);
    let metrics = Arc::new(EmbeddedMetrics::new(None));
    let function = OrderProcessing::new(Arc::clone(&store), Arc::new(gateway), metrics);
    let key = format!("{}:pay", order.order_id);
    let task = json!({"action": "processPayment", "orderId": order.order_id, "createdAt": order.created_at, "idempotencyKey": key});
    let first = function.run_task(&task).await.unwrap();
    // The function is killed before the workflow notes its answer, and called again.
    let second = function.run_task(&task).await.unwrap();
    assert_eq!(first["status"], "success");
    assert_eq!(first, second);
    let booked = store.find_entry(key).await.unwrap().unwrap();
    assert_eq!(booked.payment_id, first["paymentId"]);
}

#[tokio::test]
async fn a_redelivery_starts_what_was_published_only() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    let dying = resources.store_with(&[NO_MACHINE], &resources.endpoint);
    let killed = dying.begin_processing(vec![message(&order)]).await.pop().unwrap();
    assert!(matches!(killed, Err(BeginError::Store { .. })), "{killed:?}");
    let told = resources.messages(&resources.listener_url, order.order_id).await;
    assert_eq!(told.len(), 1);
    assert!(resources.executions().await.is_empty());

    let redelivered = store.begin_processing(vec![message(&order)]).await.pop().unwrap();
    assert_eq!(redelivered.unwrap(), Begun::AlreadyStarted);
    assert_eq!(resources.executions().await, [order.order_id.to_string()]);
    // The news comes twice and is the same, so the customer's message has the same key both times.
    let again = resources.messages(&resources.listener_url, order.order_id).await;
    let status = |body: &String| {
        let envelope: Value = serde_json::from_str(body).unwrap();
        let news: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
        (news["orderId"].clone(), news["status"].clone())
    };
    assert_eq!(again.iter().map(status).collect::<Vec<_>>(), [status(&told[0])]);
}

/// A batch of the queue with the order's message, as often as it is delivered.
fn batch(order: &PlacedOrder) -> Invocation {
    let body = json!({ "orderId": order.order_id, "createdAt": order.created_at, "traceId": order.trace_id });
    let mut message = SqsMessage::default();
    message.message_id = Some("m-1".to_owned());
    message.body = Some(body.to_string());
    let mut event = SqsEvent::default();
    event.records = vec![message];
    Invocation::Sqs(event)
}

#[tokio::test]
async fn a_redelivery_while_the_first_attempt_runs_starts_one_execution() {
    let resources = Resources::make().await;
    let front = Front::start(&resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    let settings = SimulatedSettings::default();
    let gateway = SimulatedGateway::new(Arc::clone(&store), Arc::clone(&store), settings);
    let function = Arc::new(OrderProcessing::new(
        Arc::clone(&store),
        Arc::new(gateway),
        Arc::clone(&resources.counts),
    ));
    let call = || {
        let context = Context {
            request_id: "r-1".into(),
            trace_id: "".into(),
        };
        Arc::clone(&function).call(batch(&order), context)
    };
    resources.counts.take();
    // The first attempt has marked the order and is about to publish when the message comes again.
    front.hold("/ Action=Publish");
    let first = tokio::spawn(call());
    front.is_held().await;
    let second = call().await;
    front.go_on();
    for reply in [second, first.await.unwrap()] {
        let Ok(Reply::Batch(reply)) = reply else {
            panic!("{reply:?}")
        };
        assert!(reply.response.batch_item_failures.is_empty(), "{reply:?}");
    }
    assert_eq!(
        resources.counts.take(),
        ["OrdersBegun{Repeated} +1", "OrdersBegun{Started} +1"]
    );
    assert_eq!(resources.executions().await, [order.order_id.to_string()]);
}
