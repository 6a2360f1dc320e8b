//! Both modes, and every way in which a payment can go.

use std::sync::Arc;

use domain::OrderStatus;
use expect_test::{Expect, expect};
use ports::StoreError;
use ports::function::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use ports::function::{Handler, Invocation, Reply};
use ports::payment::{Charge, ChargeOutcome, PaymentError};
use serde_json::{Value, json};

use super::OrderProcessing;
use crate::test_ports::{Counts, Gateway, Stock, Store, context, id, order};

type Function = OrderProcessing<Store, Gateway, Counts>;

fn function(store: Store) -> Arc<Function> {
    Arc::new(OrderProcessing::new(
        Arc::new(store),
        Arc::default(),
        Arc::default(),
    ))
}

fn processing() -> Arc<Function> {
    function(Store::new().with_order(order(1, OrderStatus::Processing)))
}

/// The answer of a task, or `error_type: message`.
async fn run(function: &Function, input: &Value) -> String {
    match function.run_task(input).await {
        Ok(answer) => answer.to_string(),
        Err(failure) => failure.to_string(),
    }
}

fn task(action: &str) -> Value {
    json!({
        "action": action,
        "orderId": id(1).to_string(),
        "createdAt": id(1).created_at().to_string(),
        "customerId": "CUST-001",
        "amount": "0.01",
        "currency": "EUR",
        "paymentId": "PAY-1",
        "idempotencyKey": "execution:step",
    })
}

fn charge(outcome: ChargeOutcome) -> Charge {
    Charge {
        payment_id: "PAY-1".to_owned(),
        outcome,
    }
}

fn message(message_id: &str, body: &str) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(message_id.to_owned());
    message.body = Some(body.to_owned());
    message
}

fn body(n: u16) -> String {
    json!({ "orderId": id(n), "createdAt": id(n).created_at(), "traceId": "t" }).to_string()
}

