//! The change feed: numbers without a gap, each change once, however the stream delivers.

use std::sync::Arc;

use ports::feed::{ChangeFeed, ChangeLog};
use ports::function::aws_lambda_events::dynamodb::EventRecord;
use serde_json::json;

use crate::support::{Resources, order};

/// A record of the stream as Lambda passes it on.
pub fn record(number: u64, order: &domain::PlacedOrder) -> EventRecord {
    let text = |text: &str| json!({ "S": text });
    let line = &order.items[0];
    let line = json!({ "M": {
        "productId": text(line.product_id.as_str()),
        "quantity": { "N": line.quantity.get().to_string() },
        "price": { "N": line.price.to_string() },
    } });
    let mut image = json!({
        "orderId": text(&order.order_id.to_string()),
        "createdAt": text(&order.created_at.to_string()),
        "customerId": text(order.customer_id.as_str()),
        "totalAmount": { "N": order.total_amount.to_string() },
        "currency": text(order.currency.as_str()),
        "items": { "L": [line] },
        "traceId": text(&order.trace_id),
        "status": text("PENDING"),
        "updatedAt": text(&order.created_at.to_string()),
    });
    if let Some(metadata) = &order.metadata {
        image["metadata"] = text(&json!(metadata).to_string());
    }
    let seconds = order.created_at.as_ms() / 1_000;
    serde_json::from_value(json!({
        "eventID": format!("event-{number}"),
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/1",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": seconds,
            "SequenceNumber": format!("3000000000000004996{number:05}"),
            "NewImage": image,
            "Keys": {},
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }))
    .unwrap()
}

#[tokio::test]
async fn each_change_has_one_number_in_whatever_batches_it_comes() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    assert!(store.read_changes(0, 10).await.unwrap().is_empty());
    let batch =
        |numbers: std::ops::Range<u64>| numbers.map(|number| record(number, &order)).collect::<Vec<_>>();
    store.append_changes(batch(0..60)).await.unwrap();
    store.append_changes(batch(0..60)).await.unwrap();
    store.append_changes(batch(50..120)).await.unwrap();
    let changes = store.read_changes(0, 1_000).await.unwrap();
    let numbers: Vec<u64> = changes.iter().map(|change| change.sequence_number).collect();
    assert_eq!(numbers, (1..=120).collect::<Vec<u64>>());
    let image = changes[0].new_image.as_ref().unwrap();
    assert_eq!(image["orderId"], order.order_id.to_string());
    assert_eq!(image["totalAmount"].to_string(), "59.98");
    let page = store.read_changes(117, 2).await.unwrap();
    assert_eq!(
        page.iter()
            .map(|change| change.sequence_number)
            .collect::<Vec<_>>(),
        [118, 119]
    );
    assert!(store.read_changes(120, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_batches_at_once_share_no_number() {
    let resources = Resources::make().await;
    let store = resources.store();
    let order = order(&store).await;
    let batch = |from: u64| {
        (from..from + 20)
            .map(|number| record(number, &order))
            .collect::<Vec<_>>()
    };
    let (first, second, third) = tokio::join!(
        store.append_changes(batch(0)),
        store.append_changes(batch(20)),
        store.append_changes(batch(40)),
    );
    first.and(second).and(third).unwrap();
    let changes = store.read_changes(0, 100).await.unwrap();
    let numbers: Vec<u64> = changes.iter().map(|change| change.sequence_number).collect();
    assert_eq!(numbers, (1..=60).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_page_of_large_changes_ends_before_the_functions_answer_is_too_large() {
    let resources = Resources::make().await;
    let store = resources.store();
    let mut order = order(&store).await;
    // JSON in JSON: each quote takes two bytes in the answer.
    let note = "\"".repeat(100_000);
    Arc::make_mut(&mut order).metadata = json!({ "note": note }).as_object().cloned();
    let batch: Vec<EventRecord> = (0..30).map(|number| record(number, &order)).collect();
    for record in batch {
        store.append_changes(vec![record]).await.unwrap();
    }
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = store.read_changes(after, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.sequence_number;
        seen.extend(page.iter().map(|change| change.sequence_number));
        // The answer as Lambda gets it: the page as a text within the proxy's JSON.
        let answer = json!({ "body": json!({ "events": page }).to_string() }).to_string();
        assert!(answer.len() < 6_000_000, "{}", answer.len());
        assert!(page.len() > 1, "a page is not cut for nothing");
    }
    assert_eq!(seen, (1..=30).collect::<Vec<u64>>());
}
