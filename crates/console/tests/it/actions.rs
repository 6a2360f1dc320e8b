//! What an operator does: each action asks first, and does once it is confirmed.

use std::sync::Arc;

use domain::{OrderId, OrderStatus, ProductId};
use embedded::Engine;
use http::StatusCode;
use ports::access::ApiKeys;
use ports::catalogue::Catalogue;
use ports::function::{Context, FunctionError, Handler, Invocation, ReplyFuture};
use ports::inspection::Inspection;
use ports::operations::{Operations, QueueMessage};
use ports::orders::OrderQueries;
use testkit::{Handlers, ShopOptions};

use crate::browser::Site;

const DLQ: &str = "OrderProcessingDLQ";

async fn status(site: &Site, id: OrderId) -> OrderStatus {
    let order = site.shop.engine.get_order(id).await.unwrap().unwrap();
    order.state.status
}

#[tokio::test]
async fn an_order_is_cancelled_once_it_is_confirmed() {
    let site = Site::idle(&ShopOptions::default()).await;
    site.shop.engine.seed_sample_products().await.unwrap();
    let id = site.shop.place("PROD-001", 1).await.unwrap();
    let mut visitor = site.operator().await;
    let path = format!("/console/orders/{id}/cancel");
    let question = visitor.get(&path).await;
    assert!(question.text.contains("Cancel this order?"));
    assert_eq!(status(&site, id).await, OrderStatus::Pending);
    let done = visitor
        .submit(&path, &path, &[("reason", "Wrong <colour>")])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(status(&site, id).await, OrderStatus::Cancelled);
    let page = visitor.get(&format!("/console/orders/{id}")).await.text;
    assert!(page.contains("The order is cancelled.") && page.contains("Wrong &lt;colour&gt;"));
    // Told once.
    let page = visitor.get(&format!("/console/orders/{id}")).await.text;
    assert!(!page.contains("The order is cancelled.</span>"));
    assert_eq!(visitor.get(&path).await.status, StatusCode::CONFLICT);
}

struct Broken;

impl Handler for Broken {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        let error = FunctionError {
            error_type: "Broken".into(),
            message: "<i>nothing works</i>".into(),
        };
        Box::pin(async move { Err(error) })
    }
}

fn broken_processing(_: &Engine) -> Handlers {
    Handlers::from([(
        "order-processing".to_owned(),
        Arc::new(Broken) as Arc<dyn Handler>,
    )])
}

async fn dead_letter(site: &Site) -> QueueMessage {
    loop {
        let seen = site.shop.engine.latest_commit();
        let mut messages = site
            .shop
            .engine
            .list_messages(DLQ.into(), None, 10)
            .await
            .unwrap();
        if let Some(message) = messages.pop() {
            return message;
        }
        site.shop.engine.wait_for_commit(seen).await;
    }
}

#[tokio::test]
async fn a_dead_letter_is_looked_at_set_right_sent_back_and_deleted() {
    let options = ShopOptions {
        handlers: Some(broken_processing),
        ..ShopOptions::default()
    };
    let site = Site::open_with(&options).await;
    site.shop.place("PROD-001", 1).await.unwrap();
    let letter = dead_letter(&site).await;
    let mut visitor = site.operator().await;
    let queue = format!("/console/queues/{DLQ}");
    let message = format!("{queue}/messages/{}", letter.message_id);
    let page = visitor.get(&message).await.text;
    assert!(page.contains("&lt;i&gt;nothing works&lt;/i&gt;"), "{page}");

    // Asked first, with both bodies; nothing is written before.
    let edit = format!("{message}/edit");
    let body = "{\"orderId\": \"<x>\",\r\n \"n\": 1}";
    let question = visitor.submit(&edit, &edit, &[("body", body)]).await;
    assert!(
        question.text.contains("Change this message&#39;s body?")
            || question.text.contains("Change this message's body?")
    );
    assert_eq!(dead_letter(&site).await.body, letter.body);
    let confirmed = [("body", body), ("confirmed", "yes")];
    let done = visitor.submit(&edit, &edit, &confirmed).await;
    assert_eq!(done.location(), message.replace('_', "%5F"));
    assert_eq!(
        dead_letter(&site).await.body,
        "{\"orderId\": \"<x>\",\n \"n\": 1}"
    );

    // Sent back, it fails again, under a new number.
    let one = format!("{queue}/redrive?message={}", letter.message_id);
    let back = [("message", letter.message_id.as_str())];
    let done = visitor.submit(&one, &format!("{queue}/redrive"), &back).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let again = dead_letter(&site).await;
    assert_ne!(again.message_id, letter.message_id);
    assert_eq!(again.receive_count, 3);

    let purge = format!("{queue}/purge");
    visitor.submit(&purge, &purge, &[]).await;
    let page = visitor.get(&queue).await.text;
    assert!(
        page.contains("One message was deleted.") && page.contains("No dead letters"),
        "{page}"
    );
}