/// The ids of the messages that failed.
async fn begin(function: &Arc<Function>, messages: Vec<SqsMessage>) -> Vec<String> {
    let mut batch = SqsEvent::default();
    batch.records = messages;
    match Arc::clone(function).call(Invocation::Sqs(batch), context()).await {
        Ok(Reply::Batch(reply)) => reply
            .response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_fails_goes_back_alone() {
    let store = Store::new()
        .with_order(order(1, OrderStatus::Pending))
        .with_order(order(2, OrderStatus::Processing))
        .with_order(order(3, OrderStatus::Cancelled))
        .with_order(order(4, OrderStatus::Pending));
    let function = function(store);
    let wrong_time = json!({ "orderId": id(4), "createdAt": "2020-01-01T00:00:00.000Z" }).to_string();
    let failed = begin(
        &function,
        vec![
            message("good", &body(1)),
            message("no JSON", "{"),
            message("repeat", &body(2)),
            message(
                "no order id",
                r#"{"orderId":"x","createdAt":"2020-01-01T00:00:00.000Z"}"#,
            ),
            message("ended", &body(3)),
            message("unknown", &body(9)),
            message("wrong time", &wrong_time),
            message("no body", ""),
        ],
    )
    .await;
    assert_eq!(
        failed,
        ["no JSON", "no order id", "no body", "unknown", "wrong time"]
    );
    let status = |n| function.store.orders.lock().unwrap()[&id(n)].state.status;
    assert_eq!(
        [1, 2, 3, 4].map(status),
        [
            OrderStatus::Processing,
            OrderStatus::Processing,
            OrderStatus::Cancelled,
            OrderStatus::Pending,
        ]
    );
    let counts = function.metrics.take();
    let count = |status: &str| counts.iter().filter(|c| c.contains(status)).count();
    assert_eq!(
        ["Started", "Repeated", "Ended", "Failed"].map(count),
        [1, 1, 1, 5]
    );
}

#[tokio::test]
async fn a_store_that_fails_for_one_order_fails_that_message() {
    let store = Store::new()
        .with_order(order(1, OrderStatus::Pending))
        .with_order(order(2, OrderStatus::Pending));
    let function = function(store);
    function.store.fail_next(StoreError::Busy);
    assert_eq!(
        begin(&function, vec![message("a", &body(1)), message("b", &body(2))]).await,
        ["a"]
    );
    assert_eq!(
        begin(&function, vec![message("a", &body(1)), message("b", &body(2))]).await,
        [""; 0]
    );
}

#[tokio::test]
async fn an_input_that_is_wrong_says_so() {
    let function = processing();
    let check = async |input: Value, expected: Expect| expected.assert_eq(&run(&function, &input).await);
    check(
        json!({}),
        expect!["UnknownAction: the input needs an action: processPayment, updateInventory or refundPayment"],
    )
    .await;
    check(json!({ "action": "doMagic" }), expect!["UnknownAction: unknown action doMagic; known are processPayment, updateInventory and refundPayment"]).await;
    check(
        json!({ "action": "processPayment" }),
        expect!["InvalidInput: the input of the task is wrong: missing field `orderId`"],
    )
    .await;
    check(
        json!({ "action": "updateInventory", "orderId": "x" }),
        expect!["InvalidInput: the input of the task is wrong: UUID parsing failed: invalid character: found `x` at 0"],
    )
    .await;
    check(
        json!({ "action": "refundPayment", "orderId": id(1) }),
        expect!["InvalidInput: the input of the task is wrong: missing field `paymentId`"],
    )
    .await;
    check(
        json!({ "action": "processPayment", "orderId": id(9) }),
        expect!["OrderNotFound: there is no order 019bc0fd-8a3b-7001-8800-000000000000 of that time"],
    )
    .await;
    assert!(function.gateway.calls.lock().unwrap().is_empty());
}

/// One attempt at a payment: what the gateway says to the charge, what it finds, what comes of it.
struct Attempt {
    charge: Result<Charge, PaymentError>,
    found: Option<Result<Option<Charge>, PaymentError>>,
    answer: &'static str,
    count: &'static str,
}

fn attempts() -> Vec<Attempt> {
    use ChargeOutcome::{Charged, Declined, Refunded};
    const PAID: &str = r#"{"status":"success","paymentId":"PAY-1","amount":59.98,"currency":"USD"}"#;
    const DECLINED: &str = r#"{"status":"failed","error":"Payment declined","reason":"no funds"}"#;
    const UNAVAILABLE: &str =
        "PaymentUnavailable: the payment gateway failed: down; it holds no charge for this order";
    const TIMED_OUT: &str =
        "PaymentUnavailable: the payment gateway did not answer in time; it holds no charge for this order";
    const UNKNOWN: &str = "PaymentUnknown: whether the payment was taken can't be told: the payment gateway did not answer in time";
    let no_funds = || charge(Declined("no funds".to_owned()));
    let down = || PaymentError::Unavailable("down".to_owned());
    let attempt = |charge, found, answer, count| Attempt {
        charge,
        found,
        answer,
        count,
    };
    vec![
        attempt(Ok(charge(Charged)), None, PAID, "Success"),
        attempt(Ok(no_funds()), None, DECLINED, "Declined"),
        attempt(
            Ok(charge(Refunded)),
            None,
            r#"{"status":"failed","error":"Payment was given back"}"#,
            "Declined",
        ),
        // A time-out is no decline: the gateway is asked what became of the charge.
        attempt(
            Err(PaymentError::Unknown),
            Some(Ok(Some(charge(Charged)))),
            PAID,
            "Success",
        ),
        attempt(
            Err(PaymentError::Unknown),
            Some(Ok(Some(no_funds()))),
            DECLINED,
            "Declined",
        ),
        attempt(
            Err(PaymentError::Unknown),
            Some(Ok(None)),
            TIMED_OUT,
            "Unavailable",
        ),
        attempt(
            Err(PaymentError::Unknown),
            Some(Err(PaymentError::Unknown)),
            UNKNOWN,
            "Unknown",
        ),
        // This call moved no money, but an earlier one with the key may have.
        attempt(Err(down()), Some(Ok(Some(charge(Charged)))), PAID, "Success"),
        attempt(Err(down()), Some(Ok(None)), UNAVAILABLE, "Unavailable"),
        attempt(Err(down()), Some(Err(PaymentError::Unknown)), UNKNOWN, "Unknown"),
        attempt(
            Err(PaymentError::Refused("no funds".to_owned())),
            Some(Ok(None)),
            DECLINED,
            "Declined",
        ),
    ]
}

#[tokio::test]
async fn every_way_a_payment_can_go() {
    for (n, attempt) in attempts().into_iter().enumerate() {
        let function = processing();
        let asked = attempt.found.is_some();
        function.gateway.charges.lock().unwrap().push_back(attempt.charge);
        function.gateway.found.lock().unwrap().extend(attempt.found);
        assert_eq!(
            run(&function, &task("processPayment")).await,
            attempt.answer,
            "attempt {n}"
        );
        // What is charged is the stored order's total, whatever the payload says, under the workflow's key.
        let mut calls = vec!["charge execution:step 59.98 USD"];
        calls.extend(asked.then_some("find execution:step"));
        assert_eq!(*function.gateway.calls.lock().unwrap(), calls, "attempt {n}");
        assert_eq!(
            function.metrics.take(),
            [format!("Payments{{Status={}}} +1", attempt.count)],
            "attempt {n}"
        );
    }
}

#[tokio::test]
async fn an_order_that_is_not_processing_is_not_charged() {
    for (status, found, answer) in [
        (
            OrderStatus::Cancelled,
            Ok(None),
            r#"{"status":"failed","error":"Order cancelled"}"#,
        ),
        (
            OrderStatus::Failed,
            Ok(None),
            r#"{"status":"failed","error":"Order is FAILED"}"#,
        ),
        (
            OrderStatus::Cancelled,
            Ok(Some(charge(ChargeOutcome::Refunded))),
            r#"{"status":"failed","error":"Order cancelled"}"#,
        ),
        // It was charged before it was cancelled: the next step gives the money back.
        (
            OrderStatus::Cancelled,
            Ok(Some(charge(ChargeOutcome::Charged))),
            r#"{"status":"success","paymentId":"PAY-1","amount":59.98,"currency":"USD"}"#,
        ),
        (
            OrderStatus::Cancelled,
            Err(PaymentError::Unavailable("down".to_owned())),
            "PaymentUnknown: whether the payment was taken can't be told: the payment gateway failed: down",
        ),
    ] {
        let function = function(Store::new().with_order(order(1, status)));
        function.gateway.found.lock().unwrap().push_back(found);
        assert_eq!(run(&function, &task("processPayment")).await, answer, "{status}");
        assert_eq!(*function.gateway.calls.lock().unwrap(), ["find execution:step"]);
    }
}

#[tokio::test]
async fn a_payment_without_a_key_gets_one_of_its_order() {
    let function = processing();
    function
        .gateway
        .charges
        .lock()
        .unwrap()
        .push_back(Ok(charge(ChargeOutcome::Charged)));
    let input = json!({ "action": "processPayment", "orderId": id(1) });
    run(&function, &input).await;
    assert_eq!(
        *function.gateway.calls.lock().unwrap(),
        [format!("charge {}:pay 59.98 USD", id(1))]
    );
}

#[tokio::test]
async fn stock_is_taken_once() {
    let function = processing();
    for _ in 0..2 {
        let answer = run(&function, &task("updateInventory")).await;
        assert_eq!(answer, r#"{"status":"success","units":2}"#);
    }
    assert_eq!(stock_left(&function), 8);
}

fn stock_left(function: &Function) -> u32 {
    function
        .store
        .products
        .lock()
        .unwrap()
        .values()
        .map(|product| product.stock)
        .sum()
}

#[tokio::test]
async fn stock_that_is_not_there_is_not_taken() {
    let function = processing();
    function.store.put("PROD-001", "29.99", 1);
    let answer = run(&function, &task("updateInventory")).await;
    assert_eq!(answer, "OutOfStock: PROD-001: 2 ordered, 1 in stock");
    assert_eq!(stock_left(&function), 1);

    function.store.products.lock().unwrap().clear();
    let answer = run(&function, &task("updateInventory")).await;
    assert_eq!(answer, "OutOfStock: there is no product PROD-001");

    function
        .store
        .stock
        .lock()
        .unwrap()
        .insert(id(1), Stock::Released);
    assert!(
        run(&function, &task("updateInventory"))
            .await
            .starts_with("StockReleased: ")
    );
}

#[tokio::test]
async fn a_store_that_is_busy_with_stock_has_an_error_of_its_own() {
    let function = processing();
    for action in ["updateInventory", "refundPayment"] {
        for (failure, answer) in [
            (StoreError::Busy, "StockBusy: the store is busy"),
            (
                StoreError::Full("of orders".to_owned()),
                "StoreFailed: the store has no room left: of orders",
            ),
        ] {
            function.gateway.refunds.lock().unwrap().push_back(Ok(()));
            function.store.fail_next(failure);
            assert_eq!(run(&function, &task(action)).await, answer, "{action}");
        }
    }
}

#[tokio::test]
async fn a_refund_gives_back_money_and_stock_and_may_be_repeated() {
    let function = processing();
    run(&function, &task("updateInventory")).await;
    function.gateway.refunds.lock().unwrap().extend([Ok(()), Ok(())]);
    let first = run(&function, &task("refundPayment")).await;
    assert_eq!(
        first,
        r#"{"status":"refunded","paymentId":"PAY-1","stock":"released"}"#
    );
    let again = run(&function, &task("refundPayment")).await;
    assert_eq!(
        again,
        r#"{"status":"refunded","paymentId":"PAY-1","stock":"released before"}"#
    );
    assert_eq!(stock_left(&function), 10);
    assert_eq!(
        *function.gateway.calls.lock().unwrap(),
        ["refund execution:step PAY-1"; 2]
    );
}

#[tokio::test]
async fn a_refund_that_fails_still_frees_the_stock_and_the_other_way_round() {
    for (failure, answer) in [
        (
            PaymentError::Unavailable("down".to_owned()),
            "RefundUnavailable: the payment gateway failed: down",
        ),
        (
            PaymentError::Unknown,
            "RefundUnavailable: the payment gateway did not answer in time",
        ),
        (
            PaymentError::Refused("no".to_owned()),
            "RefundRefused: the payment gateway refused: no",
        ),
    ] {
        let function = processing();
        run(&function, &task("updateInventory")).await;
        function.gateway.refunds.lock().unwrap().push_back(Err(failure));
        assert_eq!(run(&function, &task("refundPayment")).await, answer);
        assert_eq!(stock_left(&function), 10);
    }
    let function = processing();
    function.gateway.refunds.lock().unwrap().push_back(Ok(()));
    function.store.fail_next(StoreError::Busy);
    assert_eq!(
        run(&function, &task("refundPayment")).await,
        "StockBusy: the store is busy"
    );
    assert_eq!(function.gateway.calls.lock().unwrap().len(), 1);
}
