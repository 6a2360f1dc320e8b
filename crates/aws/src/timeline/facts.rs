//! What the tables tell of an order: its placing and its end, payment, stock and messages.

use domain::{Order, OrderId, OrderStatus};
use ports::StoreError;
use ports::notify::Channel;
use ports::orders::TimelineEntry;
use ports::payment::ChargeOutcome;
use serde_json::{Value, json};

use crate::inventory::hold::HoldLine;
use crate::outbox::State;
use crate::store::Store;

pub(super) fn entry(
    at: domain::Timestamp,
    source: &str,
    event: &str,
    summary: String,
    detail: Value,
) -> TimelineEntry {
    TimelineEntry {
        at,
        source: source.to_owned(),
        event: event.to_owned(),
        summary,
        detail,
    }
}

pub(super) fn of_placing(order: &Order) -> TimelineEntry {
    let placed = &order.placed;
    let items = lines(
        placed
            .items
            .iter()
            .map(|line| (line.product_id.as_str(), line.quantity.get())),
    );
    entry(
        placed.created_at,
        "order",
        OrderStatus::Pending.as_str(),
        format!(
            "{} ordered {items} for {} {}.",
            placed.customer_id, placed.total_amount, placed.currency
        ),
        json!({ "traceId": placed.trace_id, "totalAmount": placed.total_amount, "currency": placed.currency }),
    )
}

/// How the order stands, when that is its end or a person has to look at it.
pub(super) fn of_status(order: &Order) -> Vec<TimelineEntry> {
    let state = &order.state;
    let why = |reason: Option<&str>| reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let reason = why(state.failure_reason.as_deref());
    let summary = match state.status {
        OrderStatus::Pending | OrderStatus::Processing => None,
        OrderStatus::Completed => Some("The order is complete.".to_owned()),
        OrderStatus::Failed => Some(format!("The order failed{reason}.")),
        OrderStatus::Cancelled => Some(format!("The order was cancelled{reason}.")),
    };
    let ended = summary.map(|text| {
        entry(
            state.updated_at,
            "order",
            state.status.as_str(),
            text,
            Value::Null,
        )
    });
    let attention = state.attention.as_deref().map(|attention| {
        let text = format!("The order needs a person's attention: {attention}.");
        entry(state.updated_at, "order", "NEEDS_ATTENTION", text, Value::Null)
    });
    ended.into_iter().chain(attention).collect()
}

/// The charge under the order's own key, and its refund.
pub(super) async fn of_payments(store: &Store, id: OrderId) -> Result<Vec<TimelineEntry>, StoreError> {
    let Some(recorded) = store.find_recorded(&format!("{id}:pay")).await? else {
        return Ok(Vec::new());
    };
    let charge = &recorded.entry;
    let amount = format!("{} {}", charge.amount, charge.currency);
    let detail = json!({
        "paymentId": charge.payment_id, "idempotencyKey": charge.idempotency_key,
        "amount": charge.amount, "currency": charge.currency,
    });
    let (event, summary) = match &charge.outcome {
        ChargeOutcome::Declined(reason) => (
            "DECLINED",
            format!("The payment of {amount} was declined: {reason}."),
        ),
        ChargeOutcome::Charged | ChargeOutcome::Refunded => (
            "CHARGED",
            format!("{amount} were charged ({}).", charge.payment_id),
        ),
    };
    let mut facts = vec![entry(charge.at, "payment", event, summary, detail.clone())];
    if let Some(at) = recorded.refunded_at {
        let summary = format!("{amount} were given back ({}).", charge.payment_id);
        facts.push(entry(at, "payment", "REFUNDED", summary, detail));
    }
    Ok(facts)
}

/// The stock that the order took and gave back.
pub(super) async fn of_stock(store: &Store, id: OrderId) -> Result<Vec<TimelineEntry>, StoreError> {
    let Some(hold) = store.find_hold(id).await? else {
        return Ok(Vec::new());
    };
    let pairs = |line: &HoldLine| (line.product_id.as_str().to_owned(), line.quantity);
    let held: Vec<(String, u32)> = hold.lines.iter().map(pairs).collect();
    let items = lines(
        held.iter()
            .map(|(product, quantity)| (product.as_str(), *quantity)),
    );
    let detail = json!({ "lines": held });
    let mut facts = Vec::new();
    if !held.is_empty() {
        let summary = format!("{items} were taken from stock.");
        facts.push(entry(hold.at, "stock", "TAKEN", summary, detail.clone()));
    }
    if let Some(at) = hold.released_at {
        let summary = match held.is_empty() {
            false => format!("{items} were put back into stock."),
            true => "No stock had been taken; from now on none can be.".to_owned(),
        };
        facts.push(entry(at, "stock", "RELEASED", summary, detail));
    }
    Ok(facts)
}

/// What was sent to the customer. Recipients are masked: a timeline is copied into tickets and chats.
pub(super) async fn of_messages(store: &Store, id: OrderId) -> Result<Vec<TimelineEntry>, StoreError> {
    let fact = |message: crate::outbox::SentMessage| {
        let what = match message.channel {
            Channel::Email => "An e-mail",
            Channel::Sms => "An SMS",
        };
        let text = if message.subject.is_empty() {
            String::new()
        } else {
            format!(": {}", message.subject)
        };
        let detail = json!({ "channel": message.channel, "recipient": message.recipient });
        let (event, done) = match message.state {
            State::Kept | State::Sent => ("Sent", "sent to"),
            State::Refused => ("Refused", "refused for"),
            // It is no fact yet.
            State::Sending => return None,
        };
        let summary = format!("{what} was {done} {}{text}.", message.recipient);
        Some(entry(message.at, "notification", event, summary, detail))
    };
    Ok(store
        .sent_messages(id)
        .await?
        .into_iter()
        .filter_map(fact)
        .collect())
}

/// `2 × PROD-001, 1 × PROD-002`.
fn lines<'l>(lines: impl Iterator<Item = (&'l str, u32)>) -> String {
    let lines: Vec<String> = lines
        .map(|(product, quantity)| format!("{quantity} × {product}"))
        .collect();
    lines.join(", ")
}
