//! Topics: each subscription has its own durable deliveries, filter policy, retries and dead-letter queue.

use std::time::Duration;

use domain::OrderId;
use embedded::{FunctionSettings, Settings, SubscriberSettings, SubscriptionSettings};
use ports::operations::Operations;
use ports::orders::CancelOrder;
use ports::processing::{BeginOrder, BeginProcessing};
use template::{Clause, FilterPolicy, FilterScope, Literal, Test};

use crate::support::{Calls, Handlers, Running, Setup, does, handlers, until};

const DEAD: &str = "OrderNotificationDLQ";
/// After so many attempts a delivery is a dead letter.
const MAX_ATTEMPTS: usize = 50;

/// Only messages with one of these statuses.
fn only(statuses: &[&str]) -> Option<FilterPolicy> {
    let is = |status: &&str| Test::Is(Literal::Text((*status).to_owned()));
    let clause = Clause::Value {
        key: "status".into(),
        tests: statuses.iter().map(is).collect(),
    };
    Some(FilterPolicy {
        scope: FilterScope::MessageAttributes,
        clauses: vec![clause],
    })
}

fn subscribe(settings: &mut Settings, function: &str, filter: Option<FilterPolicy>) {
    settings.functions.push(FunctionSettings {
        name: function.to_owned(),
        arn: format!("arn:aws:lambda:eu-central-1:000000000000:function:{function}"),
        timeout_ms: u64::MAX,
        reserved_concurrency: None,
        queue_sources: Vec::new(),
        stream_source: None,
    });
    let topic = settings.notification_topic.clone();
    let topic = settings.topics.iter_mut().find(|it| it.name == topic).unwrap();
    topic.subscriptions.push(SubscriptionSettings {
        name: format!("to-{function}"),
        subscriber: SubscriberSettings::Function(function.to_owned()),
        filter,
        dead_letter_queue: Some(DEAD.to_owned()),
    });
}

/// A topic with these subscriptions and no others.
fn with_subscriptions(subscriptions: &'static [(&str, Option<&[&str]>)]) -> Setup {
    Setup::new().with(move |settings| {
        settings.machine.definition = r#"{"StartAt":"End","States":{"End":{"Type":"Succeed"}}}"#.into();
        settings
            .topics
            .iter_mut()
            .for_each(|topic| topic.subscriptions.clear());
        for (function, statuses) in subscriptions {
            subscribe(settings, function, statuses.and_then(only));
        }
    })
}

/// Functions of these names whose calls the test takes.
fn take<const N: usize>(setup: &Setup, functions: [&str; N]) -> (Handlers, [Calls; N]) {
    let mut all = handlers([]);
    let calls = functions.map(|name| {
        let (function, calls) = Calls::of_function(&setup.time);
        all.insert(name.to_owned(), function);
        calls
    });
    (all, calls)
}

/// Has the topic tell that an order was cancelled.
async fn announce(running: &Running) -> OrderId {
    let order = running.place().await;
    running
        .cancel_order(order, "changed my mind".into())
        .await
        .unwrap();
    order
}

fn about(call: &crate::support::Call) -> (OrderId, String) {
    let notification = call.notification();
    let text = |name: &str| notification[name].as_str().unwrap().to_owned();
    (text("orderId").parse().unwrap(), text("status"))
}

async fn pending(running: &Running, function: &str) -> u64 {
    let all = running.list_subscriptions().await.unwrap();
    all.iter().find(|it| it.endpoint == function).unwrap().pending
}

#[tokio::test]
async fn each_subscription_gets_each_message_and_only_the_one_that_failed_gets_it_again() {
    let setup = with_subscriptions(&[("mailer", None), ("auditor", None)]);
    let (handlers, [mut mailer, mut auditor]) = take(&setup, ["mailer", "auditor"]);
    let running = setup.start(handlers).await;
    let order = announce(&running).await;
    let (mail, audit) = (mailer.next().await, auditor.next().await);
    assert_eq!(about(&mail), (order, "CANCELLED".to_owned()));
    assert_eq!(about(&audit), about(&mail));
    mail.succeed();
    audit.fail("Down");
    auditor.next().await.succeed();
    running.settled().await.unwrap();
    mailer.none().await;
    auditor.none().await;
}

#[tokio::test]
async fn the_filter_policy_decides_who_gets_what() {
    let setup = with_subscriptions(&[
        ("all", None),
        ("ends", Some(&["CANCELLED"])),
        ("other", Some(&["REFUNDED"])),
    ]);
    let (handlers, [mut all, mut ends, mut other]) = take(&setup, ["all", "ends", "other"]);
    let running = setup.start(handlers).await;
    let order = running.place().await;
    let begin = BeginOrder {
        order_id: order,
        created_at: order.created_at(),
        trace_id: String::new(),
        trace_header: None,
    };
    running.begin_processing(vec![begin]).await.remove(0).unwrap();
    let call = all.next().await;
    assert_eq!(about(&call), (order, "PROCESSING".to_owned()));
    call.succeed();
    running
        .cancel_order(order, "changed my mind".into())
        .await
        .unwrap();
    for calls in [&mut all, &mut ends] {
        let call = calls.next().await;
        assert_eq!(about(&call), (order, "CANCELLED".to_owned()));
        call.succeed();
    }
    running.settled().await.unwrap();
    for calls in [&mut all, &mut ends, &mut other] {
        calls.none().await;
    }
}

