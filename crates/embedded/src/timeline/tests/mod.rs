//! What a timeline tells of orders that go well, that go wrong, and that wait.

pub(crate) mod shop;

use domain::OrderId;
use expect_test::expect;
use ports::orders::{CancelOrder, OrderQueries};
use serde_json::Value;
use shop::{Shop, Trouble, told};

/// The order's timeline at its end, without the e-mails: they are sent beside the workflow, sooner or later.
async fn timeline_of(stock: u32, trouble: Trouble) -> String {
    let shop = Shop::open(stock, trouble).await;
    let id = shop.place().await;
    let mut timeline = shop.timeline_with(id, "execution", "ExecutionSucceeded", 1).await;
    timeline.retain(|fact| fact.event != "Sent");
    told(&timeline)
}

#[tokio::test]
async fn an_order_that_completes() {
    expect![[r#"
        0    order        PENDING                CUST-001 ordered 2 × MUG for 60.00 USD.
        0    queue        MessageSent            The order's message was put on OrderProcessingQueue.
        0    queue        MessageReceived        Order processing received the message from OrderProcessingQueue.
        0    order        PROCESSING             The order is being processed.
        0    notification Published              The news PROCESSING was published on OrderNotificationTopic.
        0    execution    ExecutionStarted       The workflow started.
        0    execution    TaskStateEntered       Entered ValidateOrder.
        0    execution    TaskScheduled          ValidateOrder called dynamodb:getItem.
        0    execution    TaskSucceeded          ValidateOrder got its answer.
        0    execution    TaskStateExited        Left ValidateOrder.
        0    execution    ChoiceStateEntered     Entered CheckOrder.
        0    execution    ChoiceStateExited      Left CheckOrder.
        0    execution    TaskStateEntered       Entered ProcessPayment.
        0    execution    TaskScheduled          ProcessPayment called lambda:invoke.
        10   payment      CHARGED                60.00 USD were charged (PAY-482913).
        10   execution    TaskSucceeded          ProcessPayment got its answer.
        10   execution    TaskStateExited        Left ProcessPayment.
        10   execution    ChoiceStateEntered     Entered CheckPaymentStatus.
        10   execution    ChoiceStateExited      Left CheckPaymentStatus.
        10   execution    TaskStateEntered       Entered UpdateInventory.
        10   execution    TaskScheduled          UpdateInventory called lambda:invoke.
        20   stock        TAKEN                  2 × MUG were taken from stock.
        20   execution    TaskSucceeded          UpdateInventory got its answer.
        20   execution    TaskStateExited        Left UpdateInventory.
        20   execution    TaskStateEntered       Entered UpdateOrderStatus.
        20   execution    TaskScheduled          UpdateOrderStatus called dynamodb:updateItem.
        20   execution    TaskSucceeded          UpdateOrderStatus got its answer.
        20   order        COMPLETED              The order is complete.
        20   execution    TaskStateExited        Left UpdateOrderStatus.
        20   execution    TaskStateEntered       Entered SendSuccessNotification.
        20   execution    TaskScheduled          SendSuccessNotification called sns:publish.
        20   execution    TaskSucceeded          SendSuccessNotification got its answer.
        20   notification Published              The news COMPLETED was published on OrderNotificationTopic.
        20   execution    TaskStateExited        Left SendSuccessNotification.
        20   execution    ExecutionSucceeded     The workflow came to its end."#]].assert_eq(&timeline_of(5, Trouble::None).await);
}

#[tokio::test]
async fn an_order_whose_payment_is_declined() {
    expect![[r#"
        0    order        PENDING                CUST-001 ordered 2 × MUG for 60.00 USD.
        0    queue        MessageSent            The order's message was put on OrderProcessingQueue.
        0    queue        MessageReceived        Order processing received the message from OrderProcessingQueue.
        0    order        PROCESSING             The order is being processed.
        0    notification Published              The news PROCESSING was published on OrderNotificationTopic.
        0    execution    ExecutionStarted       The workflow started.
        0    execution    TaskStateEntered       Entered ValidateOrder.
        0    execution    TaskScheduled          ValidateOrder called dynamodb:getItem.
        0    execution    TaskSucceeded          ValidateOrder got its answer.
        0    execution    TaskStateExited        Left ValidateOrder.
        0    execution    ChoiceStateEntered     Entered CheckOrder.
        0    execution    ChoiceStateExited      Left CheckOrder.
        0    execution    TaskStateEntered       Entered ProcessPayment.
        0    execution    TaskScheduled          ProcessPayment called lambda:invoke.
        10   payment      DECLINED               The payment of 60.00 USD was declined: insufficient funds.
        10   execution    TaskSucceeded          ProcessPayment got its answer.
        10   execution    TaskStateExited        Left ProcessPayment.
        10   execution    ChoiceStateEntered     Entered CheckPaymentStatus.
        10   execution    ChoiceStateExited      Left CheckPaymentStatus.
        10   execution    TaskStateEntered       Entered PaymentFailed.
        10   execution    TaskScheduled          PaymentFailed called sns:publish.
        10   execution    TaskSucceeded          PaymentFailed got its answer.
        10   notification Published              The news FAILED was published on OrderNotificationTopic.
        10   execution    TaskStateExited        Left PaymentFailed.
        10   execution    TaskStateEntered       Entered MarkOrderFailed.
        10   execution    TaskScheduled          MarkOrderFailed called dynamodb:updateItem.
        10   execution    TaskSucceeded          MarkOrderFailed got its answer.
        10   order        FAILED                 The order failed: PaymentFailed.
        10   execution    TaskStateExited        Left MarkOrderFailed.
        10   execution    ExecutionSucceeded     The workflow came to its end."#]].assert_eq(&timeline_of(5, Trouble::PaymentDeclined).await);
}

#[tokio::test]
async fn an_order_that_finds_no_stock_after_the_payment() {
    expect![[r#"
        0    order        PENDING                CUST-001 ordered 2 × MUG for 60.00 USD.
        0    queue        MessageSent            The order's message was put on OrderProcessingQueue.
        0    queue        MessageReceived        Order processing received the message from OrderProcessingQueue.
        0    order        PROCESSING             The order is being processed.
        0    notification Published              The news PROCESSING was published on OrderNotificationTopic.
        0    execution    ExecutionStarted       The workflow started.
        0    execution    TaskStateEntered       Entered ValidateOrder.
        0    execution    TaskScheduled          ValidateOrder called dynamodb:getItem.
        0    execution    TaskSucceeded          ValidateOrder got its answer.
        0    execution    TaskStateExited        Left ValidateOrder.
        0    execution    ChoiceStateEntered     Entered CheckOrder.
        0    execution    ChoiceStateExited      Left CheckOrder.
        0    execution    TaskStateEntered       Entered ProcessPayment.
        0    execution    TaskScheduled          ProcessPayment called lambda:invoke.
        10   payment      CHARGED                60.00 USD were charged (PAY-482913).
        10   execution    TaskSucceeded          ProcessPayment got its answer.
        10   execution    TaskStateExited        Left ProcessPayment.
        10   execution    ChoiceStateEntered     Entered CheckPaymentStatus.
        10   execution    ChoiceStateExited      Left CheckPaymentStatus.
        10   execution    TaskStateEntered       Entered UpdateInventory.
        10   execution    TaskScheduled          UpdateInventory called lambda:invoke.
        20   execution    TaskFailed             UpdateInventory failed with OutOfStock: MUG: 2 ordered, 1 in stock.
        20   execution    TaskStateExited        Left UpdateInventory.
        20   execution    TaskStateEntered       Entered CompensatePayment.
        20   execution    TaskScheduled          CompensatePayment called lambda:invoke.
        30   payment      REFUNDED               60.00 USD were given back (PAY-482913).
        30   stock        RELEASED               No stock had been taken; from now on none can be.
        30   execution    TaskSucceeded          CompensatePayment got its answer.
        30   execution    TaskStateExited        Left CompensatePayment.
        30   execution    TaskStateEntered       Entered SendRefundNotification.
        30   execution    TaskScheduled          SendRefundNotification called sns:publish.
        30   execution    TaskSucceeded          SendRefundNotification got its answer.
        30   notification Published              The news REFUNDED was published on OrderNotificationTopic.
        30   execution    TaskStateExited        Left SendRefundNotification.
        30   execution    TaskStateEntered       Entered MarkOrderFailed.
        30   execution    TaskScheduled          MarkOrderFailed called dynamodb:updateItem.
        30   execution    TaskSucceeded          MarkOrderFailed got its answer.
        30   order        FAILED                 The order failed: OutOfStock.
        30   execution    TaskStateExited        Left MarkOrderFailed.
        30   execution    ExecutionSucceeded     The workflow came to its end."#]].assert_eq(&timeline_of(1, Trouble::None).await);
}

#[tokio::test]
async fn an_order_that_waits_and_is_cancelled() {
    let shop = Shop::closed(5).await;
    let id = shop.place().await;
    expect![[r#"
        0    order        PENDING                CUST-001 ordered 2 × MUG for 60.00 USD.
        0    queue        MessageSent            The order's message was put on OrderProcessingQueue."#]]
    .assert_eq(&told(&shop.timeline(id).await));
    shop.time.advance(std::time::Duration::from_secs(1));
    shop.engine
        .cancel_order(id, "changed my mind".into())
        .await
        .unwrap();
    expect![[r#"
        0    order        PENDING                CUST-001 ordered 2 × MUG for 60.00 USD.
        0    queue        MessageSent            The order's message was put on OrderProcessingQueue.
        1000 order        CANCELLED              The order was cancelled: changed my mind."#]]
    .assert_eq(&told(&shop.timeline(id).await));
}

#[tokio::test]
async fn details_name_the_state_and_hold_no_address() {
    let shop = Shop::open(5, Trouble::None).await;
    let id = shop.place().await;
    let timeline = shop.timeline_with(id, "notification", "Sent", 2).await;
    let entered: Vec<&Value> = timeline
        .iter()
        .filter(|fact| fact.event.ends_with("StateEntered"))
        .map(|fact| &fact.detail["name"])
        .collect();
    assert_eq!(
        entered.first().and_then(|name| name.as_str()),
        Some("ValidateOrder")
    );
    let sent: Vec<&str> = timeline
        .iter()
        .filter(|fact| fact.event == "Sent")
        .map(|fact| fact.summary.as_str())
        .collect();
    assert_eq!(
        sent,
        [
            "An e-mail was sent to c***@example.com: Your order is PROCESSING.",
            "An e-mail was sent to c***@example.com: Your order is COMPLETED.",
        ]
    );
    assert!(!serde_json::to_string(&timeline).unwrap().contains("customer@"));
}

#[tokio::test]
async fn an_unknown_order_has_no_timeline() {
    let shop = Shop::closed(1).await;
    assert_eq!(
        shop.engine
            .order_timeline(OrderId::from_parts(1, 2, 3))
            .await
            .unwrap(),
        None
    );
}
