//! The change stream: every change of an order, in order, for whoever follows or reads it.

use std::time::Duration;

use domain::OrderId;
use embedded::{Settings, StreamSourceSettings};
use ports::feed::{ChangeFeed, ChangeRecord, LiveFeed};
use ports::function::Invocation;
use ports::function::aws_lambda_events::dynamodb::EventRecord;
use ports::orders::CancelOrder;
use ports::processing::{BeginOrder, BeginProcessing};

use crate::support::{Call, Calls, Running, Setup, handlers, until};

const FOLLOWER: &str = "order-analytics";
const DEAD: &str = "OrderAnalyticsDLQ";

fn source(settings: &mut Settings) -> &mut StreamSourceSettings {
    let sources = settings.functions.iter_mut();
    sources
        .filter_map(|function| function.stream_source.as_mut())
        .next()
        .unwrap()
}

/// Executions that end at once, and nobody subscribed.
fn setup() -> Setup {
    Setup::new().with(|settings| {
        settings.machine.definition = r#"{"StartAt":"End","States":{"End":{"Type":"Succeed"}}}"#.into();
        settings
            .topics
            .iter_mut()
            .for_each(|topic| topic.subscriptions.clear());
    })
}

/// Starts an engine whose changes the test takes.
async fn start(setup: Setup) -> (Running, Calls) {
    let (function, calls) = Calls::of_function(&setup.time);
    (setup.start(handlers([(FOLLOWER, function)])).await, calls)
}

fn records(call: &Call) -> Vec<EventRecord> {
    let Invocation::Stream(changes) = &call.invocation else {
        panic!("not a batch of the stream: {:?}", call.invocation)
    };
    changes.iter().map(|change| change.to_record()).collect()
}

fn numbers(call: &Call) -> Vec<u64> {
    let number = |record: &EventRecord| record.change.sequence_number.as_deref().unwrap().parse().unwrap();
    records(call).iter().map(number).collect()
}

async fn begin(running: &Running, order: OrderId) {
    let begin = BeginOrder {
        order_id: order,
        created_at: order.created_at(),
        trace_id: String::new(),
        trace_header: None,
    };
    running.begin_processing(vec![begin]).await.remove(0).unwrap();
}

/// An order that is placed, begun and cancelled, a second apart.
async fn three_changes(running: &Running) -> OrderId {
    let order = running.place().await;
    running.advance(Duration::from_secs(1));
    begin(running, order).await;
    running.advance(Duration::from_secs(1));
    running
        .cancel_order(order, "changed my mind".into())
        .await
        .unwrap();
    order
}

/// `INSERT  -> PENDING`
fn status_change(record: &ChangeRecord) -> String {
    let status = |image: &Option<serde_json::Value>| {
        let status = image
            .as_ref()
            .map(|image| image["status"].as_str().unwrap().to_owned());
        status.unwrap_or_default()
    };
    format!(
        "{} {} -> {}",
        record.event_name,
        status(&record.old_image),
        status(&record.new_image)
    )
}

#[tokio::test]
async fn every_change_of_an_order_is_there_in_order_with_old_and_new_image() {
    let running = setup().open().await;
    let order = three_changes(&running).await;
    let changes = running.read_changes(0, 100).await.unwrap();
    let told: Vec<String> = changes.iter().map(status_change).collect();
    assert_eq!(
        told,
        [
            "INSERT  -> PENDING",
            "MODIFY PENDING -> PROCESSING",
            "MODIFY PROCESSING -> CANCELLED"
        ]
    );
    assert!(changes.windows(2).all(|pair| {
        pair[0].sequence_number < pair[1].sequence_number
            && pair[0].at < pair[1].at
            && pair[0].new_image == pair[1].old_image
    }));
    let last = changes[2].new_image.as_ref().unwrap();
    assert_eq!(last["orderId"].as_str(), Some(order.to_string().as_str()));
    assert_eq!(last["totalAmount"].to_string(), "59.98");
    assert_eq!(last["failureReason"], "changed my mind");
    assert_eq!(changes[1].new_image.as_ref().unwrap().get("failureReason"), None);
    assert_eq!(
        last["updatedAt"].as_str(),
        Some(running.setup.now().to_string().as_str())
    );
}

