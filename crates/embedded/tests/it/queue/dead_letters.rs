//! Messages that nobody can handle: put aside, looked at, and put back.

use super::{DEAD, MAX_RECEIVES, QUEUE, VISIBILITY, one_at_a_time, start};
use crate::support::{Calls, Running, until};
use domain::OrderId;
use ports::operations::{OperationError, Operations};

/// Fails every message until it is a dead letter.
async fn fail_until_dead(running: &Running, calls: &mut Calls, messages: usize) {
    // Together at first, and each by itself from then on.
    calls.next().await.fail("Poison");
    for _ in 1..MAX_RECEIVES {
        running.advance(VISIBILITY);
        for _ in 0..messages {
            calls.next().await.fail("Poison");
        }
    }
    running.advance(VISIBILITY);
    until("they are dead letters", async || {
        running.queue(DEAD).await.visible == messages as u64
    })
    .await;
}

/// An engine with so many dead letters.
async fn with_dead_letters(count: usize) -> (Running, Calls, Vec<OrderId>) {
    let setup = one_at_a_time();
    let (function, mut calls) = super::consumer(&setup);
    let running = setup.open().await;
    let orders = running.place_many(count).await;
    let handlers = crate::support::handlers([function]);
    running.engine.start(handlers).await.unwrap();
    fail_until_dead(&running, &mut calls, count).await;
    (running, calls, orders)
}

#[tokio::test]
async fn a_dead_letter_says_where_it_came_from_how_often_it_was_tried_and_why_it_failed() {
    let (running, mut calls, orders) = with_dead_letters(1).await;
    calls.none().await;
    assert_eq!(running.messages(QUEUE).await, []);
    let [letter] = &running.messages(DEAD).await[..] else {
        panic!("one dead letter")
    };
    assert!(letter.body.contains(&orders[0].to_string()));
    assert_eq!(
        (
            letter.receive_count,
            letter.source.as_deref(),
            letter.last_error.as_deref()
        ),
        (MAX_RECEIVES, Some(QUEUE), Some("Poison: as the test wants it"))
    );
    // It waits for a person, so there is nothing left to do.
    running.settled().await.unwrap();
}

#[tokio::test]
async fn redrive_brings_a_dead_letter_back_with_its_count_anew_and_it_is_handled_after_the_fix() {
    let (running, mut calls, orders) = with_dead_letters(1).await;
    assert_eq!(running.redrive_messages(DEAD.into(), None).await.unwrap(), 1);
    // Not fixed yet: it has all its tries again.
    fail_until_dead(&running, &mut calls, 1).await;
    assert_eq!(running.redrive_messages(DEAD.into(), None).await.unwrap(), 1);
    let call = calls.next().await;
    assert_eq!(call.orders(), orders);
    assert_eq!(call.messages()[0].receive_count, 1);
    call.succeed();
    running.settled().await.unwrap();
    assert_eq!(running.messages(DEAD).await, []);
    assert_eq!(running.redrive_messages(DEAD.into(), None).await.unwrap(), 0);
}

#[tokio::test]
async fn only_the_named_dead_letters_go_back_and_all_of_them_or_none() {
    let (running, mut calls, orders) = with_dead_letters(3).await;
    let letters = running.messages(DEAD).await;
    let named = letters
        .iter()
        .find(|letter| letter.body.contains(&orders[1].to_string()));
    let named = named.unwrap().message_id.clone();
    let wrong = vec![named.clone(), "1".to_owned()];
    let refused = running
        .redrive_messages(DEAD.into(), Some(wrong))
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "there is no message 1");
    assert_eq!(running.messages(DEAD).await.len(), 3);

    let moved = running.redrive_messages(DEAD.into(), Some(vec![named])).await;
    assert_eq!(moved.unwrap(), 1);
    let call = calls.next().await;
    assert_eq!(call.orders(), [orders[1]]);
    call.succeed();
    running.settled().await.unwrap();
    assert_eq!(running.messages(DEAD).await.len(), 2);
}

#[tokio::test]
async fn a_redriven_message_survives_a_crash() {
    let (running, _calls, orders) = with_dead_letters(1).await;
    running.redrive_messages(DEAD.into(), None).await.unwrap();
    let (running, mut calls) = start(running.kill().await).await;
    let call = calls.next().await;
    assert_eq!(call.orders(), orders);
    call.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn a_queue_that_is_nobodys_dead_letter_queue_is_not_redriven() {
    let (running, _calls) = start(one_at_a_time()).await;
    let refused = running.redrive_messages(QUEUE.into(), None).await;
    assert!(
        matches!(refused, Err(OperationError::NotAllowed(_))),
        "{refused:?}"
    );
    let refused = running.redrive_messages("Nothing".into(), None).await;
    assert_eq!(refused.unwrap_err().to_string(), "there is no queue Nothing");
}

#[tokio::test]
async fn only_the_named_dead_letters_are_purged_and_a_queue_at_work_is_not() {
    let (running, mut calls, _) = with_dead_letters(3).await;
    let ids = async || -> Vec<String> {
        let letters = running.messages(DEAD).await.into_iter();
        letters.map(|letter| letter.message_id).collect()
    };
    let before = ids().await;
    let purged = running
        .purge_messages(DEAD.into(), Some(vec![before[1].clone()]))
        .await;
    assert_eq!(purged.unwrap(), 1);
    assert_eq!(ids().await, [before[0].clone(), before[2].clone()]);
    assert_eq!(running.purge_messages(DEAD.into(), None).await.unwrap(), 2);
    assert_eq!(ids().await, [""; 0]);

    let marker = running.place().await;
    let refused = running.purge_messages(QUEUE.into(), None).await;
    assert!(
        matches!(refused, Err(OperationError::NotAllowed(_))),
        "{refused:?}"
    );
    assert_eq!(calls.next().await.orders(), [marker]);
}
