//! Messages that go without having been handled: purged, or older than their queue keeps them.

use std::time::Duration;

use embedded::Settings;
use ports::operations::Operations;

use super::{DEAD, QUEUE, VISIBILITY, consumer, one_at_a_time, source, start};
use crate::support::{handlers, until};

#[tokio::test]
async fn what_was_purged_is_not_delivered_any_more() {
    let setup = one_at_a_time().with(|settings| source(settings, |source| source.batch_size = 1));
    let (function, mut calls) = consumer(&setup);
    let running = setup.open().await;
    running.place_many(4).await;
    running.engine.start(handlers([function])).await.unwrap();
    let in_flight = calls.next().await;
    assert_eq!(running.purge_messages(QUEUE.into(), None).await.unwrap(), 4);
    assert_eq!(running.messages(QUEUE).await, []);
    let marker = running.place().await;
    in_flight.fail("Poison");
    let call = calls.next().await;
    assert_eq!(call.orders(), [marker]);
    call.succeed();
    running.settled().await.unwrap();
    running.advance(VISIBILITY);
    calls.none().await;
}

#[tokio::test]
async fn only_the_named_messages_are_purged() {
    let running = one_at_a_time().open().await;
    running.place_many(3).await;
    let ids: Vec<String> = running
        .messages(QUEUE)
        .await
        .into_iter()
        .map(|m| m.message_id)
        .collect();
    let purged = running
        .purge_messages(QUEUE.into(), Some(vec![ids[1].clone()]))
        .await;
    assert_eq!(purged.unwrap(), 1);
    let left: Vec<String> = running
        .messages(QUEUE)
        .await
        .into_iter()
        .map(|m| m.message_id)
        .collect();
    assert_eq!(left, [ids[0].clone(), ids[2].clone()]);
    assert_eq!(running.purge_messages(DEAD.into(), None).await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_older_than_its_queue_keeps_it_is_gone() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    // The queue keeps messages for 14 days. A failed one stays hidden for longer, so nothing else can become of it.
    let hide = |settings: &mut Settings| {
        let queue = settings
            .queues
            .iter_mut()
            .find(|queue| queue.name == QUEUE)
            .unwrap();
        queue.visibility_timeout_ms = (20 * DAY).as_millis() as i64;
    };
    let (running, mut calls) = start(one_at_a_time().with(hide)).await;
    running.place().await;
    calls.next().await.fail("Poison");
    running.until_failed(QUEUE).await;
    running.advance(7 * DAY);
    let younger = running.place().await;
    calls.next().await.fail("Poison");
    running.advance(7 * DAY);
    until("the older one is gone", async || {
        // Upkeep makes its rounds once a minute.
        running.advance(Duration::from_secs(1));
        running.messages(QUEUE).await.len() == 1
    })
    .await;
    let left = running.messages(QUEUE).await.remove(0);
    assert!(left.body.contains(&younger.to_string()), "{left:?}");
    assert_eq!(running.messages(DEAD).await, [], "what expires is no dead letter");
    running.advance(6 * DAY);
    calls.none().await;
    let marker = running.place().await;
    assert_eq!(calls.next().await.orders(), [marker]);
}
