//! The workflow that this crate was written for.

use asl::Definition;
use asl::replay::{Answer, Played, play, start_at};
use serde_json::{Value, json};

use crate::support::{at, error, ok};

const WORKFLOW: &str = include_str!("../../../../workflows/order.asl.json");

fn order(script: Vec<Answer>) -> Played {
    let definition = Definition::parse(WORKFLOW).unwrap();
    let input = json!({"orderId": "o-1", "createdAt": "2026-11-22T00:00:00.000Z"});
    play(&definition, start_at(input, at(0)), script).unwrap()
}

fn found() -> Answer {
    ok(
        "ValidateOrder",
        json!({"Item": {
        "status": {"S": "PROCESSING"}, "customerId": {"S": "CUST-001"},
        "totalAmount": {"N": "59.98"}, "currency": {"S": "EUR"}}}),
    )
}

fn paid() -> Answer {
    ok(
        "ProcessPayment",
        json!({"Payload": {"status": "success", "paymentId": "PAY-1"}}),
    )
}

/// The states that were entered, in order.
fn path(played: &Played) -> Vec<String> {
    let name = |event: &asl::HistoryEvent| match &event.kind {
        asl::HistoryEventKind::StateEntered { name, .. } => Some(name.to_string()),
        _ => None,
    };
    played.history.iter().filter_map(name).collect()
}

fn status(played: &Played) -> &'static str {
    played.snapshot.outcome().map_or("RUNNING", asl::Outcome::status)
}

#[test]
fn an_order_is_completed() {
    let script = ["UpdateInventory", "UpdateOrderStatus", "SendSuccessNotification"]
        .map(|state| ok(state, json!({"Payload": {}})));
    let played = order([found(), paid()].into_iter().chain(script).collect());
    assert_eq!(status(&played), "SUCCEEDED");
    assert_eq!(
        path(&played),
        [
            "ValidateOrder",
            "CheckOrder",
            "ProcessPayment",
            "CheckPaymentStatus",
            "UpdateInventory",
            "UpdateOrderStatus",
            "SendSuccessNotification"
        ]
    );
}

#[test]
fn a_declined_payment_is_told_and_the_order_marked() {
    let declined = ok(
        "ProcessPayment",
        json!({"Payload": {"status": "failed", "error": "Payment declined"}}),
    );
    let played = order(vec![
        found(),
        declined,
        ok("PaymentFailed", json!({})),
        ok("MarkOrderFailed", json!({})),
    ]);
    assert_eq!(status(&played), "SUCCEEDED");
    assert_eq!(
        path(&played)[2..],
        [
            "ProcessPayment",
            "CheckPaymentStatus",
            "PaymentFailed",
            "MarkOrderFailed"
        ]
    );
}

#[test]
fn an_order_that_is_out_of_stock_is_paid_back() {
    let script = ["CompensatePayment", "SendRefundNotification", "MarkOrderFailed"]
        .map(|state| ok(state, json!({"Payload": {}})));
    let out_of_stock = error("UpdateInventory", "OutOfStock");
    let played = order(
        [found(), paid(), out_of_stock]
            .into_iter()
            .chain(script)
            .collect(),
    );
    assert_eq!(status(&played), "SUCCEEDED");
    assert_eq!(
        path(&played)[4..],
        [
            "UpdateInventory",
            "CompensatePayment",
            "SendRefundNotification",
            "MarkOrderFailed"
        ]
    );
}

/// The order, at whose product so many attempts in a row met others.
fn crowded(attempts: usize) -> Played {
    let busy = std::iter::repeat_with(|| error("UpdateInventory", "StockBusy")).take(attempts);
    let states = if attempts > 10 {
        ["CompensatePayment", "SendRefundNotification", "MarkOrderFailed"].as_slice()
    } else {
        &["UpdateInventory", "UpdateOrderStatus", "SendSuccessNotification"]
    };
    let rest = states.iter().map(|state| ok(state, json!({"Payload": {}})));
    order([found(), paid()].into_iter().chain(busy).chain(rest).collect())
}

#[test]
fn an_order_waits_for_a_product_that_many_want_and_is_not_given_up_for_it() {
    let played = crowded(10);
    assert_eq!(status(&played), "SUCCEEDED");
    assert_eq!(path(&played).last().unwrap(), "SendSuccessNotification");
    // Within what an EXPRESS execution has, 300 s, with ten seconds for each attempt.
    let last = played.history.last().unwrap().timestamp;
    assert!(last <= at(1 + 2 + 4 + 8 + 16 + 5 * 30), "{last:?}");

    let played = crowded(11);
    assert_eq!(path(&played)[5], "CompensatePayment");
}

#[test]
fn a_payment_that_stays_unknown_is_retried_and_then_left_to_a_person() {
    let timeouts = std::iter::repeat_with(|| error("ProcessPayment", "States.Timeout")).take(4);
    let marks = ["MarkNeedsAttention", "AlertOperations"].map(|state| ok(state, json!({})));
    let played = order([found()].into_iter().chain(timeouts).chain(marks).collect());
    assert_eq!(status(&played), "FAILED");
    // Four attempts: at once, and 2, 4 and 8 seconds after the one before.
    let last = played.history.last().unwrap().timestamp;
    assert_eq!(last, at(2 + 4 + 8));
    assert_eq!(
        path(&played)[2..],
        [
            "ProcessPayment",
            "MarkNeedsAttention",
            "AlertOperations",
            "NeedsAttention"
        ]
    );
}

#[test]
fn an_order_that_is_not_there_fails_without_a_charge() {
    let played = order(vec![ok("ValidateOrder", json!({}))]);
    assert_eq!(crate::support::outcome(&played)[0], Value::from("OrderNotFound"));
}
