//! Mails and text messages: sent once, whatever is delivered twice or killed on the way.

use std::sync::Arc;

use aws::{CustomerMessages, Delivery, Store, Variable};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::OrderId;
use ports::StoreError;
use ports::clock::OrderIds;
use ports::notify::{Channel, Message, Sender};
use serde_json::Value;

use crate::front::Front;
use crate::support::Resources;

const FROM: &str = "shop@example.com";

fn on() -> Delivery {
    Delivery {
        mail_from: Some(FROM.to_owned()),
        sms: true,
    }
}

fn message(store: &Store, channel: Channel) -> Message {
    let order_id = store.next_order_id();
    Message {
        key: format!("{order_id}:COMPLETED:{}", channel.as_str()),
        order_id,
        channel,
        // Its own, so that it is told from other tests'.
        recipient: match channel {
            Channel::Email => format!("{order_id}@example.com"),
            Channel::Sms => format!("+1{}", order_id.created_at().as_ms()),
        },
        subject: "Order - COMPLETED".to_owned(),
        body: format!("Order {order_id} is complete."),
        trace_id: "0123456789abcdef0123456789abcdef".to_owned(),
    }
}

async fn told(resources: &Resources, path: &str, order: OrderId) -> Vec<Value> {
    let answer = reqwest::get(format!("{}{path}", resources.endpoint))
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let mut found = Vec::new();
    collect(&answer, &order.to_string(), &mut found);
    found
}

/// The records somewhere in `value` whose text names the order.
fn collect(value: &Value, order: &str, found: &mut Vec<Value>) {
    match value {
        Value::Object(record) if record.contains_key("MessageId") => {
            found.extend(value.to_string().contains(order).then(|| value.clone()));
        }
        Value::Object(members) => members.values().for_each(|value| collect(value, order, found)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, order, found)),
        _ => {}
    }
}

async fn mails(resources: &Resources, order: OrderId) -> Vec<Value> {
    told(resources, "/_ministack/ses/messages", order).await
}

async fn texts(resources: &Resources, order: OrderId) -> Vec<Value> {
    told(resources, "/_ministack/sns/sms-messages", order).await
}

/// A sender whose calls go through the front; the sender's address is verified.
async fn sender(resources: &Resources, front: &Front) -> (Arc<Store>, CustomerMessages) {
    resources.verify_address(FROM).await;
    let store = resources.store_with(&[], &front.address);
    (Arc::clone(&store), CustomerMessages::new(store, on()))
}

/// One attribute of the message in the outbox.
async fn attribute(resources: &Resources, message: &Message, name: &str) -> Option<AttributeValue> {
    let answer = resources
        .dynamodb()
        .get_item()
        .table_name(resources.name(Variable::OutboxTable))
        .key("messageKey", AttributeValue::S(message.key.clone()))
        .send()
        .await
        .unwrap();
    answer.item.and_then(|mut item| item.remove(name))
}

async fn state(resources: &Resources, message: &Message) -> String {
    match attribute(resources, message, "state").await {
        Some(AttributeValue::S(state)) => state,
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_mail_and_a_text_message_are_sent_once() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let (store, sender) = sender(resources, &front).await;
    let mail = message(&store, Channel::Email);
    let text = message(&store, Channel::Sms);
    for _ in 0..2 {
        sender.send(vec![mail.clone(), text.clone()]).await.unwrap();
    }
    let [sent] = &mails(resources, mail.order_id).await[..] else {
        panic!("not one mail")
    };
    assert_eq!(
        (&sent["Source"], &sent["To"][0]),
        (&FROM.into(), &mail.recipient.clone().into())
    );
    assert_eq!(sent["Subject"], mail.subject);
    assert_eq!(sent["BodyText"], mail.body);
    let [sent] = &texts(resources, text.order_id).await[..] else {
        panic!("not one text message")
    };
    assert_eq!(sent["PhoneNumber"], text.recipient);
    assert_eq!(sent["Message"], text.body);
    assert_eq!(state(resources, &mail).await, "SENT");
    assert_eq!(state(resources, &text).await, "SENT");
}

#[tokio::test]
async fn what_is_not_switched_on_stays_in_the_outbox() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let (store, _) = sender(resources, &front).await;
    let sender = CustomerMessages::new(Arc::clone(&store), Delivery::default());
    let mail = message(&store, Channel::Email);
    sender.send(vec![mail.clone()]).await.unwrap();
    assert!(mails(resources, mail.order_id).await.is_empty());
    assert_eq!(state(resources, &mail).await, "KEPT");
    // It is not sent later either, when somebody switches the channel on and the topic delivers again.
    let on = CustomerMessages::new(store, on());
    on.send(vec![mail.clone()]).await.unwrap();
    assert!(mails(resources, mail.order_id).await.is_empty());
}