#[tokio::test]
async fn a_reader_goes_on_where_it_left_off() {
    let running = setup().open().await;
    three_changes(&running).await;
    let all = running.read_changes(0, 100).await.unwrap();
    let mut read = running.read_changes(0, 2).await.unwrap();
    assert_eq!(read.len(), 2);
    read.extend(running.read_changes(read[1].sequence_number, 2).await.unwrap());
    assert_eq!(read, all);
    running.wait_for_change(all[1].sequence_number).await;
    assert_eq!(running.latest_change(), all[2].sequence_number);
    assert_eq!(
        running.read_changes(running.latest_change(), 2).await.unwrap(),
        []
    );
}

#[tokio::test]
async fn whoever_waits_for_a_change_is_told_of_it_and_not_before() {
    let running = setup().open().await;
    running.place().await;
    // There is one already.
    running.wait_for_change(0).await;
    let latest = running.latest_change();
    let engine = running.engine.clone();
    let waiter = tokio::spawn(async move { engine.wait_for_change(latest).await });
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
    assert!(!waiter.is_finished());
    running.place().await;
    waiter.await.unwrap();
    assert_eq!(running.latest_change(), latest + 1);
}

#[tokio::test]
async fn a_follower_gets_every_change_in_the_shape_of_dynamodb_streams() {
    let (running, mut calls) = start(setup()).await;
    let order = three_changes(&running).await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let call = calls.next().await;
        for record in records(&call) {
            let key: String =
                serde_dynamo::from_attribute_value(record.change.keys["orderId"].clone()).unwrap();
            assert_eq!(key, order.to_string());
            let image: serde_json::Map<String, serde_json::Value> =
                serde_dynamo::from_item(record.change.new_image.clone()).unwrap();
            let status = image["status"].as_str().unwrap().to_owned();
            seen.push((record.event_name.clone(), status));
        }
        call.succeed();
    }
    let expected = [
        ("INSERT", "PENDING"),
        ("MODIFY", "PROCESSING"),
        ("MODIFY", "CANCELLED"),
    ];
    assert_eq!(
        seen,
        expected.map(|(name, status)| (name.to_owned(), status.to_owned()))
    );
    running.settled().await.unwrap();
}

#[tokio::test]
async fn a_followers_batches_are_as_large_as_the_settings_say() {
    let setup = setup().with(|settings| source(settings).batch_size = 4);
    let (function, mut calls) = Calls::of_function(&setup.time);
    let running = setup.open().await;
    running.place_many(6).await;
    running
        .engine
        .start(handlers([(FOLLOWER, function)]))
        .await
        .unwrap();
    for expected in [vec![1, 2, 3, 4], vec![5, 6]] {
        let call = calls.next().await;
        assert_eq!(numbers(&call), expected);
        call.succeed();
    }
}

#[tokio::test]
async fn a_followers_place_survives_a_crash_and_what_it_had_in_hand_comes_again() {
    let (running, mut calls) = start(setup()).await;
    running.place().await;
    calls.next().await.succeed();
    running.settled().await.unwrap();
    running.place().await;
    let in_hand = calls.next().await;
    assert_eq!(numbers(&in_hand), [2]);

    let (running, mut calls) = start(running.kill().await).await;
    running.place().await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let call = calls.next().await;
        seen.extend(numbers(&call));
        call.succeed();
    }
    assert_eq!(seen, [2, 3]);
    running.settled().await.unwrap();
}

#[tokio::test]
async fn sequence_numbers_rise_over_a_restart() {
    let running = setup().open().await;
    running.place().await;
    running.wait_for_change(0).await;
    let latest = running.latest_change();
    let running = running.kill().await.open().await;
    assert_eq!(running.latest_change(), latest);
    running.place().await;
    running.wait_for_change(latest).await;
    assert_eq!(running.latest_change(), latest + 1);
}

