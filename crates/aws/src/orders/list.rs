//! Listing: newest first, from the index by status and time.
//!
//! Without a status the five statuses are read side by side and merged. A page ends at a moment up to which every status
//! was read, so nothing between two pages is left out; orders of one millisecond are told apart by their ids. The index
//! follows the table within a second or so.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Order, OrderId, OrderStatus, Timestamp};
use futures_util::future::try_join_all;
use ports::StoreError;
use ports::orders::{OrderFilter, OrderPage};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, read_order, text};
use crate::store::{Store, call};
use crate::transact::s;

/// The index.
const STATUS_INDEX: &str = "status-index";

/// How many orders one query looks at when a filter may drop most of them.
const FILTERED_PAGE: i32 = 1_000;

/// After how many queries of one status a page ends, full or not; its cursor goes on from there.
const MAX_QUERIES: u32 = 10;

pub(super) async fn list_orders(
    store: &Store,
    filter: &OrderFilter,
    after: Option<OrderId>,
    limit: u32,
) -> Result<OrderPage, StoreError> {
    let limit = limit.clamp(1, 100) as usize;
    let Some(span) = Span::new(filter, after) else {
        return Ok(OrderPage {
            orders: Vec::new(),
            next: None,
        });
    };
    let statuses: Vec<OrderStatus> = match filter.status {
        Some(status) => vec![status],
        None => OrderStatus::ALL.to_vec(),
    };
    let reads = statuses
        .into_iter()
        .map(|status| read_status(store, filter, span, status, limit));
    Ok(merge(try_join_all(reads).await?, limit))
}

/// The time that is looked at, and the order before which a page begins.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Timestamp,
    /// The last moment of it.
    to: Timestamp,
    before: Option<OrderId>,
}

impl Span {
    /// `None` when it holds no moment.
    fn new(filter: &OrderFilter, after: Option<OrderId>) -> Option<Self> {
        let from = filter.from.unwrap_or(Timestamp::from_ms(i64::MIN));
        let end = |to: Timestamp| Timestamp::from_ms(to.as_ms().saturating_sub(1));
        let to = filter.to.map_or(Timestamp::from_ms(i64::MAX), end);
        let to = after.map_or(to, |after| to.min(after.created_at()));
        (from <= to).then_some(Self {
            from,
            to,
            before: after,
        })
    }
}

/// What was read of one status.
#[derive(Debug, Default)]
struct Read {
    orders: Vec<Order>,
    /// All orders that are younger than this were read; `None` when all were.
    frontier: Option<Timestamp>,
}

async fn read_status(
    store: &Store,
    filter: &OrderFilter,
    span: Span,
    status: OrderStatus,
    limit: usize,
) -> Result<Read, StoreError> {
    let mut read = Read::default();
    let mut start_key = None;
    let mut queries = 0;
    loop {
        let (items, next_key) = query(store, filter, span, status, limit, start_key).await?;
        queries += 1;
        for item in &items {
            let order = read_order(item)?;
            if span.before.is_none_or(|before| order.placed.order_id < before) {
                read.orders.push(order);
            }
        }
        let Some(key) = next_key else {
            read.frontier = None;
            return Ok(read);
        };
        let frontier: Timestamp = text(&key, "createdAt")
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| Damaged::new("createdAt", "of the index's last key"))?;
        read.frontier = Some(frontier);
        let whole = read
            .orders
            .iter()
            .filter(|order| order.placed.created_at > frontier);
        // A page has to get on by a millisecond at least, or its cursor would lead to where it began.
        if frontier < span.to && (whole.count() > limit || queries >= MAX_QUERIES) {
            return Ok(read);
        }
        start_key = Some(key);
    }
}

async fn query(
    store: &Store,
    filter: &OrderFilter,
    span: Span,
    status: OrderStatus,
    limit: usize,
    start_key: Option<Attributes>,
) -> Result<(Vec<Attributes>, Option<Attributes>), StoreError> {
    let mut conditions = Vec::new();
    let mut request = store
        .dynamodb()
        .query()
        .table_name(store.name(Variable::OrdersTable)?)
        .index_name(STATUS_INDEX)
        .scan_index_forward(false)
        .key_condition_expression("#s = :status AND createdAt BETWEEN :from AND :to")
        .expression_attribute_names("#s", "status")
        .expression_attribute_values(":status", s(status.as_str()))
        .expression_attribute_values(":from", s(span.from.to_string()))
        .expression_attribute_values(":to", s(span.to.to_string()))
        .set_exclusive_start_key(start_key);
    if let Some(customer) = &filter.customer_id {
        conditions.push("customerId = :customer");
        request = request.expression_attribute_values(":customer", AttributeValue::S(customer.to_string()));
    }
    if filter.needs_attention {
        conditions.push("attribute_exists(attention)");
    }
    let page = if conditions.is_empty() {
        // One more than the page tells whether another follows.
        i32::try_from(limit + 1).unwrap_or(FILTERED_PAGE)
    } else {
        request = request.filter_expression(conditions.join(" AND "));
        FILTERED_PAGE
    };
    let answer = call("dynamodb", "Query", request.limit(page).send())
        .await
        .map_err(store_error)?;
    let next = answer.last_evaluated_key.filter(|key| !key.is_empty());
    Ok((answer.items.unwrap_or_default(), next))
}

