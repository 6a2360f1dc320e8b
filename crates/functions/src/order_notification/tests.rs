//! From a topic's message to what a customer reads.

use std::sync::Arc;

use domain::OrderStatus;
use expect_test::{Expect, expect};
use ports::StoreError;
use ports::function::aws_lambda_events::sns::{SnsEvent, SnsRecord};
use serde_json::json;

use super::OrderNotification;
use crate::test_ports::{Counts, Outbox, Store, context, id, order};

type Function = OrderNotification<Store, Outbox, Counts>;

fn function() -> Function {
    let store = Store::new().with_order(order(1, OrderStatus::Processing));
    OrderNotification::new(Arc::new(store), Arc::default(), Arc::default())
}

fn event(message: &str) -> SnsEvent {
    let mut record = SnsRecord::default();
    record.sns.message = message.to_owned();
    let mut event = SnsEvent::default();
    event.records = vec![record];
    event
}

/// What is sent for the message, or why nothing is.
async fn check(message: serde_json::Value, expected: Expect) {
    let function = function();
    let outcome = function.handle(&event(&message.to_string()), &context()).await;
    let sent = function.sender.sent.lock().unwrap();
    let mut shown: Vec<String> = sent
        .iter()
        .map(|m| {
            format!(
                "{} to {} [{}]\n{}\n{}\n",
                m.key, m.recipient, m.trace_id, m.subject, m.body
            )
        })
        .collect();
    shown.extend(outcome.err().map(|failure| failure.to_string()));
    expected.assert_eq(&shown.concat());
}

#[tokio::test]
async fn the_engines_message_names_its_recipients() {
    check(
        json!({
            "orderId": id(1), "status": "PROCESSING", "customerId": "CUST-001", "customerEmail": "ada@example.com",
            "customerPhone": "+14155550123", "totalAmount": 59.98, "currency": "USD", "traceId": "t",
        }),
        expect![[r#"
            019bc0fd-8a3b-7000-8800-000000000000:PROCESSING:email to ada@example.com [t]
            Order 019bc0fd... - PROCESSING
            Your order is being processed!

            Order: 019bc0fd-8a3b-7000-8800-000000000000
            Total: 59.98 USD

            019bc0fd-8a3b-7000-8800-000000000000:PROCESSING:sms to +14155550123 [t]

            Order 019bc0fd...: Your order is being processed!
        "#]],
    )
    .await;
}

#[tokio::test]
async fn the_workflows_message_is_sent_to_whom_the_order_names() {
    check(
        json!({
            "orderId": id(1), "createdAt": id(1).created_at(), "status": "FAILED", "totalAmount": "59.98", "currency": "USD",
            "reason": "Payment declined", "message": "Your payment did not go through. You have not been charged.",
        }),
        expect![[r#"
            019bc0fd-8a3b-7000-8800-000000000000:FAILED:email to ada@example.com [4bf92f3577b34da6a3ce929d0e0e4736]
            Order 019bc0fd... - FAILED
            Your payment did not go through. You have not been charged.

            Order: 019bc0fd-8a3b-7000-8800-000000000000
            Total: 59.98 USD
            Reason: Payment declined

            019bc0fd-8a3b-7000-8800-000000000000:FAILED:sms to +14155550123 [4bf92f3577b34da6a3ce929d0e0e4736]

            Order 019bc0fd...: Your payment did not go through. You have not been charged.
        "#]],
    )
    .await;
}

#[tokio::test]
async fn every_status_has_its_words() {
    let mut words = String::new();
    for status in ["PROCESSING", "COMPLETED", "FAILED", "CANCELLED", "REFUNDED"] {
        let function = function();
        let message = json!({ "orderId": id(1), "status": status, "customerPhone": "+14155550123" });
        function
            .handle(&event(&message.to_string()), &context())
            .await
            .unwrap();
        let sent = function.sender.sent.lock().unwrap();
        assert_eq!(sent.len(), 1);
        words += &format!("{}\n", sent[0].body);
    }
    expect![[r#"
        Order 019bc0fd...: Your order is being processed!
        Order 019bc0fd...: Your order is complete.
        Order 019bc0fd...: Your order could not be completed. You have not been charged.
        Order 019bc0fd...: Your order is cancelled. If it was paid, your payment is given back.
        Order 019bc0fd...: Your order will not be delivered. Your payment has been given back.
    "#]]
    .assert_eq(&words);
}

#[tokio::test]
async fn an_order_with_nobody_to_tell_tells_nobody() {
    let mut silent = order(2, OrderStatus::Completed);
    let placed = Arc::make_mut(&mut silent.placed);
    placed.customer_email = None;
    placed.customer_phone = None;
    let store = Store::new().with_order(silent);
    let function: Function = OrderNotification::new(Arc::new(store), Arc::default(), Arc::default());
    let message = json!({ "orderId": id(2), "status": "COMPLETED" });
    function
        .handle(&event(&message.to_string()), &context())
        .await
        .unwrap();
    assert!(function.sender.sent.lock().unwrap().is_empty());
    assert_eq!(function.metrics.take(), [""; 0]);
}

#[tokio::test]
async fn a_delivery_that_comes_twice_sends_nothing_twice() {
    let function = function();
    let message = json!({ "orderId": id(1), "status": "COMPLETED" }).to_string();
    function
        .sender
        .failures
        .lock()
        .unwrap()
        .push_back(StoreError::Busy);
    let failure = function.handle(&event(&message), &context()).await.unwrap_err();
    assert_eq!(failure.to_string(), "SendFailed: the store is busy");
    assert_eq!(function.metrics.take(), [""; 0]);
    for _ in 0..2 {
        function.handle(&event(&message), &context()).await.unwrap();
    }
    assert_eq!(function.sender.sent.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_says_nothing_we_know_fails_and_is_not_lost() {
    check(json!({ "orderId": id(1), "status": "EXPLODED" }), expect!["InvalidMessage: the topic's message is no notification: unknown variant `EXPLODED`, expected one of `PROCESSING`, `COMPLETED`, `FAILED`, `CANCELLED`, `REFUNDED` at line 1 column 69"]).await;
    check(json!({ "status": "FAILED" }), expect!["InvalidMessage: the topic's message is no notification: missing field `orderId` at line 1 column 19"]).await;
    check(
        json!({ "orderId": id(9), "status": "FAILED" }),
        expect!["OrderNotFound: there is no order 019bc0fd-8a3b-7001-8800-000000000000"],
    )
    .await;
}

#[tokio::test]
async fn a_cancelled_customer_is_not_told_of_a_failed_payment_too() {
    for (status, sent) in [("FAILED", 0), ("REFUNDED", 2), ("CANCELLED", 2)] {
        let store = Store::new().with_order(order(1, OrderStatus::Cancelled));
        let function: Function = OrderNotification::new(Arc::new(store), Arc::default(), Arc::default());
        let message = json!({ "orderId": id(1), "status": status }).to_string();
        function.handle(&event(&message), &context()).await.unwrap();
        assert_eq!(function.sender.sent.lock().unwrap().len(), sent, "{status}");
    }
}
