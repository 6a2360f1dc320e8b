//! More messages than the engine holds in memory.

use std::time::Duration;

use domain::OrderId;

use super::{QUEUE, consumer, one_at_a_time, source};
use crate::support::{Calls, Running, Setup, handlers};

/// What the engine holds of a queue in memory; the rest waits in the table.
const IN_MEMORY: usize = 8_192;

/// Large batches, for these tests are about many messages and not about many batches.
fn large_batches() -> Setup {
    one_at_a_time().with(|settings| source(settings, |source| source.batch_size = 500))
}

/// Takes every message, and checks that each comes once and in the order of sending.
async fn take_all(running: &Running, calls: &mut Calls, orders: &[OrderId]) {
    let mut delivered = Vec::with_capacity(orders.len());
    while delivered.len() < orders.len() {
        let call = calls.next().await;
        delivered.extend(call.orders());
        call.succeed();
    }
    assert!(delivered == orders, "each once, in the order of sending");
    running.settled().await.unwrap();
    calls.none().await;
    assert_eq!(running.messages(QUEUE).await, []);
}

#[tokio::test]
async fn more_than_fit_in_memory_at_the_start_all_come_once_and_in_order() {
    let setup = large_batches();
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(IN_MEMORY + 700).await;
    running.engine.start(handlers([function])).await.unwrap();
    take_all(&running, &mut calls, &orders).await;
}

#[tokio::test]
async fn more_than_fit_in_memory_while_the_consumer_is_behind_all_come_once_and_in_order() {
    let setup = large_batches();
    let (function, mut calls) = consumer(&setup);
    let running = setup.start(handlers([function])).await;
    let mut orders = running.place_many(1).await;
    // From now on the consumer knows that the table holds no more than memory does, until memory is full.
    let held = calls.next().await;
    orders.extend(running.place_many(IN_MEMORY + 700).await);
    running.advance(Duration::from_millis(1));
    held.succeed();
    take_all(&running, &mut calls, &orders[1..]).await;
}