#[tokio::test]
async fn a_failing_follower_is_retried_with_the_same_batch_then_its_batch_is_put_aside_and_it_goes_on() {
    const RETRIES: u32 = 3;
    let setup = setup().with(|settings| {
        source(settings).maximum_retry_attempts = Some(RETRIES);
        source(settings).bisect_on_error = false;
        source(settings).batch_size = 2;
    });
    let (function, mut calls) = Calls::of_function(&setup.time);
    let running = setup.open().await;
    running.place_many(3).await;
    running
        .engine
        .start(handlers([(FOLLOWER, function)]))
        .await
        .unwrap();
    let mut last = None;
    for attempt in 0..=RETRIES {
        let call = calls.next().await;
        assert_eq!(numbers(&call), [1, 2]);
        assert!(
            last.is_none_or(|last| last < call.at),
            "it waits between two attempts"
        );
        last = Some(call.at);
        call.fail("Down");
        if attempt < RETRIES {
            calls.none().await;
            running.advance(Duration::from_secs(20));
        }
    }
    let call = calls.next().await;
    assert_eq!(numbers(&call), [3], "it goes on with what follows");
    let [letter] = &running.messages(DEAD).await[..] else {
        panic!("the batch that was given up is noted")
    };
    assert_eq!(letter.source.as_deref(), Some(FOLLOWER));
    assert_eq!(letter.last_error.as_deref(), Some("Down: as the test wants it"));
    let body: serde_json::Value = serde_json::from_str(&letter.body).unwrap();
    let info = &body["DDBStreamBatchInfo"];
    assert_eq!(
        (&info["startSequenceNumber"], &info["endSequenceNumber"]),
        (&"1".into(), &"2".into())
    );
    call.succeed();
    running.settled().await.unwrap();
}

#[tokio::test]
async fn a_failing_batch_is_cut_in_two_until_the_bad_change_is_alone() {
    let setup = setup().with(|settings| {
        source(settings).maximum_retry_attempts = Some(0);
        source(settings).bisect_on_error = true;
        source(settings).batch_size = 4;
    });
    let (function, mut calls) = Calls::of_function(&setup.time);
    let running = setup.open().await;
    running.place_many(4).await;
    running
        .engine
        .start(handlers([(FOLLOWER, function)]))
        .await
        .unwrap();
    // The third change is the bad one.
    for (batch, bad) in [
        (&[1, 2, 3, 4][..], true),
        (&[1, 2], false),
        (&[3, 4], true),
        (&[3], true),
        (&[4], false),
    ] {
        let call = calls.next().await;
        assert_eq!(numbers(&call), batch);
        if bad {
            call.fail("Bad");
        } else {
            call.succeed();
        }
    }
    running.settled().await.unwrap();
    let [letter] = &running.messages(DEAD).await[..] else {
        panic!("only the bad change is given up")
    };
    let body: serde_json::Value = serde_json::from_str(&letter.body).unwrap();
    assert_eq!(body["DDBStreamBatchInfo"]["batchSize"], 1);
    assert_eq!(body["DDBStreamBatchInfo"]["startSequenceNumber"], "3");
}

#[tokio::test]
async fn nothing_is_settled_before_every_follower_has_had_every_change() {
    let (running, mut calls) = start(setup()).await;
    running.place().await;
    let call = calls.next().await;
    until("the message is handled", async || {
        running.messages("OrderProcessingQueue").await.is_empty()
    })
    .await;
    let engine = running.engine.clone();
    let settled = tokio::spawn(async move { engine.settled().await });
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    assert!(!settled.is_finished());
    call.succeed();
    settled.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_function_that_follows_no_more_holds_nothing_up() {
    let (running, mut calls) = start(setup()).await;
    running.place().await;
    calls.next().await.succeed();
    running.settled().await.unwrap();
    let no_followers = |settings: &mut Settings| {
        settings
            .functions
            .iter_mut()
            .for_each(|function| function.stream_source = None);
    };
    let running = running.close().await.with(no_followers).start(handlers([])).await;
    running.place().await;
    running.settled().await.unwrap();
}