#[tokio::test]
async fn a_claim_keeps_a_second_delivery_away_until_it_has_run_out() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let (store, sender) = sender(resources, &front).await;
    let mail = message(&store, Channel::Email);
    // What is left of a function that was killed while it sent.
    let put = |until: i64| {
        let item = [
            ("messageKey", AttributeValue::S(mail.key.clone())),
            ("state", AttributeValue::S("SENDING".to_owned())),
            ("claimedUntil", AttributeValue::N(until.to_string())),
        ];
        let item = item.map(|(name, value)| (name.to_owned(), value)).into();
        let table = resources.name(Variable::OutboxTable);
        let put = resources.dynamodb().put_item().table_name(table);
        put.set_item(Some(item)).send()
    };
    let now_s = ports::clock::Clock::now(&*store).as_ms() / 1_000;
    put(now_s + 60).await.unwrap();
    let error = sender.send(vec![mail.clone()]).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert!(mails(resources, mail.order_id).await.is_empty());
    put(now_s - 1).await.unwrap();
    sender.send(vec![mail.clone()]).await.unwrap();
    assert_eq!(mails(resources, mail.order_id).await.len(), 1);
    assert_eq!(state(resources, &mail).await, "SENT");
}

#[tokio::test]
async fn a_service_that_says_no_is_asked_again_by_the_next_delivery_and_holds_nothing_else_up() {
    const PAUSED: &str = r#"{"__type":"SendingPausedException","message":"Email sending is disabled."}"#;
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let (store, sender) = sender(resources, &front).await;
    let mail = message(&store, Channel::Email);
    let text = message(&store, Channel::Sms);
    front.refuse_at("/v2/email/outbound-emails", 1, 400, PAUSED);
    let error = sender.send(vec![mail.clone(), text.clone()]).await.unwrap_err();
    assert!(!matches!(error, StoreError::Busy), "{error:?}");
    assert_eq!(front.refused(), 1, "the SDK does not send a mail again by itself");
    assert_eq!(texts(resources, text.order_id).await.len(), 1);
    sender.send(vec![mail.clone(), text.clone()]).await.unwrap();
    assert_eq!(mails(resources, mail.order_id).await.len(), 1);
    assert_eq!(texts(resources, text.order_id).await.len(), 1);
}

#[tokio::test]
async fn a_service_that_throttles_is_asked_again_by_the_same_delivery() {
    const MAIL: &str = r#"{"__type":"TooManyRequestsException","message":"Maximum sending rate exceeded."}"#;
    const TEXT: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttled</Code>\
        <Message>Rate exceeded</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let (store, sender) = sender(resources, &front).await;
    for (channel, path, body) in [
        (Channel::Email, "/v2/email/outbound-emails", MAIL),
        (Channel::Sms, "/ Action=Publish", TEXT),
    ] {
        let message = message(&store, channel);
        front.refuse_at(path, 3, 429, body);
        sender.send(vec![message.clone()]).await.unwrap();
        assert_eq!(front.refused(), 3, "{channel:?}");
        assert_eq!(state(resources, &message).await, "SENT", "{channel:?}");
        let sent = match channel {
            Channel::Email => mails(resources, message.order_id).await,
            Channel::Sms => texts(resources, message.order_id).await,
        };
        assert_eq!(sent.len(), 1, "{channel:?}");
    }
    // One that keeps throttling is left to the next delivery, which finds the message free.
    let mail = message(&store, Channel::Email);
    front.refuse_at("/v2/email/outbound-emails", u32::MAX, 429, MAIL);
    let error = sender.send(vec![mail.clone()]).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert_eq!(front.refused(), 7, "one try and six more");
    front.pass();
    sender.send(vec![mail.clone()]).await.unwrap();
    assert_eq!(mails(resources, mail.order_id).await.len(), 1);
}

#[tokio::test]
async fn a_recipient_that_there_is_not_is_written_down_and_not_asked_again() {
    const NO_ADDRESS: &str = r#"{"__type":"BadRequestException","message":"Missing final '@domain'"}"#;
    const NO_NUMBER: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code>\
        <Message>Invalid parameter: PhoneNumber</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let (store, sender) = sender(resources, &front).await;
    for (channel, path, body) in [
        (Channel::Email, "/v2/email/outbound-emails", NO_ADDRESS),
        (Channel::Sms, "/ Action=Publish", NO_NUMBER),
    ] {
        let message = message(&store, channel);
        front.refuse_at(path, u32::MAX, 400, body);
        for _ in 0..2 {
            sender.send(vec![message.clone()]).await.unwrap();
        }
        assert_eq!(front.refused(), 1, "{channel:?}");
        assert_eq!(state(resources, &message).await, "REFUSED", "{channel:?}");
    }
}
