//! What an operator sees and sets right, on a running engine.

use std::time::Duration;

use domain::OrderStatus;
use ports::StoreError;
use ports::inspection::Inspection;
use ports::operations::{OperationError, Operations};
use ports::orders::{CancelOrder, OrderQueries};

use crate::Engine;
use crate::timeline::tests::shop::{Shop, Trouble};

const QUEUE: &str = "OrderProcessingQueue";
const DLQ: &str = "OrderProcessingDLQ";
const MAIL_DLQ: &str = "OrderNotificationDLQ";

/// Visible and in flight of a queue.
async fn counts(engine: &Engine, name: &str) -> (u64, u64) {
    let queues = engine.list_queues().await.unwrap();
    let queue = queues.into_iter().find(|queue| queue.name == name).unwrap();
    (queue.visible, queue.in_flight)
}

/// Lets time pass, in steps shorter than any function's time-out, until the queue holds that many messages.
async fn until_dead(shop: &Shop, queue: &str, count: usize) {
    let time = shop.time.clone();
    shop.until(async |engine| {
        time.advance(Duration::from_secs(20));
        engine.list_messages(queue.into(), None, 100).await.unwrap().len() == count
    })
    .await;
}

#[tokio::test]
async fn queues_are_told_with_their_settings_and_backlog() {
    let shop = Shop::closed(5).await;
    shop.place().await;
    shop.time.advance(Duration::from_secs(7));
    shop.place().await;
    let queues = shop.engine.list_queues().await.unwrap();
    let find = |name: &str| queues.iter().find(|queue| queue.name == name).unwrap();
    let queue = find(QUEUE);
    assert_eq!(
        (queue.visible, queue.in_flight, queue.oldest_age_ms),
        (2, 0, 7_000)
    );
    assert_eq!((queue.visibility_timeout_s, queue.retention_s), (180, 1_209_600));
    assert_eq!(
        (queue.max_receive_count, queue.dead_letter_queue.as_deref()),
        (Some(3), Some(DLQ))
    );
    assert!(!queue.is_dead_letter_queue);
    for name in [DLQ, MAIL_DLQ, "OrderAnalyticsDLQ", "OrderSweepDLQ"] {
        assert!(find(name).is_dead_letter_queue, "{name}");
        assert_eq!((find(name).visible, find(name).oldest_age_ms), (0, 0), "{name}");
    }
    let bodies = shop.engine.list_messages(QUEUE.into(), None, 1).await.unwrap();
    let rest = shop
        .engine
        .list_messages(QUEUE.into(), Some(bodies[0].message_id.clone()), 9)
        .await
        .unwrap();
    assert_eq!((bodies.len(), rest.len()), (1, 1));
    assert!(bodies[0].sent_at < rest[0].sent_at);
}

#[tokio::test]
async fn a_poison_message_is_a_dead_letter_with_its_cause_and_comes_back_when_it_is_redriven() {
    let shop = Shop::open(5, Trouble::Poison).await;
    let id = shop.place().await;
    until_dead(&shop, DLQ, 1).await;
    let letter = shop
        .engine
        .list_messages(DLQ.into(), None, 9)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((letter.receive_count, letter.source.as_deref()), (3, Some(QUEUE)));
    assert_eq!(
        letter.last_error.as_deref(),
        Some("Poison: this function is out of order")
    );
    assert_eq!(counts(&shop.engine, QUEUE).await, (0, 0));
    let timeline = shop.timeline(id).await;
    let last = timeline.last().unwrap();
    assert_eq!(
        (last.source.as_str(), last.event.as_str(), last.summary.as_str()),
        (
            "queue",
            "MessageDeadLettered",
            "The message of OrderProcessingQueue failed 3 times and waits in OrderProcessingDLQ: Poison: this function \
             is out of order."
        )
    );

    let both = Some(vec![letter.message_id.clone(), "17".to_owned()]);
    let refused = shop.engine.redrive_messages(DLQ.into(), both).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no message 17");
    assert_eq!(
        counts(&shop.engine, DLQ).await,
        (1, 0),
        "all that were named, or none"
    );

    // The function is mended.
    shop.set_trouble(Trouble::None);
    assert_eq!(shop.engine.redrive_messages(DLQ.into(), None).await.unwrap(), 1);
    shop.until(async |engine| {
        engine.get_order(id).await.unwrap().unwrap().state.status == OrderStatus::Completed
    })
    .await;
    assert_eq!(counts(&shop.engine, DLQ).await, (0, 0));
}

