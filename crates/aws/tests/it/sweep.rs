//! The sweep while something is wrong: nothing is given up in silence, and one order keeps no other waiting.

use std::sync::Arc;

use aws::{Store, Variable};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{OrderId, OrderStatus, PlacedOrder, Timestamp};
use ports::clock::Clock;
use ports::orders::{CancelOrder, OrderFilter, OrderQueries, PlaceOrder};
use ports::processing::{BeginOrder, BeginProcessing, Begun, SweepOrders, Swept};

use crate::front::Front;
use crate::support::{Resources, order, set};

const NO_QUEUE: (Variable, &str) = (Variable::OrderQueueUrl, "http://127.0.0.1:1/000000000000/nowhere");
const NO_TOPIC: (Variable, &str) = (
    Variable::OrderTopicArn,
    "arn:aws:sns:us-east-1:000000000000:nowhere",
);

fn later(store: &Store) -> Timestamp {
    Timestamp::from_ms(store.now().as_ms() + 1_000)
}

/// An order whose message was not sent.
async fn unsent(resources: &Resources) -> Arc<PlacedOrder> {
    let store = resources.store_with(&[NO_QUEUE], &resources.endpoint);
    let order = order(&store).await;
    store.place_order(order.clone().into(), None).await.unwrap();
    order
}

/// The last message of the order was sent long ago.
async fn long_ago(resources: &Resources, order: OrderId) {
    let past = AttributeValue::S("2020-01-01T00:00:00.000Z".to_owned());
    set(resources, order, "sentAgainAt", past).await;
}

#[tokio::test]
async fn an_outage_of_the_queue_uses_up_no_send_and_what_was_not_sent_is_counted() {
    let resources = Resources::make().await;
    let order = unsent(&resources).await;
    assert_eq!(resources.counts.take(), ["OrdersNotQueued{} +1"]);
    let failing = resources.store_with(&[NO_QUEUE], &resources.endpoint);
    for _ in 0..4 {
        let swept = failing.sweep_orders(later(&failing)).await;
        let expected = Swept {
            failed: 1,
            ..Swept::default()
        };
        assert_eq!(swept, expected);
    }
    let store = resources.store();
    let swept = store.sweep_orders(later(&store)).await;
    assert_eq!((swept.queued, swept.stranded, swept.failed), (1, 0, 0));
    let queue = resources.name(Variable::OrderQueueUrl);
    assert_eq!(resources.messages(queue, order.order_id).await.len(), 1);
}

#[tokio::test]
async fn an_order_that_was_sent_in_vain_so_often_needs_attention_until_it_is_begun() {
    let resources = Resources::make().await;
    let order = unsent(&resources).await;
    let id = order.order_id;
    let store = resources.store();
    for _ in 0..3 {
        assert_eq!(store.sweep_orders(later(&store)).await.queued, 1);
        long_ago(&resources, id).await;
    }
    let swept = store.sweep_orders(later(&store)).await;
    assert_eq!((swept.queued, swept.stranded), (0, 1));
    let found = store.get_order(id).await.unwrap().unwrap();
    assert_eq!(found.state.status, OrderStatus::Pending);
    assert_eq!(found.state.attention.as_deref(), Some("OrderStranded"));
    let waiting = OrderFilter {
        needs_attention: true,
        ..OrderFilter::default()
    };
    let page = store.list_orders(waiting, None, 10).await.unwrap();
    assert_eq!(page.orders.len(), 1);
    assert_eq!(
        store.sweep_orders(later(&store)).await,
        Swept::default(),
        "it is said once"
    );

    let begin = BeginOrder {
        order_id: id,
        created_at: order.created_at,
        trace_id: order.trace_id.clone(),
        trace_header: None,
    };
    let begun = store.begin_processing(vec![begin]).await.pop().unwrap();
    assert_eq!(begun.unwrap(), Begun::Started);
    assert_eq!(store.get_order(id).await.unwrap().unwrap().state.attention, None);
}

#[tokio::test]
async fn an_order_that_fails_keeps_neither_another_nor_a_cancellation_waiting() {
    const DENIED: &str =
        r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not allowed"}"#;
    let resources = Resources::make().await;
    let damaged = unsent(&resources).await;
    let line = AttributeValue::S("no lines".to_owned());
    set(&resources, damaged.order_id, "items", line).await;
    let first = unsent(&resources).await;
    let second = unsent(&resources).await;
    let untold = unsent(&resources).await;
    let dying = resources.store_with(&[NO_TOPIC], &resources.endpoint);
    dying
        .cancel_order(untold.order_id, "too late".into())
        .await
        .unwrap();

    let front = Front::start(&resources).await;
    let store = resources.store_with(&[], &front.address);
    // The claim of one order is refused.
    front.refuse_at("DynamoDB_20120810.UpdateItem", 1, 400, DENIED);
    let swept = store.sweep_orders(later(&store)).await;
    assert_eq!(front.refused(), 1);
    assert_eq!(swept.failed, 2, "the damaged one, and the one that was refused");
    assert_eq!(swept.queued + swept.published, 2);
    let swept = store.sweep_orders(later(&store)).await;
    assert_eq!(swept.failed, 1);
    let queue = resources.name(Variable::OrderQueueUrl);
    let sent = resources.all_messages(queue).await;
    for order in [&first, &second] {
        let of = |body: &&String| body.contains(&order.order_id.to_string());
        assert_eq!(sent.iter().filter(of).count(), 1);
    }
    let told = resources.messages(&resources.listener_url, untold.order_id).await;
    assert!(!told.is_empty());
}

#[tokio::test]
async fn a_cancellation_is_told_however_old_its_order_is() {
    let resources = Resources::make().await;
    let store = resources.store();
    let mut old = order(&store).await;
    let id = OrderId::from_parts(1_600_000_000_000, 1, 1);
    let placed = Arc::make_mut(&mut old);
    (placed.order_id, placed.created_at) = (id, id.created_at());
    store.place_order(old.into(), None).await.unwrap();
    let dying = resources.store_with(&[NO_TOPIC], &resources.endpoint);
    dying.cancel_order(id, "too late".into()).await.unwrap();
    assert_eq!(store.sweep_orders(later(&store)).await.published, 1);
    let told = resources.messages(&resources.listener_url, id).await;
    assert_eq!(told.len(), 1);
    assert_eq!(store.sweep_orders(later(&store)).await.published, 0);
}
