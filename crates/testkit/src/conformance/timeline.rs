//! What a timeline tells.

use ports::orders::TimelineEntry;
use ports::payment::{ChargeOutcome, LedgerEntry};

use super::samples::{line, now, order, place, placed, product};
use super::{Backend, Broken, Outcome, equal, holds};

async fn told<B: Backend>(backend: &B, order: domain::OrderId) -> Result<Vec<TimelineEntry>, Broken> {
    let found = backend.order_timeline(order).await?;
    found.ok_or_else(|| Broken::Promise {
        promise: "an order that is there has a timeline",
        found: "found none".to_owned(),
    })
}

fn count(entries: &[TimelineEntry], source: &str, event: &str) -> usize {
    let of = |entry: &&TimelineEntry| entry.source == source && entry.event == event;
    entries.iter().filter(of).count()
}

/// And says whose trace it is.
pub async fn a_timeline_begins_with_the_placing<B: Backend>(backend: &B) -> Outcome {
    let order = placed(backend).await?;
    let entries = told(backend, order.order_id).await?;
    let first = entries
        .first()
        .map(|entry| (entry.source.as_str(), entry.event.as_str()));
    equal("the placing comes first", &first, &Some(("order", "PENDING")))?;
    equal("it is told once", &count(&entries, "order", "PENDING"), &1)?;
    let at = entries.first().map(|entry| entry.at);
    equal("at its time", &at, &Some(order.created_at))
}

/// What was paid, what was taken and how it ended, each once and in the order of time.
pub async fn a_timeline_tells_of_payment_stock_and_end<B: Backend>(backend: &B) -> Outcome {
    let product = product(backend, 5).await?;
    let mut order = order(backend)?;
    order.items = vec![line(&product, 2)?];
    let order = place(backend, order).await?;
    let id = order.order_id;
    let charge = LedgerEntry {
        idempotency_key: format!("{id}:pay"),
        payment_id: format!("PAY-{id}"),
        order_id: id,
        amount: order.total_amount,
        currency: order.currency,
        outcome: ChargeOutcome::Charged,
        at: now(backend),
    };
    backend.record_charge(charge).await?;
    backend.take_stock(id, &order.items).await?;
    backend.cancel_order(id, "ordered twice".to_owned()).await?;
    let entries = told(backend, id).await?;
    for (source, event) in [("payment", "CHARGED"), ("stock", "TAKEN"), ("order", "CANCELLED")] {
        let times = count(&entries, source, event);
        holds("each fact is told once", times == 1, (source, event, &entries))?;
    }
    holds(
        "in the order of time",
        entries.is_sorted_by_key(|entry| entry.at),
        &entries,
    )
}

/// There is nothing to tell.
pub async fn an_unknown_order_has_no_timeline<B: Backend>(backend: &B) -> Outcome {
    let found = backend.order_timeline(backend.next_order_id()).await?;
    equal("no order, no timeline", &found, &None)
}