#[tokio::test]
async fn a_notification_that_was_given_up_is_delivered_when_it_is_redriven() {
    let shop = Shop::open(5, Trouble::MailDown).await;
    let id = shop.place().await;
    shop.timeline_with(id, "execution", "ExecutionSucceeded", 1).await;
    until_dead(&shop, MAIL_DLQ, 2).await;
    let letter = shop
        .engine
        .list_messages(MAIL_DLQ.into(), None, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        letter.last_error.as_deref(),
        Some("MailDown: the mail server is away")
    );
    shop.set_trouble(Trouble::None);
    let named = Some(vec![letter.message_id]);
    assert_eq!(
        shop.engine
            .redrive_messages(MAIL_DLQ.into(), named)
            .await
            .unwrap(),
        1
    );
    shop.timeline_with(id, "notification", "Sent", 1).await;
    assert_eq!(
        shop.engine.redrive_messages(MAIL_DLQ.into(), None).await.unwrap(),
        1
    );
    shop.timeline_with(id, "notification", "Sent", 2).await;
    let outbox = shop.engine.list_outbox(9).await.unwrap();
    assert_eq!(outbox.len(), 2);
    assert!(outbox.iter().all(|entry| entry.order_id == id.to_string()));
}

#[tokio::test]
async fn what_cannot_be_redriven_or_purged_stays_and_is_named() {
    let shop = Shop::closed(5).await;
    shop.place().await;
    let told = |result: Result<u64, OperationError>| result.unwrap_err().to_string();
    let redrive = |queue: &str, ids: Option<&str>| {
        shop.engine
            .redrive_messages(queue.into(), ids.map(|id| vec![id.to_owned()]))
    };
    let purge = |queue: &str, ids: &[&str]| {
        shop.engine
            .purge_messages(queue.into(), Some(ids.iter().map(|id| id.to_string()).collect()))
    };
    assert_eq!(told(redrive("Nowhere", None).await), "there is no queue Nowhere");
    assert_eq!(
        told(redrive(QUEUE, None).await),
        "OrderProcessingQueue is not a dead-letter queue: its messages came from nowhere else"
    );
    assert_eq!(told(redrive(DLQ, Some("17")).await), "there is no message 17");
    assert_eq!(told(redrive(DLQ, Some("x")).await), "there is no message x");
    assert_eq!(redrive(DLQ, None).await.unwrap(), 0);
    let here = shop
        .engine
        .list_messages(QUEUE.into(), None, 1)
        .await
        .unwrap()
        .remove(0)
        .message_id;
    assert_eq!(
        told(purge(DLQ, &[&here]).await),
        format!("there is no message {here}")
    );
    let working = "OrderProcessingQueue is not a dead-letter queue: its messages are still to be handled";
    assert_eq!(told(purge(QUEUE, &[&here]).await), working);
    assert_eq!(
        told(shop.engine.purge_messages(QUEUE.into(), None).await),
        working
    );
    assert_eq!(counts(&shop.engine, QUEUE).await, (1, 0));
    let swept = shop.engine.redrive_messages("OrderSweepDLQ".into(), None).await;
    assert_eq!(swept.unwrap(), 0, "a function's own dead-letter queue is one");
}

/// What the order says of why a person has to look at it.
async fn attention(shop: &Shop, id: domain::OrderId) -> Option<String> {
    shop.engine.get_order(id).await.unwrap().unwrap().state.attention
}

