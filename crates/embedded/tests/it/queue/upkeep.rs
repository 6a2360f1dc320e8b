//! Messages that go without having been handled: older than their queue keeps them.

use std::time::Duration;

use embedded::Settings;

use super::{DEAD, QUEUE, one_at_a_time, start};
use crate::support::until;

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
