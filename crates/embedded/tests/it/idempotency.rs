//! The same key and body give the first order again; another body is refused; after 24 hours the key is free.

use std::sync::Arc;
use std::time::Duration;

use domain::{OrderId, PlacedOrder};
use ports::orders::{Idempotency, OrderFilter, OrderQueries, PlaceOrder, PlaceOrderError, Placed};

use crate::support::{Running, Setup, order};

const QUEUE: &str = "OrderProcessingQueue";

fn key(key: u8, body: u8) -> Option<Idempotency> {
    Some(Idempotency {
        key_hash: [key; 32],
        body_hash: [body; 32],
    })
}

async fn place(running: &Running, idempotency: Option<Idempotency>) -> Result<Placed, PlaceOrderError> {
    running.place_order(order(running).into(), idempotency).await
}

async fn orders(running: &Running) -> Vec<OrderId> {
    let page = running
        .list_orders(OrderFilter::default(), None, 100)
        .await
        .unwrap();
    page.orders
        .into_iter()
        .map(|order| order.placed.order_id)
        .collect()
}

/// The order that was placed now.
async fn created(running: &Running, idempotency: Option<Idempotency>) -> Arc<PlacedOrder> {
    match place(running, idempotency).await.unwrap() {
        Placed::Created(order) => order,
        Placed::Replayed(order) => panic!("placed before: {order:?}"),
    }
}

#[tokio::test]
async fn the_same_key_and_body_give_the_first_order_again() {
    let running = Setup::new().open().await;
    let first = created(&running, key(1, 1)).await;
    assert_eq!(
        place(&running, key(1, 1)).await.unwrap(),
        Placed::Replayed(first.clone())
    );
    let found = running
        .find_placed(order(&running).order_id, key(1, 1).unwrap())
        .await;
    assert_eq!(found.unwrap(), Some(first.clone()));
    let running = running.kill().await.open().await;
    assert_eq!(
        place(&running, key(1, 1)).await.unwrap(),
        Placed::Replayed(first.clone())
    );
    assert_eq!(orders(&running).await, [first.order_id]);
    assert_eq!(running.messages(QUEUE).await.len(), 1, "it is processed once");
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused_and_another_key_is_another_order() {
    let running = Setup::new().open().await;
    let first = created(&running, key(1, 1)).await;
    let refused = place(&running, key(1, 2)).await;
    assert!(matches!(refused, Err(PlaceOrderError::KeyReused)), "{refused:?}");
    let found = running
        .find_placed(order(&running).order_id, key(1, 2).unwrap())
        .await;
    assert!(matches!(found, Err(PlaceOrderError::KeyReused)), "{found:?}");
    let other = created(&running, key(2, 1)).await;
    let without = created(&running, None).await;
    let newest_first = [without.order_id, other.order_id, first.order_id];
    assert_eq!(orders(&running).await, newest_first);
}

#[tokio::test]
async fn a_key_is_free_again_after_24_hours_and_not_before() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let running = Setup::new().open().await;
    let first = created(&running, key(1, 1)).await;
    running.advance(DAY - Duration::from_millis(1));
    assert_eq!(
        place(&running, key(1, 1)).await.unwrap(),
        Placed::Replayed(first.clone())
    );
    running.advance(Duration::from_millis(1));
    let found = running
        .find_placed(order(&running).order_id, key(1, 1).unwrap())
        .await;
    assert_eq!(found.unwrap(), None);
    // Another body, too: the key is as good as new.
    let second = created(&running, key(1, 2)).await;
    assert_eq!(
        place(&running, key(1, 2)).await.unwrap(),
        Placed::Replayed(second.clone())
    );
    running.advance(DAY);
    created(&running, key(1, 1)).await;
    assert_eq!(orders(&running).await.len(), 3);
}

#[tokio::test]
async fn an_order_that_was_not_stored_leaves_its_key_free() {
    let running = Setup::new().open().await;
    let first = order(&running);
    running.place_order(first.clone().into(), None).await.unwrap();
    let again = running.place_order(first.clone().into(), key(1, 1)).await;
    assert!(
        matches!(again, Err(PlaceOrderError::DuplicateId(id)) if id == first.order_id),
        "{again:?}"
    );
    created(&running, key(1, 9)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_requests_at_once_with_one_key_give_one_order() {
    let running = Setup::new().open().await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let engine = running.engine.clone();
        requests.spawn(async move {
            engine
                .place_order(order(&engine).into(), key(1, 1))
                .await
                .unwrap()
        });
    }
    let (mut made, mut replayed) = (Vec::new(), Vec::new());
    for answer in requests.join_all().await {
        match answer {
            Placed::Created(order) => made.push(order),
            Placed::Replayed(order) => replayed.push(order),
        }
    }
    assert_eq!((made.len(), replayed.len()), (1, 199));
    assert!(replayed.iter().all(|order| *order == made[0]));
    assert_eq!(orders(&running).await, [made[0].order_id]);
    assert_eq!(running.messages(QUEUE).await.len(), 1);
}
