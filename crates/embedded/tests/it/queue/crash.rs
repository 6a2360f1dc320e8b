//! A process that dies with messages in hand.

use std::time::Duration;

use ports::catalogue::Catalogue;

use super::{DEAD, MAX_RECEIVES, QUEUE, consumer, one_at_a_time, start};
use crate::support::{Setup, amount, handlers};

/// Only the queue commits anything, so that a test knows its commits.
fn alone() -> Setup {
    one_at_a_time().with(|settings| {
        settings
            .functions
            .iter_mut()
            .for_each(|function| function.stream_source = None);
    })
}

#[tokio::test]
async fn what_was_in_flight_when_the_process_died_is_visible_again_at_once() {
    let (running, mut calls) = start(one_at_a_time()).await;
    let order = running.place().await;
    let held = calls.next().await;
    assert_eq!(running.queue(QUEUE).await.in_flight, 1);
    let setup = running.kill().await;
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let queue = running.queue(QUEUE).await;
    assert_eq!((queue.visible, queue.in_flight), (1, 0));
    running.engine.start(handlers([function])).await.unwrap();
    let call = calls.next().await;
    let message = call.messages().remove(0);
    assert_eq!((message.order, message.receive_count), (order, 2));
    assert_eq!(message.id, held.messages()[0].id);
    call.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn what_waited_for_its_visibility_timeout_is_visible_again_after_a_restart() {
    let (running, mut calls) = start(one_at_a_time()).await;
    let order = running.place().await;
    calls.next().await.fail("Poison");
    let (running, mut calls) = start(running.close().await).await;
    let call = calls.next().await;
    assert_eq!(call.orders(), [order]);
    call.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn what_was_handled_does_not_come_again_after_a_restart() {
    let (running, mut calls) = start(one_at_a_time()).await;
    running.place().await;
    calls.next().await.succeed();
    running.settled().await.unwrap();
    let (running, mut calls) = start(running.kill().await).await;
    let marker = running.place().await;
    assert_eq!(calls.next().await.orders(), [marker]);
}

/// A message that kills the process: its receive is committed before the function sees it, so the count rises with
/// each start, and it ends as a dead letter instead of killing for ever.
#[tokio::test]
async fn a_message_that_kills_the_process_becomes_a_dead_letter() {
    let running = alone().open().await;
    let order = running.place().await;
    let mut setup = running.close().await;
    for received in 1..=MAX_RECEIVES {
        let (function, mut calls) = consumer(&setup);
        // The receive is the first commit of this process. The next one kills it, while the function runs.
        let running = setup.open_and_halt(2).await;
        running.engine.start(handlers([function])).await.unwrap();
        let call = calls.next().await;
        assert_eq!(call.messages()[0].receive_count, received);
        assert_eq!(running.messages(QUEUE).await[0].receive_count, received);
        while running.engine.put_product(mug()).await.is_ok() {}
        setup = running.bury().await;
    }
    let (running, mut calls) = start(setup).await;
    running.settled().await.unwrap();
    calls.none().await;
    let [letter] = &running.messages(DEAD).await[..] else {
        panic!("one dead letter")
    };
    assert_eq!(letter.receive_count, MAX_RECEIVES);
    assert!(letter.body.contains(&order.to_string()), "{letter:?}");
    assert_eq!(letter.source.as_deref(), Some(QUEUE));
}

fn mug() -> domain::Product {
    let mug = serde_json::json!({
        "productId": "MUG", "name": "Mug", "price": amount("29.99"), "currency": "USD", "stock": 10,
    });
    serde_json::from_value(mug).unwrap()
}

/// What was in its batch is received again by itself, so it is spent alone.
#[tokio::test]
async fn a_message_that_kills_the_process_takes_none_of_its_batch_with_it() {
    let setup = alone();
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(3).await;
    let [first, poison, last] = orders[..] else {
        panic!("three orders")
    };
    running.engine.start(handlers([function])).await.unwrap();
    assert_eq!(calls.next().await.orders(), orders);
    let (mut running, mut calls) = start(running.kill().await).await;
    let call = calls.next().await;
    assert_eq!(call.orders(), [first]);
    call.succeed();
    for received in 2..=MAX_RECEIVES {
        let call = calls.next().await;
        let [message] = &call.messages()[..] else {
            panic!("by itself")
        };
        assert_eq!((message.order, message.receive_count), (poison, received));
        (running, calls) = start(running.kill().await).await;
    }
    let call = calls.next().await;
    assert_eq!(call.orders(), [last]);
    assert_eq!(call.messages()[0].receive_count, 2);
    call.succeed();
    running.settled().await.unwrap();
    let [letter] = &running.messages(DEAD).await[..] else {
        panic!("one dead letter")
    };
    assert!(letter.body.contains(&poison.to_string()), "{letter:?}");
}

#[tokio::test]
async fn a_receive_counts_even_if_the_process_dies_before_the_function_is_called() {
    let running = alone().open().await;
    running.place().await;
    let setup = running.close().await;
    let (function, mut calls) = consumer(&setup);
    // Dies right after the receive is committed, before anybody hears of it.
    let running = setup.open_and_halt(1).await;
    running.engine.start(handlers([function])).await.unwrap();
    let setup = running.bury().await;
    calls.none().await;
    let (_running, mut calls) = start(setup).await;
    assert_eq!(calls.next().await.messages()[0].receive_count, 2);
}

#[tokio::test]
async fn messages_keep_their_order_over_a_restart() {
    let running = one_at_a_time().open().await;
    let mut orders = running.place_many(12).await;
    let setup = running.kill().await;
    setup.time.advance(Duration::from_secs(1));
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    orders.extend(running.place_many(12).await);
    running.engine.start(handlers([function])).await.unwrap();
    let mut delivered = Vec::new();
    while delivered.len() < orders.len() {
        let call = calls.next().await;
        delivered.extend(call.orders());
        call.succeed();
    }
    assert_eq!(delivered, orders);
}