#[tokio::test]
async fn only_dead_letters_are_edited_and_deleted() {
    let site = Site::idle(&ShopOptions::default()).await;
    site.shop.engine.seed_sample_products().await.unwrap();
    site.shop.place("PROD-001", 1).await.unwrap();
    let queue = "OrderProcessingQueue";
    let waiting = site
        .shop
        .engine
        .list_messages(queue.into(), None, 1)
        .await
        .unwrap();
    let id = &waiting[0].message_id;
    let mut visitor = site.operator().await;
    let page = format!("/console/queues/{queue}/messages/{id}");
    assert_eq!(visitor.get(&page).await.status, StatusCode::OK);
    assert_eq!(
        visitor.get(&format!("{page}/edit")).await.status,
        StatusCode::CONFLICT
    );
    let purge = format!("/console/queues/{queue}/purge");
    assert_eq!(visitor.get(&purge).await.status, StatusCode::CONFLICT);
    assert_eq!(
        visitor.submit("/console", &purge, &[]).await.status,
        StatusCode::CONFLICT
    );
    let fields = [("body", "{}"), ("confirmed", "yes")];
    let refused = visitor.submit("/console", &format!("{page}/edit"), &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let still = site
        .shop
        .engine
        .list_messages(queue.into(), None, 1)
        .await
        .unwrap();
    assert_eq!(still[0].body, waiting[0].body);
}

#[tokio::test]
async fn a_product_is_written_as_it_was_confirmed() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let new = "/console/products/new";
    let fields = [
        ("productId", "TEA-1"),
        ("name", "Tea <pot>"),
        ("price", "34.50"),
        ("currency", "eur"),
        ("stock", "12"),
    ];
    let question = visitor.submit(new, new, &fields).await;
    assert!(question.text.contains("Make this product?") && question.text.contains("34.50 EUR"));
    let id = ProductId::new("TEA-1").unwrap();
    let find = || async {
        site.shop
            .engine
            .get_products(vec![id.clone()])
            .await
            .unwrap()
            .pop()
            .flatten()
    };
    assert!(find().await.is_none());
    let mut confirmed = fields.to_vec();
    confirmed.push(("confirmed", "yes"));
    visitor.submit(new, new, &confirmed).await;
    let product = find().await.unwrap();
    assert_eq!((product.price.to_string().as_str(), product.stock), ("34.50", 12));

    let wrong = [
        ("name", "x"),
        ("price", "1.999"),
        ("currency", "EUR"),
        ("stock", "-1"),
        ("confirmed", "yes"),
    ];
    let form = visitor
        .submit("/console/products/TEA-1", "/console/products/TEA-1", &wrong)
        .await;
    assert_eq!(form.text.matches("aria-invalid").count(), 2);
    assert_eq!(find().await.unwrap(), product);
}

#[tokio::test]
async fn a_key_is_shown_once_used_and_revoked() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let new = "/console/keys/new";
    let fields = [
        ("name", "shop <1>"),
        ("rate", "5"),
        ("quota", "100"),
        ("period", "DAY"),
        ("confirmed", "yes"),
    ];
    let made = visitor.submit(new, new, &fields).await.text;
    let (_, rest) = made.split_once("data-copy=\"").unwrap();
    let secret = rest.split_once('"').unwrap().0;
    let key = site.shop.engine.authenticate(secret).unwrap();
    assert_eq!((key.name.as_str(), key.plan.quota), ("shop <1>", Some(100)));
    let list = visitor.get("/console/keys").await.text;
    assert!(!list.contains(secret) && list.contains("shop &lt;1&gt;"));
    let taken = visitor.submit(new, new, &fields).await.text;
    assert!(taken.contains("There is a key named"));

    let revoke = format!("/console/keys/{}/revoke", key.key_id);
    assert!(visitor.get(&revoke).await.text.contains("Revoke this key?"));
    assert!(site.shop.engine.authenticate(secret).is_some());
    visitor.submit(&revoke, &revoke, &[]).await;
    assert!(site.shop.engine.authenticate(secret).is_none());
    // Nobody takes away the key that they came with.
    let own = site
        .shop
        .engine
        .authenticate(&site.admin_key)
        .unwrap()
        .key_id
        .clone();
    let own = format!("/console/keys/{own}/revoke");
    assert_eq!(
        visitor.submit("/console", &own, &[]).await.status,
        StatusCode::CONFLICT
    );
}
