//! The sweep: what a process that was killed between two calls left behind is done here.
//!
//! Two gaps: an order that was stored and whose message was not sent stays PENDING; an order that was cancelled and whose
//! news was not published has its mark still. Each order is done by itself: one that fails keeps no other waiting, and
//! the next sweep finds it again.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::{Order, OrderStatus, Timestamp};
use futures_util::future::join_all;
use ports::StoreError;
use ports::processing::{SweepOrders, Swept};
use tokio::time::Instant;

use crate::environment::Variable;
use crate::error::store_error;
use crate::item::{Attributes, Reader, order_key, read_order};
use crate::store::{Store, call};
use crate::time::now;
use crate::transact::{n, s};

/// The most orders of one sweep and kind; the next one goes on.
const MAX_ORDERS: usize = 500;

/// How many are done at the same time.
const AT_ONCE: usize = 10;

/// After this long no more orders are begun: what is under way must end before the function's own time-out.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);

/// How often an order's message is sent again. After that it is in the dead-letter queue, or the queue is far behind, and
/// a person has to look.
const MAX_SENDS: u32 = 3;

/// For how long a message that was sent again is waited for: as long as it takes to fail three times and more.
const RESEND_AFTER_MS: i64 = 15 * 60_000;

/// Why an order whose message was sent so often in vain needs attention.
const STRANDED: &str = "OrderStranded";

impl SweepOrders for Store {
    async fn sweep_orders(&self, before: Timestamp) -> Swept {
        let until = Instant::now() + BEGIN_WITHIN;
        let pending = self.sweep_pending(before, until);
        let (pending, cancelled) = tokio::join!(pending, self.sweep_cancelled(before, until));
        Swept {
            queued: pending.queued,
            stranded: pending.stranded,
            published: cancelled.published,
            failed: pending.failed + cancelled.failed,
        }
    }
}

/// What a sweep found of one kind.
#[derive(Default)]
struct Orders {
    found: Vec<Found>,
    /// How many could not be read, or looked up.
    damaged: u64,
}

/// An order that the sweep found.
struct Found {
    order: Order,
    /// How often its message was sent again.
    sent_again: u32,
}

impl Store {
    /// Sends again what was not sent, and marks what was sent in vain.
    async fn sweep_pending(&self, before: Timestamp, until: Instant) -> Swept {
        let again = Timestamp::from_ms(now().as_ms() - RESEND_AFTER_MS);
        let orders = looked_up(self.stale_pending(before, again).await);
        let (stranded, stale): (Vec<Found>, Vec<Found>) = orders
            .found
            .into_iter()
            .partition(|found| found.sent_again >= MAX_SENDS);
        let marked = for_each(&stranded, until, |found| self.mark_stranded(found)).await;
        let sent = for_each(&stale, until, |found| self.send_again(found, again)).await;
        Swept {
            queued: sent.done,
            stranded: marked.done,
            published: 0,
            failed: orders.damaged + marked.failed + sent.failed,
        }
    }

    /// Publishes what nobody was told of.
    async fn sweep_cancelled(&self, before: Timestamp, until: Instant) -> Swept {
        let orders = looked_up(self.unpublished(before).await);
        let published = for_each(&orders.found, until, |found| self.publish_found(found)).await;
        Swept {
            queued: 0,
            stranded: 0,
            published: published.done,
            failed: orders.damaged + published.failed,
        }
    }

    async fn publish_found(&self, found: &Found) -> Result<bool, StoreError> {
        self.publish_cancelled(&found.order).await?;
        Ok(true)
    }

