//! What is sent is delivered: in batches, in order, and again when it was not handled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::OrderId;
use ports::function::{Invocation, Reply};

use super::{DEAD, QUEUE, VISIBILITY, consumer, one_at_a_time, source, start};
use crate::support::{Call, Message, Setup, answers, handlers, until};

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
async fn no_more_batches_are_under_way_than_the_source_allows() {
    let setup = Setup::new().with(|settings| source(settings, |source| source.maximum_concurrency = Some(2)));
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(30).await;
    running.engine.start(handlers([function])).await.unwrap();
    let first = calls.next().await;
    let second = calls.next().await;
    calls.none().await;
    first.succeed();
    assert_eq!(calls.next().await.orders(), &orders[20..]);
    second.succeed();
}

#[tokio::test]
async fn customers_who_come_in_a_rush_hold_nothing_up_for_good() {
    let (running, mut calls) = start(Setup::new()).await;
    let mut placed = running.place_many(60).await;
    let mut delivered = Vec::new();
    for _ in 0..3 {
        // They go on until a batch has come.
        let mut next = std::pin::pin!(calls.next());
        let call = loop {
            tokio::select! {
                biased;
                call = &mut next => break call,
                more = running.place_many(30) => placed.extend(more),
            }
        };
        delivered.extend(call.orders());
        call.succeed();
    }
    let rest = async {
        loop {
            let call = calls.next().await;
            delivered.extend(call.orders());
            call.succeed();
        }
    };
    tokio::select! {
        settled = running.settled() => settled.unwrap(),
        () = rest => {}
    }
    assert!(placed.iter().all(|order| delivered.contains(order)));
    delivered.sort_unstable();
    let deliveries = delivered.len();
    delivered.dedup();
    assert_eq!(delivered.len(), deliveries, "each once");
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
    for again in [orders[1], orders[3]] {
        let call = calls.next().await;
        assert_eq!(seen(&call), [(again, 2)], "each by itself");
        call.fail_messages([]);
    }
    running.settled().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_names_an_unknown_message_fails_the_whole_batch() {
    let setup = one_at_a_time();
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(3).await;
    running.engine.start(handlers([function])).await.unwrap();
    let call = calls.next().await;
    let known = id_of(&call, orders[0]);
    call.fail_messages([known.as_str(), "0"]);
    running.advance(VISIBILITY);
    for order in &orders {
        let call = calls.next().await;
        assert_eq!(seen(&call), [(*order, 2)]);
        call.fail_messages([""]);
    }
    running.advance(VISIBILITY);
    for order in &orders {
        let call = calls.next().await;
        assert_eq!(seen(&call), [(*order, 3)]);
        call.succeed();
    }
    running.settled().await.unwrap();
}

/// A function that panics on one order fails its whole batch with it. The others are handled when they come again.
#[tokio::test]
async fn a_function_that_panics_on_one_order_fails_no_other() {
    let setup = one_at_a_time();
    let running = setup.open().await;
    let orders = running.place_many(10).await;
    let poison = orders[4].to_string();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let function = answers(move |invocation| {
        let Invocation::Sqs(batch) = invocation else {
            panic!("a batch: {invocation:?}")
        };
        counted.fetch_add(1, Ordering::SeqCst);
        let bodies = batch.records.iter().filter_map(|record| record.body.as_deref());
        assert!(
            !bodies.into_iter().any(|body| body.contains(&poison)),
            "the defect"
        );
        Ok(Reply::Done)
    });
    running
        .engine
        .start(handlers([("order-processing", function)]))
        .await
        .unwrap();
    until("one is a dead letter, and nothing else is left", async || {
        running.advance(Duration::from_secs(10));
        running.messages(DEAD).await.len() == 1 && running.messages(QUEUE).await.is_empty()
    })
    .await;
    let letter = running.messages(DEAD).await.remove(0);
    assert!(letter.body.contains(&orders[4].to_string()), "{letter:?}");
    assert!(letter.last_error.unwrap().contains("panicked"));
    assert_eq!(
        calls.load(Ordering::SeqCst),
        1 + 10 + 1,
        "all together, each by itself, and the last try of the one that fails"
    );
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
