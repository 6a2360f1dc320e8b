//! What is sent is delivered: in batches, in order, and again when it was not handled.

use std::time::Duration;

use domain::OrderId;

use super::{QUEUE, VISIBILITY, consumer, one_at_a_time, source, start};
use crate::support::{Call, Message, handlers, until};

/// What a message says, without its id.
fn seen(call: &Call) -> Vec<(OrderId, u32)> {
    let seen = |message: Message| (message.order, message.receive_count);
    call.messages().into_iter().map(seen).collect()
}

fn id_of(call: &Call, order: OrderId) -> String {
    let mut messages = call.messages().into_iter();
    messages.find(|message| message.order == order).unwrap().id
}

#[tokio::test]
async fn batches_hold_up_to_ten_messages_in_the_order_of_sending() {
    let setup = one_at_a_time();
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(25).await;
    running.engine.start(handlers([function])).await.unwrap();
    for batch in orders.chunks(10) {
        let call = calls.next().await;
        assert_eq!(call.orders(), batch);
        call.succeed();
    }
    running.settled().await.unwrap();
    assert_eq!(running.messages(QUEUE).await, []);
}

#[tokio::test]
async fn the_batch_size_is_what_the_settings_say() {
    let setup = one_at_a_time().with(|settings| source(settings, |source| source.batch_size = 4));
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(6).await;
    running.engine.start(handlers([function])).await.unwrap();
    for batch in [&orders[..4], &orders[4..]] {
        let call = calls.next().await;
        assert_eq!(call.orders(), batch);
        call.succeed();
    }
}

#[tokio::test]
async fn a_failed_message_is_hidden_until_its_visibility_timeout_ends_and_then_counted_again() {
    let (running, mut calls) = start(one_at_a_time()).await;
    let failing = running.place().await;
    let call = calls.next().await;
    assert_eq!(seen(&call), [(failing, 1)]);
    call.fail("Poison");
    running.until_failed(QUEUE).await;
    assert_eq!(running.queue(QUEUE).await.in_flight, 1);

    running.advance(VISIBILITY - Duration::from_millis(1));
    let other = running.place().await;
    let call = calls.next().await;
    assert_eq!(call.orders(), [other], "the failed one is still hidden");
    call.succeed();

    running.advance(Duration::from_millis(1));
    let call = calls.next().await;
    assert_eq!(seen(&call), [(failing, 2)]);
    call.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn a_message_is_not_handed_out_twice_while_it_is_handled() {
    let (running, mut calls) =
        start(one_at_a_time().with(|settings| settings.limits.concurrent_batches = 2)).await;
    let first = running.place().await;
    let held = calls.next().await;
    let second = running.place().await;
    let call = calls.next().await;
    assert_eq!((held.orders(), call.orders()), (vec![first], vec![second]));
    call.succeed();
    calls.none().await;
    held.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn only_the_failed_messages_of_a_batch_come_back() {
    let setup = one_at_a_time();
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(5).await;
    running.engine.start(handlers([function])).await.unwrap();
    let call = calls.next().await;
    let failed = [id_of(&call, orders[1]), id_of(&call, orders[3])];
    call.fail_messages(failed.iter().map(String::as_str));
    until("the others are deleted", async || {
        running.messages(QUEUE).await.len() == 2
    })
    .await;
    running.advance(VISIBILITY);
    let call = calls.next().await;
    assert_eq!(seen(&call), [(orders[1], 2), (orders[3], 2)]);
    call.fail_messages([]);
    running.settled().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_names_an_unknown_message_fails_the_whole_batch() {
    let setup = one_at_a_time();
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(3).await;
    running.engine.start(handlers([function])).await.unwrap();
    for unknown in ["0", ""] {
        let call = calls.next().await;
        let known = id_of(&call, orders[0]);
        call.fail_messages([known.as_str(), unknown]);
        running.advance(VISIBILITY);
    }
    let call = calls.next().await;
    assert_eq!(
        seen(&call),
        orders.iter().map(|order| (*order, 3)).collect::<Vec<_>>()
    );
    call.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn a_function_that_does_not_report_failures_has_handled_all_it_answered() {
    let setup =
        one_at_a_time().with(|settings| source(settings, |source| source.report_batch_item_failures = false));
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    running.place_many(2).await;
    running.engine.start(handlers([function])).await.unwrap();
    let call = calls.next().await;
    let named = call.messages()[0].id.clone();
    call.fail_messages([named.as_str()]);
    running.settled().await.unwrap();
}
