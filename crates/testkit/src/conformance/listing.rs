//! Lists of orders: by customer, by status, by time, in pages.

use domain::{OrderId, OrderStatus, Timestamp};
use ports::orders::OrderFilter;

use super::samples::{customer, order_at, order_of, place};
use super::{Backend, Broken, Outcome, equal};

/// A day that is long gone, so that nobody else's order is of it.
const LONG_AGO: i64 = 1_600_000_000_000;

async fn pages<B: Backend>(backend: &B, filter: &OrderFilter, limit: u32) -> Result<Vec<OrderId>, Broken> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = backend.list_orders(filter.clone(), after, limit).await?;
        let few = page.orders.len() <= limit as usize;
        super::holds("a page holds at most its limit", few, page.orders.len())?;
        found.extend(page.orders.into_iter().map(|order| order.placed.order_id));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Page after page, until there is no next.
pub async fn pages_hold_each_order_once_newest_first<B: Backend>(backend: &B) -> Outcome {
    let customer = customer(backend)?;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(place(backend, order_of(backend, &customer)?).await?.order_id);
    }
    placed.sort_unstable();
    placed.reverse();
    let filter = OrderFilter {
        customer_id: Some(customer),
        from: placed.last().map(|oldest| oldest.created_at()),
        ..OrderFilter::default()
    };
    for limit in [1, 2, 5, 100] {
        let found = pages(backend, &filter, limit).await?;
        equal("each order once, newest first", &found, &placed)?;
    }
    Ok(())
}

/// An order is listed under the status that it has, and no other.
pub async fn the_status_index_follows_the_order<B: Backend>(backend: &B) -> Outcome {
    let customer = customer(backend)?;
    let id = place(backend, order_of(backend, &customer)?).await?.order_id;
    let filter = |status| OrderFilter {
        status: Some(status),
        customer_id: Some(customer.clone()),
        from: Some(id.created_at()),
        ..OrderFilter::default()
    };
    let pending = filter(OrderStatus::Pending);
    let cancelled = filter(OrderStatus::Cancelled);
    equal(
        "PENDING at first",
        &pages(backend, &pending, 10).await?,
        &vec![id],
    )?;
    equal(
        "and not CANCELLED",
        &pages(backend, &cancelled, 10).await?,
        &vec![],
    )?;
    backend.cancel_order(id, "by the customer".to_owned()).await?;
    equal(
        "not PENDING any more",
        &pages(backend, &pending, 10).await?,
        &vec![],
    )?;
    equal("but CANCELLED", &pages(backend, &cancelled, 10).await?, &vec![id])
}

/// `[from, to)`, to the millisecond.
pub async fn a_range_of_time_includes_its_start_and_not_its_end<B: Backend>(backend: &B) -> Outcome {
    let customer = customer(backend)?;
    let start = Timestamp::from_ms(LONG_AGO);
    let mut placed = Vec::new();
    for ms in 0..4 {
        let order = order_at(backend, &customer, start, ms)?;
        placed.push(place(backend, order).await?.order_id);
    }
    for status in [None, Some(OrderStatus::Pending)] {
        let filter = OrderFilter {
            status,
            customer_id: Some(customer.clone()),
            from: Some(Timestamp::from_ms(LONG_AGO + 1)),
            to: Some(Timestamp::from_ms(LONG_AGO + 3)),
            ..OrderFilter::default()
        };
        let found = pages(backend, &filter, 100).await?;
        equal(
            "from its start, not to its end",
            &found,
            &vec![placed[2], placed[1]],
        )?;
    }
    Ok(())
}
