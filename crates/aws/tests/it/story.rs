//! An order's way through the functions' code, and what its timeline tells of it.

use std::sync::Arc;

use aws::{CustomerMessages, Delivery, EmbeddedMetrics};
use connectors::{Rate, SimulatedGateway, SimulatedSettings};
use functions::{OrderNotification, OrderProcessing};
use ports::function::Context;
use ports::function::aws_lambda_events::sns::SnsEvent;
use ports::orders::{OrderQueries, PlaceOrder};
use ports::processing::{BeginOrder, BeginProcessing};
use serde_json::json;

use crate::front::Front;
use crate::support::{Resources, order};

#[tokio::test]
async fn a_timeline_of_an_express_workflow_is_told_without_its_states() {
    const EXPRESS: &str = r#"{"__type":"StateMachineTypeNotSupported","message":"This operation is not supported by this type"}"#;
    const INVALID: &str =
        r#"{"__type":"InvalidArn","message":"Invalid Arn: 'Resource type not valid in this context'"}"#;
    const GONE: &str = r#"{"__type":"ExecutionDoesNotExist","message":"Execution Does Not Exist"}"#;
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    let id = order.order_id;
    store.place_order(order.clone().into(), None).await.unwrap();
    let events = async || -> Vec<String> {
        let timeline = store.order_timeline(id).await.unwrap().unwrap();
        timeline.into_iter().map(|entry| entry.event).collect()
    };
    for error in [EXPRESS, INVALID, GONE] {
        front.refuse_at("AWSStepFunctions.GetExecutionHistory", 1, 400, error);
        assert_eq!(
            events().await,
            ["PENDING"],
            "{error}: there is nothing to tell yet"
        );
        assert_eq!(front.refused(), 1);
    }
    let begin = BeginOrder {
        order_id: id,
        created_at: order.created_at,
        trace_id: order.trace_id.clone(),
        trace_header: None,
    };
    store.begin_processing(vec![begin]).await.pop().unwrap().unwrap();
    for error in [EXPRESS, INVALID] {
        front.refuse_at("AWSStepFunctions.GetExecutionHistory", 1, 400, error);
        assert_eq!(events().await, ["PENDING", "HistoryNotAvailable"], "{error}");
    }
}

#[tokio::test]
async fn a_timeline_tells_payment_stock_messages_and_the_workflows_steps() {
    let resources = Resources::shared().await;
    let store = resources.store();
    let order = order(&store).await;
    let id = order.order_id;
    store.place_order(order.clone().into(), None).await.unwrap();
    let begin = BeginOrder {
        order_id: id,
        created_at: order.created_at,
        trace_id: order.trace_id.clone(),
        trace_header: None,
    };
    store.begin_processing(vec![begin]).await.pop().unwrap().unwrap();
    let settings = SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    };
    let gateway = SimulatedGateway::new(Arc::clone(&store), Arc::clone(&store), settings);
    let metrics = || Arc::new(EmbeddedMetrics::new(None));
    let processing = OrderProcessing::new(Arc::clone(&store), Arc::new(gateway), metrics());
    for action in ["processPayment", "updateInventory"] {
        let task = json!({ "action": action, "orderId": id, "createdAt": order.created_at });
        assert_eq!(processing.run_task(&task).await.unwrap()["status"], "success");
    }
    let messages = CustomerMessages::new(Arc::clone(&store), Delivery::default());
    let notification = OrderNotification::new(Arc::clone(&store), Arc::new(messages), metrics());
    let message = json!({ "orderId": id, "status": "COMPLETED" }).to_string();
    let event: SnsEvent = serde_json::from_value(json!({ "Records": [{
        "EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": "arn:aws:sns:us-east-1:0:t:s",
        "Sns": {
            "Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:us-east-1:0:t", "Message": message,
            "Timestamp": "2026-01-15T09:30:00.000Z", "SignatureVersion": "1", "Signature": "", "SigningCertURL": "",
            "UnsubscribeURL": "", "MessageAttributes": {},
        },
    }] }))
    .unwrap();
    let context = Context {
        request_id: "r-1".into(),
        trace_id: "".into(),
    };
    // A delivery that comes twice tells the customer once.
    notification.handle(&event, &context).await.unwrap();
    notification.handle(&event, &context).await.unwrap();

    let timeline = store.order_timeline(id).await.unwrap().unwrap();
    let events: Vec<(&str, &str)> = timeline
        .iter()
        .map(|entry| (entry.source.as_str(), entry.event.as_str()))
        .collect();
    assert_eq!(events.first(), Some(&("order", "PENDING")));
    for expected in [
        ("execution", "ExecutionStarted"),
        ("payment", "CHARGED"),
        ("stock", "TAKEN"),
        ("notification", "Sent"),
    ] {
        assert_eq!(
            events.iter().filter(|event| **event == expected).count(),
            1,
            "{expected:?} in {events:?}"
        );
    }
    let sent = timeline.iter().find(|entry| entry.event == "Sent").unwrap();
    assert!(sent.summary.contains("c***@example.com"), "{}", sent.summary);
    assert!(!json!(timeline).to_string().contains("customer@example.com"));
}