#[tokio::test]
async fn an_order_whose_dead_letter_is_deleted_needs_attention() {
    let shop = Shop::open(5, Trouble::Poison).await;
    let (one, all, ended) = (shop.place().await, shop.place().await, shop.place().await);
    until_dead(&shop, DLQ, 3).await;
    shop.engine.cancel_order(ended, "no".into()).await.unwrap();
    let letters = shop.engine.list_messages(DLQ.into(), None, 9).await.unwrap();
    let of_one = letters
        .iter()
        .find(|letter| letter.body.contains(&one.to_string()))
        .unwrap();
    let named = |ids: &[&str]| Some(ids.iter().map(|id| id.to_string()).collect::<Vec<_>>());
    let both = named(&[&of_one.message_id, "17"]);
    let refused = shop.engine.purge_messages(DLQ.into(), both).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no message 17");
    assert_eq!(
        counts(&shop.engine, DLQ).await,
        (3, 0),
        "all that were named, or none"
    );
    assert_eq!(attention(&shop, one).await, None);

    let twice = named(&[&of_one.message_id, &of_one.message_id]);
    assert_eq!(shop.engine.purge_messages(DLQ.into(), twice).await.unwrap(), 1);
    assert_eq!(attention(&shop, one).await.as_deref(), Some("MessagePurged"));
    assert_eq!(attention(&shop, all).await, None);

    assert_eq!(shop.engine.purge_messages(DLQ.into(), None).await.unwrap(), 2);
    assert_eq!(attention(&shop, all).await.as_deref(), Some("MessagePurged"));
    assert_eq!(
        attention(&shop, ended).await,
        None,
        "it had ended, and waited for nothing"
    );
    assert_eq!(counts(&shop.engine, DLQ).await, (0, 0));
}

