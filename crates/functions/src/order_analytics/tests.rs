//! From stream records to sums.

use std::sync::Arc;

use expect_test::{Expect, expect};
use ports::analytics::sum_by_hour;
use ports::function::aws_lambda_events::dynamodb::EventRecord;
use ports::stream::TableChange;
use serde_json::json;

use super::OrderAnalytics;
use crate::test_ports::View;

/// An order's image; `more` is `status` and whatever else the change wrote.
fn image(created_at: &str, total: &str, more: &[(&str, &str)]) -> serde_dynamo::Item {
    let mut image = json!({ "createdAt": { "S": created_at }, "totalAmount": { "N": total }, "currency": { "S": "USD" } });
    for (name, value) in more {
        image[*name] = json!({ "S": value });
    }
    serde_json::from_value(image).unwrap()
}

fn record(sequence: u64, name: &str, old: serde_dynamo::Item, new: serde_dynamo::Item) -> EventRecord {
    let mut record = EventRecord::default();
    record.event_name = name.to_owned();
    record.event_source_arn = Some("stream".to_owned());
    record.change.sequence_number = Some(sequence.to_string());
    record.change.old_image = old;
    record.change.new_image = new;
    record
}

const TIME: &str = "2026-01-15T09:30:00.123Z";

fn insert(sequence: u64, created_at: &str, total: &str) -> EventRecord {
    let new = image(created_at, total, &[("status", "PENDING")]);
    record(sequence, "INSERT", serde_dynamo::Item::default(), new)
}

fn modify(sequence: u64, old: &[(&str, &str)], new: &[(&str, &str)]) -> EventRecord {
    record(
        sequence,
        "MODIFY",
        image(TIME, "59.98", old),
        image(TIME, "59.98", new),
    )
}

async fn check(records: Vec<EventRecord>, expected: Expect) {
    let function = OrderAnalytics::new(Arc::new(View::default()));
    let changes = records
        .into_iter()
        .map(|record| Arc::new(record) as Arc<dyn TableChange>);
    let outcome = function.handle(&changes.collect::<Vec<_>>()).await;
    let mut shown = String::new();
    for (shard, records) in function.view.0.lock().unwrap().iter() {
        let last = records.last().map(|record| &record.sequence_number).unwrap();
        shown += &format!("{shard} {last}\n");
        for d in sum_by_hour(records.iter().map(|record| record.delta.clone())) {
            let value = format!("placed {} worth {} {}", d.placed, d.placed_value, d.currency);
            let ended = format!(
                "completed {}, failed {}, cancelled {}",
                d.completed, d.failed, d.cancelled
            );
            let paid = format!(
                "payments {} taken, {} failed",
                d.payments_succeeded, d.payments_failed
            );
            shown += &format!("{}: {value}; {ended}; {paid}\n", d.hour);
        }
    }
    shown += &outcome
        .err()
        .map(|failure| failure.to_string())
        .unwrap_or_default();
    expected.assert_eq(&shown);
}

#[tokio::test]
async fn orders_are_summed_by_the_hour_they_were_placed_in() {
    check(
        vec![
            insert(1, "2026-01-15T09:00:00.000Z", "59.98"),
            insert(2, "2026-01-15T09:59:59.999Z", "0.02"),
            insert(3, "2026-01-15T10:00:00.000Z", "1"),
        ],
        expect![[r#"
            stream 3
            2026-01-15T09:00:00.000Z: placed 2 worth 60.00 USD; completed 0, failed 0, cancelled 0; payments 0 taken, 0 failed
            2026-01-15T10:00:00.000Z: placed 1 worth 1 USD; completed 0, failed 0, cancelled 0; payments 0 taken, 0 failed
        "#]],
    )
    .await;
}

#[tokio::test]
async fn every_way_an_order_can_end() {
    let processing = [("status", "PROCESSING")];
    let all = vec![
        modify(1, &[("status", "PENDING")], &processing),
        modify(2, &processing, &[("status", "COMPLETED"), ("paymentId", "PAY-1")]),
        modify(
            3,
            &processing,
            &[("status", "FAILED"), ("failureReason", "PaymentFailed")],
        ),
        modify(
            4,
            &processing,
            &[("status", "FAILED"), ("failureReason", "OutOfStock")],
        ),
        modify(
            5,
            &processing,
            &[("status", "CANCELLED"), ("failureReason", "too late")],
        ),
        // The completion's answer was lost, so it was compensated; the payment was counted with the completion.
        modify(
            6,
            &[("status", "COMPLETED"), ("paymentId", "PAY-1")],
            &[("status", "FAILED"), ("paymentId", "PAY-1")],
        ),
        modify(
            7,
            &processing,
            &[("status", "PROCESSING"), ("attention", "PaymentUnknown")],
        ),
        record(
            8,
            "REMOVE",
            image(TIME, "59.98", &processing),
            serde_dynamo::Item::default(),
        ),
    ];
    check(all, expect![[r#"
        stream 6
        2026-01-15T09:00:00.000Z: placed 0 worth 0 USD; completed 0, failed 3, cancelled 1; payments 2 taken, 1 failed
    "#]]).await;
}

#[tokio::test]
async fn nothing_at_all_adds_nothing() {
    check(Vec::new(), expect![""]).await;
}

#[tokio::test]
async fn what_is_no_change_of_an_order_adds_nothing_of_its_batch() {
    let bad = record(
        2,
        "INSERT",
        serde_dynamo::Item::default(),
        serde_dynamo::Item::default(),
    );
    check(
        vec![insert(1, TIME, "1"), bad],
        expect!["InvalidRecord: the image's totalAmount is missing or of another form"],
    )
    .await;
    check(
        vec![insert(1, "yesterday", "1")],
        expect!["InvalidRecord: the image's createdAt is missing or of another form"],
    )
    .await;
    check(
        vec![insert(1, TIME, "-1")],
        expect!["InvalidRecord: the image's totalAmount is missing or of another form"],
    )
    .await;
    check(
        vec![modify(1, &[("status", "DONE")], &[("status", "FAILED")])],
        expect!["InvalidRecord: the image's status is missing or of another form"],
    )
    .await;
    let mut numberless = insert(1, TIME, "1");
    numberless.change.sequence_number = None;
    check(
        vec![numberless],
        expect!["InvalidRecord: the sequence number None is no number"],
    )
    .await;
}
