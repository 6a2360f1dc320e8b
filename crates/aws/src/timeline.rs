//! An order's timeline: facts from the tables and the execution's history, in one order.

mod facts;
mod history;

use domain::OrderId;
use futures_util::future::try_join4;
use ports::StoreError;
use ports::orders::{OrderQueries, TimelineEntry};

use crate::store::Store;

/// Every fact about the order; `None` when there's no such order.
pub(crate) async fn order_timeline(
    store: &Store,
    id: OrderId,
) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
    let Some(order) = store.get_order(id).await? else {
        return Ok(None);
    };
    let mut entries = vec![facts::of_placing(&order)];
    let (history, payments, stock, messages) = try_join4(
        history::of_execution(store, id),
        facts::of_payments(store, id),
        facts::of_stock(store, id),
        facts::of_messages(store, id),
    )
    .await?;
    for facts in [history::entries(history, &order), payments, stock, messages] {
        entries.extend(facts);
    }
    entries.extend(facts::of_status(&order));
    // A stable sort: what happened in one millisecond stays in the order of the parts above.
    entries.sort_by_key(|entry| entry.at);
    Ok(Some(entries))
}
