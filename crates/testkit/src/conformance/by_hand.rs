//! What follows by itself where the whole system runs. Here nothing runs, so each backend's own hands do it.

use domain::{OrderId, OrderStatus, PlacedOrder};
use ports::feed::{ChangeFeed, ChangeRecord};
use ports::notify::{Channel, Message, Sender};
use ports::orders::{CancelOrder, OrderFilter, OrderQueries};
use serde_json::Value;

use super::samples::placed;
use super::{Backend, Broken, Outcome, equal, holds};

/// The most changes of a page here.
const PAGE: u32 = 3;

/// A backend, and what its tests do in the place of the system that isn't running.
pub trait Hands: Send + Sync {
    /// The ports.
    type Backend: Backend + ChangeFeed;
    /// Who sends messages to customers.
    type Sender: Sender;

    /// The ports.
    fn backend(&self) -> &Self::Backend;

    /// Who sends messages to customers.
    fn sender(&self) -> &Self::Sender;

    /// Sees to it that the feed has the change that placing this order was, as the table's stream does.
    fn feed(&self, order: &PlacedOrder) -> impl Future<Output = Outcome> + Send;

    /// Places an order that comes to need a person's attention.
    fn strand(&self) -> impl Future<Output = Result<OrderId, Broken>> + Send;
}

/// From the first number on, page by page.
async fn changes(feed: &impl ChangeFeed) -> Result<Vec<ChangeRecord>, Broken> {
    let mut changes: Vec<ChangeRecord> = Vec::new();
    loop {
        let after = changes.last().map_or(0, |last| last.sequence_number);
        let page = feed.read_changes(after, PAGE).await?;
        if page.is_empty() {
            return Ok(changes);
        }
        let numbers: Vec<u64> = page.iter().map(|change| change.sequence_number).collect();
        holds("a page is no longer than asked for", page.len() <= 3, &numbers)?;
        let above = numbers.first().is_some_and(|first| *first > after);
        let grow = numbers.is_sorted_by(|a, b| a < b);
        holds(
            "numbers are above the last page's and grow",
            above && grow,
            &numbers,
        )?;
        changes.extend(page);
    }
}

/// With the order as it was placed.
pub async fn a_placed_order_is_one_change_of_the_feed<H: Hands>(hands: &H) -> Outcome {
    let first = placed(hands.backend()).await?;
    hands.feed(&first).await?;
    let second = placed(hands.backend()).await?;
    hands.feed(&second).await?;
    let changes = changes(hands.backend()).await?;
    let of = |order: &PlacedOrder| -> Vec<&ChangeRecord> {
        let id = Value::from(order.order_id.to_string());
        let about = |change: &&ChangeRecord| {
            change.new_image.as_ref().and_then(|image| image.get("orderId")) == Some(&id)
        };
        changes.iter().filter(about).collect()
    };
    let (before, after) = (of(&first), of(&second));
    let ([before], [after]) = (before.as_slice(), after.as_slice()) else {
        return holds("each is one change", false, &changes);
    };
    equal(
        "it is new",
        &(before.event_name, &before.old_image),
        &("INSERT", &None),
    )?;
    let status = before.new_image.as_ref().and_then(|image| image.get("status"));
    equal("as it was placed", &status, &Some(&Value::from("PENDING")))?;
    holds(
        "what came later has the higher number",
        before.sequence_number < after.sequence_number,
        (before, after),
    )
}

fn message(order: &PlacedOrder, status: OrderStatus) -> Message {
    Message {
        key: format!("{}:{status}:email", order.order_id),
        order_id: order.order_id,
        channel: Channel::Email,
        recipient: "customer@example.com".to_owned(),
        subject: format!("Order - {status}"),
        body: "About your order.".to_owned(),
        trace_id: order.trace_id.clone(),
    }
}

/// However often it is handed over; another one is another one.
pub async fn a_message_is_handed_over_once<H: Hands>(hands: &H) -> Outcome {
    let order = placed(hands.backend()).await?;
    let first = message(&order, OrderStatus::Processing);
    let second = message(&order, OrderStatus::Completed);
    hands.sender().send(vec![first.clone()]).await?;
    hands.sender().send(vec![first.clone()]).await?;
    hands.sender().send(vec![first, second]).await?;
    let entries = hands
        .backend()
        .order_timeline(order.order_id)
        .await?
        .unwrap_or_default();
    let sent: Vec<_> = entries.iter().filter(|entry| entry.event == "Sent").collect();
    equal("each message once", &sent.len(), &2)?;
    let shown = serde_json::to_string(&sent).unwrap_or_default();
    holds(
        "a timeline masks whom it went to",
        shown.contains("c***@example.com") && !shown.contains("customer@"),
        shown,
    )
}

/// And nothing else is listed with it.
pub async fn what_needs_attention_is_listed<H: Hands>(hands: &H) -> Outcome {
    let backend = hands.backend();
    // One that has ended, for a backend may work on whatever has not.
    let calm = placed(backend).await?;
    backend
        .cancel_order(calm.order_id, "ordered twice".to_owned())
        .await?;
    let stranded = hands.strand().await?;
    let order = backend.get_order(stranded).await?;
    let why = order.and_then(|order| order.state.attention);
    holds(
        "the order says why",
        why.is_some_and(|why| !why.is_empty()),
        stranded,
    )?;
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let filter = OrderFilter {
            needs_attention: true,
            ..OrderFilter::default()
        };
        let page = backend.list_orders(filter, after, 10).await?;
        listed.extend(page.orders.iter().map(|order| order.placed.order_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    holds("it is listed", listed.contains(&stranded), &listed)?;
    holds(
        "what needs none is not",
        !listed.contains(&calm.order_id),
        &listed,
    )
}