/// The newest of all, as far as every status was read.
fn merge(reads: Vec<Read>, limit: usize) -> OrderPage {
    let frontier = reads.iter().filter_map(|read| read.frontier).max();
    let mut orders: Vec<Order> = reads.into_iter().flat_map(|read| read.orders).collect();
    orders.retain(|order| frontier.is_none_or(|frontier| order.placed.created_at > frontier));
    orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.placed.order_id));
    // The index may show an order under its old status and its new one for a moment.
    orders.dedup_by_key(|order| order.placed.order_id);
    let more = orders.len() > limit;
    orders.truncate(limit);
    let last = orders.last().map(|order| order.placed.order_id);
    let next = match frontier {
        _ if more => last,
        Some(_) if orders.len() == limit => last,
        Some(frontier) => Some(first_of(frontier)),
        None => None,
    };
    OrderPage { orders, next }
}

/// The greatest id of the moment: a page after it begins with all orders of that moment.
fn first_of(at: Timestamp) -> OrderId {
    let ms = u64::try_from(at.as_ms()).unwrap_or(0);
    OrderId::from_parts(ms, OrderId::PER_MILLISECOND - 1, u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(ms: u64, counter: u16) -> Order {
        let id = OrderId::from_parts(ms, counter, 0);
        let placed = format!(
            r#"{{"orderId":"{id}","customerId":"C","totalAmount":1,"currency":"USD","createdAt":"{}","items":[],
                "traceId":""}}"#,
            id.created_at()
        );
        let state = format!(r#"{{"status":"PENDING","updatedAt":"{}"}}"#, id.created_at());
        Order {
            placed: serde_json::from_str(&placed).unwrap(),
            state: serde_json::from_str(&state).unwrap(),
        }
    }

    fn read(orders: &[(u64, u16)], frontier: Option<i64>) -> Read {
        Read {
            orders: orders.iter().map(|(ms, counter)| order(*ms, *counter)).collect(),
            frontier: frontier.map(Timestamp::from_ms),
        }
    }

    fn shown(page: &OrderPage) -> Vec<(u64, u16)> {
        let place = |id: OrderId| (id.created_at_ms(), id.counter());
        page.orders
            .iter()
            .map(|order| place(order.placed.order_id))
            .collect()
    }

    #[test]
    fn statuses_are_merged_newest_first_and_by_id_within_a_millisecond() {
        let page = merge(
            vec![read(&[(5, 1), (3, 0)], None), read(&[(5, 2), (4, 0)], None)],
            3,
        );
        assert_eq!(shown(&page), [(5, 2), (5, 1), (4, 0)]);
        assert_eq!(page.next, page.orders.last().map(|order| order.placed.order_id));
        let all = merge(vec![read(&[(5, 1)], None)], 1);
        assert_eq!(all.next, None);
    }

    #[test]
    fn nothing_is_shown_that_another_status_may_stand_before() {
        // The first status was read down to 4, the second to its end: what is at 4 or older waits for the next page.
        let page = merge(
            vec![
                read(&[(6, 0), (4, 1)], Some(4)),
                read(&[(5, 0), (4, 0), (1, 0)], None),
            ],
            10,
        );
        assert_eq!(shown(&page), [(6, 0), (5, 0)]);
        assert_eq!(page.next, Some(first_of(Timestamp::from_ms(4))));
        assert!(page.next.unwrap() > order(4, 1).placed.order_id);
    }

    #[test]
    fn an_empty_page_still_leads_on() {
        let page = merge(vec![read(&[], Some(7))], 10);
        assert!(page.orders.is_empty());
        assert_eq!(page.next.unwrap().created_at_ms(), 7);
    }

    #[test]
    fn a_span_that_holds_no_moment_is_not_asked_for() {
        let filter = OrderFilter {
            from: Some(Timestamp::from_ms(10)),
            to: Some(Timestamp::from_ms(10)),
            ..OrderFilter::default()
        };
        assert!(Span::new(&filter, None).is_none());
        let before = OrderId::from_parts(9, 0, 0);
        let filter = OrderFilter { to: None, ..filter };
        assert!(Span::new(&filter, Some(before)).is_none());
    }
}