    /// Orders that are PENDING since before, whose message was not sent again lately, and that nobody was called to.
    async fn stale_pending(&self, before: Timestamp, again: Timestamp) -> Result<Orders, StoreError> {
        let request = self
            .dynamodb()
            .query()
            .table_name(self.name(Variable::OrdersTable)?)
            .index_name("status-index")
            .key_condition_expression("#s = :status AND createdAt < :before")
            .filter_expression(
                "attribute_not_exists(attention) AND \
                 (attribute_not_exists(sentAgainAt) OR sentAgainAt < :again)",
            )
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":status", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":before", s(before.to_string()))
            .expression_attribute_values(":again", s(again.to_string()));
        let mut orders = Orders::default();
        let mut start_key = None;
        loop {
            let request = request.clone().set_exclusive_start_key(start_key);
            let answer = call("dynamodb", "Query", request.send())
                .await
                .map_err(store_error)?;
            orders.read(answer.items());
            start_key = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start_key.is_none() || orders.found.len() >= MAX_ORDERS {
                return Ok(orders);
            }
        }
    }

    /// Orders that were cancelled before, and whose cancellation nobody was told of. However old they are: the index
    /// holds nothing but orders with the mark.
    async fn unpublished(&self, before: Timestamp) -> Result<Orders, StoreError> {
        let request = self
            .dynamodb()
            .scan()
            .table_name(self.name(Variable::OrdersTable)?)
            .index_name("unpublished-index")
            .filter_expression("updatedAt < :before")
            .expression_attribute_values(":before", s(before.to_string()));
        let mut orders = Orders::default();
        let mut start_key = None;
        loop {
            let request = request.clone().set_exclusive_start_key(start_key);
            let answer = call("dynamodb", "Scan", request.send())
                .await
                .map_err(store_error)?;
            orders.read(answer.items());
            start_key = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start_key.is_none() || orders.found.len() >= MAX_ORDERS {
                return Ok(orders);
            }
        }
    }

    /// Claims the order, sends its message, then counts it. `false` when the order was taken up meanwhile, or another
    /// sweep was quicker.
    ///
    /// What could not be sent is not counted, and is free for the next sweep. What was sent and not counted is sent once
    /// more than it would have been, which changes nothing.
    async fn send_again(&self, found: &Found, again: Timestamp) -> Result<bool, StoreError> {
        let at = now();
        let claim = self
            .update_order(&found.order, at)?
            .update_expression("SET sentAgainAt = :at")
            // A repeat by the SDK after a lost answer finds its own claim.
            .condition_expression(
                "#s = :pending AND (attribute_not_exists(sentAgainAt) OR sentAgainAt < :again OR sentAgainAt = :at)",
            )
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":pending", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":again", s(again.to_string()));
        if !held(claim).await? {
            return Ok(false);
        }
        if let Err(error) = self.send_order(&found.order.placed).await {
            let release = self
                .update_order(&found.order, at)?
                .update_expression("REMOVE sentAgainAt")
                .condition_expression("sentAgainAt = :at");
            // If this fails too the order is free again in a quarter of an hour.
            let _ = held(release).await;
            return Err(error);
        }
        let count = self
            .update_order(&found.order, at)?
            .update_expression("SET sentAgain = :count")
            .condition_expression("sentAgainAt = :at")
            .expression_attribute_values(":count", n(found.sent_again + 1));
        held(count).await?;
        Ok(true)
    }

    /// Says on the order that it needs attention. `false` when it was taken up meanwhile.
    async fn mark_stranded(&self, found: &Found) -> Result<bool, StoreError> {
        let mark = self
            .update_order(&found.order, now())?
            .update_expression("SET attention = :why, updatedAt = :at")
            .condition_expression("#s = :pending AND (attribute_not_exists(attention) OR attention = :why)")
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":pending", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":why", s(STRANDED));
        let marked = held(mark).await?;
        if marked {
            let placed = &found.order.placed;
            tracing::error!(event_type = "order_stranded", orderId = %placed.order_id, traceId = placed.trace_id);
        }
        Ok(marked)
    }

    fn update_order(&self, order: &Order, at: Timestamp) -> Result<UpdateItemFluentBuilder, StoreError> {
        Ok(self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OrdersTable)?)
            .set_key(Some(order_key(order.placed.order_id)))
            .expression_attribute_values(":at", s(at.to_string())))
    }
}

/// Whether the update's condition held, so that it was written.
async fn held(update: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
    match call("dynamodb", "UpdateItem", update.send()).await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Some(_) | None => Err(store_error(error)),
        },
    }
}

impl Orders {
    /// Takes the items in, up to the bound. One that can't be read keeps no other waiting.
    fn read(&mut self, items: &[Attributes]) {
        for item in items.iter().take(MAX_ORDERS - self.found.len().min(MAX_ORDERS)) {
            let reader = Reader { item, of: "an order" };
            match read_order(item) {
                Ok(order) => self.found.push(Found {
                    order,
                    sent_again: reader.number("sentAgain").unwrap_or_default(),
                }),
                Err(damaged) => {
                    not_swept(None, &damaged);
                    self.damaged += 1;
                }
            }
        }
    }
}

/// What was found; a look that failed is a failure, and nothing was found.
fn looked_up(orders: Result<Orders, StoreError>) -> Orders {
    orders.unwrap_or_else(|error| {
        not_swept(None, &error);
        Orders {
            found: Vec::new(),
            damaged: 1,
        }
    })
}

/// What came of several orders.
#[derive(Debug, Default)]
struct Tally {
    done: u64,
    failed: u64,
}

/// Does the work for one order after the other, some at a time, whatever becomes of each.
async fn for_each<'a, F>(found: &'a [Found], until: Instant, work: impl Fn(&'a Found) -> F) -> Tally
where
    F: Future<Output = Result<bool, StoreError>>,
{
    let mut tally = Tally::default();
    for some in found.chunks(AT_ONCE) {
        if Instant::now() >= until {
            break;
        }
        let outcomes = join_all(some.iter().map(&work)).await;
        for (found, outcome) in some.iter().zip(outcomes) {
            match outcome {
                Ok(true) => tally.done += 1,
                Ok(false) => {}
                Err(error) => {
                    not_swept(Some(&found.order), &error);
                    tally.failed += 1;
                }
            }
        }
    }
    tally
}

fn not_swept(order: Option<&Order>, error: &(dyn std::error::Error + 'static)) {
    tracing::error!(
        event_type = "order_not_swept",
        orderId = order.map(|order| order.placed.order_id.to_string()),
        traceId = order.map(|order| order.placed.trace_id.as_str()),
        error
    );
}