#[tokio::test]
async fn an_order_whose_dead_letter_is_edited_to_be_about_it_no_more_needs_attention() {
    let shop = Shop::open(5, Trouble::Poison).await;
    let (kept, removed, changed, ended) = (
        shop.place().await,
        shop.place().await,
        shop.place().await,
        shop.place().await,
    );
    until_dead(&shop, DLQ, 4).await;
    shop.engine.cancel_order(ended, "no".into()).await.unwrap();
    let letters = shop.engine.list_messages(DLQ.into(), None, 9).await.unwrap();
    for (id, body) in [
        (kept, format!(r#"{{"traceId": "new", "orderId": "{kept}"}}"#)),
        (removed, "{}".to_owned()),
        (changed, format!(r#"{{"orderId": "{kept}"}}"#)),
        (ended, "not JSON".to_owned()),
    ] {
        let id = id.to_string();
        let letter = letters.iter().find(|letter| letter.body.contains(&id)).unwrap();
        shop.engine
            .replace_message_body(DLQ.into(), letter.message_id.clone(), body)
            .await
            .unwrap();
    }
    assert_eq!(attention(&shop, removed).await.as_deref(), Some("MessageEdited"));
    assert_eq!(attention(&shop, changed).await.as_deref(), Some("MessageEdited"));
    assert_eq!(attention(&shop, kept).await, None, "its letter is there");
    assert_eq!(
        attention(&shop, ended).await,
        None,
        "it had ended, and waited for nothing"
    );
    assert_eq!(counts(&shop.engine, DLQ).await, (4, 0));
}

#[tokio::test]
async fn a_letter_from_a_place_that_takes_nothing_back_stays() {
    let shop = Shop::closed(5).await;
    let engine = &shop.engine;
    let queue = engine.names().id("queue", "OrderAnalyticsDLQ");
    struct Letter(i64);
    impl crate::writer::Command for Letter {
        type Output = ();
        fn apply(&mut self, tx: &mut crate::tx::Tx<'_>) -> rusqlite::Result<()> {
            for source in [
                "stream:order-analytics",
                "subscription:order-notification",
                "queue:Gone",
            ] {
                let letter = crate::queue::DeadLetter {
                    queue: self.0,
                    body: "no notification",
                    trace: "",
                    sent_at: 0,
                    at: domain::Timestamp::from_ms(0),
                    receives: 1,
                    last_error: None,
                    source,
                };
                crate::queue::send_dead_letter(tx, &letter)?;
            }
            Ok(())
        }
    }
    engine.writer().execute(Letter(queue)).await.unwrap();
    let messages = engine
        .list_messages("OrderAnalyticsDLQ".into(), None, 9)
        .await
        .unwrap();
    for message in &messages {
        let named = Some(vec![message.message_id.clone()]);
        let refused = engine
            .redrive_messages("OrderAnalyticsDLQ".into(), named)
            .await
            .unwrap_err();
        assert!(matches!(refused, OperationError::NotAllowed(_)), "{refused}");
    }
    let refused = engine
        .redrive_messages("OrderAnalyticsDLQ".into(), None)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "it came from stream:order-analytics, which takes nothing back"
    );
    assert_eq!(counts(engine, "OrderAnalyticsDLQ").await, (3, 0));
}

#[tokio::test]
async fn executions_are_listed_newest_first_by_status_and_page() {
    let shop = Shop::open(3, Trouble::None).await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let id = shop.place().await;
        shop.timeline_with(id, "execution", "ExecutionSucceeded", 1).await;
        names.insert(0, id.to_string());
    }
    let list =
        async |status: Option<&str>, after: Option<&str>, limit| -> Result<Vec<String>, OperationError> {
            let infos = shop
                .engine
                .list_executions(status.map(Into::into), after.map(Into::into), limit)
                .await?;
            assert!(
                infos
                    .iter()
                    .all(|info| info.current_state.is_none() && info.definition_hash.len() == 64)
            );
            Ok(infos.into_iter().map(|info| info.name).collect())
        };
    assert_eq!(list(None, None, 9).await.unwrap(), names);
    assert_eq!(list(Some("SUCCEEDED"), None, 2).await.unwrap(), names[..2]);
    assert_eq!(list(None, Some(&names[1]), 9).await.unwrap(), names[2..]);
    for status in ["RUNNING", "FAILED", "TIMED_OUT", "ABORTED"] {
        assert_eq!(list(Some(status), None, 9).await.unwrap(), [""; 0], "{status}");
    }
    let unknown = list(Some("DONE"), None, 9).await.unwrap_err();
    assert!(matches!(unknown, OperationError::NotAllowed(_)), "{unknown}");
    assert_eq!(
        list(None, Some("nobody"), 9).await.unwrap_err().to_string(),
        "there is no execution nobody"
    );

    let detail = shop.engine.get_execution(names[0].clone()).await.unwrap();
    assert_eq!(
        (detail.info.status.as_str(), detail.input["orderId"].as_str()),
        ("SUCCEEDED", Some(names[0].as_str()))
    );
    assert_eq!(
        detail.events.last().map(|event| &event["type"]),
        Some(&"ExecutionSucceeded".into())
    );
    let again = shop.engine.redrive_execution(names[0].clone()).await.unwrap_err();
    assert!(matches!(again, OperationError::NotAllowed(_)), "{again}");
}

#[tokio::test]
async fn subscriptions_tell_their_backlog() {
    let shop = Shop::closed(5).await;
    let id = shop.place().await;
    shop.engine.cancel_order(id, "no".into()).await.unwrap();
    let subscriptions: Result<Vec<_>, StoreError> = shop.engine.list_subscriptions().await;
    let subscription = subscriptions
        .unwrap()
        .into_iter()
        .find(|s| s.topic == "OrderNotificationTopic")
        .unwrap();
    assert_eq!(
        (subscription.endpoint.as_str(), subscription.pending),
        ("order-notification", 1)
    );
    assert_eq!(subscription.dead_letter_queue.as_deref(), Some(MAIL_DLQ));
}