#[tokio::test]
async fn a_subscription_that_hangs_or_fails_holds_up_no_other() {
    let setup = with_subscriptions(&[("hanging", None), ("failing", None), ("working", None)]);
    let (handlers, [mut hanging, mut failing, mut working]) = take(&setup, ["hanging", "failing", "working"]);
    let running = setup.start(handlers).await;
    for _ in 0..40 {
        let order = announce(&running).await;
        let call = working.next().await;
        assert_eq!(about(&call).0, order);
        call.succeed();
    }
    let _hangs = hanging.next().await;
    failing.next().await.fail("Down");
    until("the working one is through", async || {
        pending(&running, "working").await == 0
    })
    .await;
    assert_eq!(pending(&running, "hanging").await, 40);
    assert_eq!(pending(&running, "failing").await, 40);
}

#[tokio::test]
async fn deliveries_survive_a_crash() {
    let setup = with_subscriptions(&[("mailer", None), ("auditor", None)]);
    let (handlers, [mut mailer, mut auditor]) = take(&setup, ["mailer", "auditor"]);
    let running = setup.start(handlers).await;
    let order = announce(&running).await;
    mailer.next().await.succeed();
    until("the mail is through", async || {
        pending(&running, "mailer").await == 0
    })
    .await;
    let _under_way = auditor.next().await;

    let setup = running.kill().await;
    let (handlers, [mut mailer, mut auditor]) = take(&setup, ["mailer", "auditor"]);
    let running = setup.start(handlers).await;
    let call = auditor.next().await;
    assert_eq!(about(&call).0, order);
    call.succeed();
    running.settled().await.unwrap();
    mailer.none().await;
}

#[tokio::test]
async fn what_nobody_was_there_to_take_is_delivered_at_the_next_start() {
    let running = with_subscriptions(&[("mailer", None)]).open().await;
    let order = announce(&running).await;
    let setup = running.kill().await;
    let (handlers, [mut mailer]) = take(&setup, ["mailer"]);
    let _running = setup.start(handlers).await;
    assert_eq!(about(&mailer.next().await).0, order);
}

/// SNS's phases for functions ("Amazon SNS message delivery retries"): some at once, two after a second, ten with a
/// back-off from 1 s to 20 s, then one each 20 s. So long before the attempt that follows.
fn wait_after(attempt: usize) -> Duration {
    let waits_ms = [
        0, 0, 0, 1_000, 1_000, 1_000, 1_000, 1_800, 3_200, 5_000, 7_200, 9_800, 12_800, 16_200, 20_000,
    ];
    Duration::from_millis(waits_ms.get(attempt - 1).copied().unwrap_or(20_000))
}

/// How often the one delivery that is pending has failed.
fn attempts(running: &Running) -> usize {
    running.read("SELECT attempts FROM deliveries")
}

/// Fails each attempt of a delivery up to and with the `last`, and checks that each comes when it is due.
async fn fail_until(running: &Running, calls: &mut Calls, last: usize) {
    let mut due = running.setup.now();
    for attempt in 1..=last {
        let call = calls.next().await;
        assert_eq!(call.at, due, "attempt {attempt}");
        call.fail("Down");
        if attempt == MAX_ATTEMPTS {
            return;
        }
        until("the attempt is noted", async || attempts(running) == attempt).await;
        let wait = wait_after(attempt);
        if !wait.is_zero() {
            running.advance(wait - Duration::from_millis(1));
            calls.none().await;
            running.advance(Duration::from_millis(1));
        }
        due = running.setup.now();
    }
}

#[tokio::test]
async fn a_failing_delivery_is_retried_by_the_schedule_of_sns_then_a_dead_letter_and_comes_back_by_redrive() {
    let setup = with_subscriptions(&[("mailer", None)]);
    let (handlers, [mut mailer]) = take(&setup, ["mailer"]);
    let running = setup.start(handlers).await;
    let order = announce(&running).await;
    fail_until(&running, &mut mailer, MAX_ATTEMPTS).await;
    until("it is a dead letter", async || {
        running.queue(DEAD).await.visible == 1
    })
    .await;
    running.settled().await.unwrap();
    let letter = running.messages(DEAD).await.remove(0);
    assert_eq!(letter.receive_count as usize, MAX_ATTEMPTS);
    assert_eq!(letter.source.as_deref(), Some("to-mailer"));
    assert_eq!(letter.last_error.as_deref(), Some("Down: as the test wants it"));
    assert!(letter.body.contains(&order.to_string()), "{letter:?}");

    assert_eq!(running.redrive_messages(DEAD.into(), None).await.unwrap(), 1);
    let call = mailer.next().await;
    assert_eq!(about(&call), (order, "CANCELLED".to_owned()));
    call.fail("Down");
    // Its attempts count anew.
    mailer.next().await.succeed();
    running.settled().await.unwrap();
    assert_eq!(running.messages(DEAD).await, []);
}

#[tokio::test]
async fn a_delivery_that_kills_the_process_ends_as_a_dead_letter_too() {
    let setup = with_subscriptions(&[("mailer", None)]);
    let (handlers, [mut mailer]) = take(&setup, ["mailer"]);
    let running = setup.start(handlers).await;
    announce(&running).await;
    fail_until(&running, &mut mailer, MAX_ATTEMPTS - 2).await;
    let _kills = mailer.next().await;
    let setup = running.kill().await;
    let (mut handlers, [mut mailer]) = take(&setup, ["mailer"]);
    handlers.insert("order-processing".into(), does());
    let running = setup.start(handlers).await;
    mailer.next().await.fail("Down");
    until("it is a dead letter", async || {
        running.queue(DEAD).await.visible == 1
    })
    .await;
    mailer.none().await;
}
