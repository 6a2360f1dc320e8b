//! The sweep: what a process that was killed between two calls left behind is done here.
//!
//! Two gaps: an order that was stored and whose message was not sent stays PENDING; an order that was cancelled and whose
//! news was not published has its mark still.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::{Order, OrderStatus, Timestamp};
use futures_util::future::try_join_all;
use ports::StoreError;
use ports::processing::{SweepOrders, Swept};

use crate::environment::Variable;
use crate::error::store_error;
use crate::item::{Attributes, order_key, read_order};
use crate::store::{Store, call};
use crate::time::now;
use crate::transact::{n, s};

/// The most orders of one sweep and kind; the next one goes on.
const MAX_ORDERS: usize = 500;

/// How many are done at the same time.
const AT_ONCE: usize = 10;

/// How often an order's message is sent again. After that it is in the dead-letter queue, or the queue is far behind.
const MAX_SENDS: u32 = 3;

/// For how long a message that was sent again is waited for: as long as it takes to fail three times and more.
const RESEND_AFTER_MS: i64 = 15 * 60_000;

/// How old an order may be whose cancellation was not published. An order is cancelled within minutes or not at all.
const CANCELLED_WITHIN_MS: i64 = 24 * 3_600_000;

impl SweepOrders for Store {
    async fn sweep_orders(&self, before: Timestamp) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        let again = Timestamp::from_ms(now().as_ms() - RESEND_AFTER_MS);
        for orders in self.stale_pending(before, again).await?.chunks(AT_ONCE) {
            let sent = try_join_all(orders.iter().map(|order| self.send_again(order, again))).await?;
            swept.queued += sent.into_iter().filter(|sent| *sent).count() as u64;
        }
        for orders in self.unpublished(before).await?.chunks(AT_ONCE) {
            try_join_all(orders.iter().map(|order| self.publish_cancelled(order))).await?;
            swept.published += orders.len() as u64;
        }
        Ok(swept)
    }
}

impl Store {
    /// Orders that are PENDING since before, and whose message was not sent again lately.
    async fn stale_pending(&self, before: Timestamp, again: Timestamp) -> Result<Vec<Order>, StoreError> {
        let request = self
            .dynamodb()
            .query()
            .key_condition_expression("#s = :status AND createdAt < :before")
            .filter_expression(
                "(attribute_not_exists(sentAgain) OR sentAgain < :max) AND \
                 (attribute_not_exists(sentAgainAt) OR sentAgainAt < :again)",
            )
            .expression_attribute_values(":status", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":before", s(before.to_string()))
            .expression_attribute_values(":max", n(MAX_SENDS))
            .expression_attribute_values(":again", s(again.to_string()));
        self.by_status(request).await
    }

    /// Orders that were cancelled before, and whose cancellation nobody was told of.
    async fn unpublished(&self, before: Timestamp) -> Result<Vec<Order>, StoreError> {
        let from = Timestamp::from_ms(before.as_ms() - CANCELLED_WITHIN_MS);
        let request = self
            .dynamodb()
            .query()
            .key_condition_expression("#s = :status AND createdAt BETWEEN :from AND :to")
            .filter_expression("attribute_exists(unpublished) AND updatedAt < :before")
            .expression_attribute_values(":status", s(OrderStatus::Cancelled.as_str()))
            .expression_attribute_values(":from", s(from.to_string()))
            .expression_attribute_values(":to", s(now().to_string()))
            .expression_attribute_values(":before", s(before.to_string()));
        self.by_status(request).await
    }

    /// Runs a query of the status index, oldest first.
    async fn by_status(
        &self,
        request: aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder,
    ) -> Result<Vec<Order>, StoreError> {
        let mut orders = Vec::new();
        let mut start_key: Option<Attributes> = None;
        loop {
            let request = request
                .clone()
                .table_name(self.name(Variable::OrdersTable)?)
                .index_name("status-index")
                .expression_attribute_names("#s", "status")
                .set_exclusive_start_key(start_key);
            let answer = call("dynamodb", "Query", request.send())
                .await
                .map_err(store_error)?;
            for item in answer.items() {
                orders.push(read_order(item)?);
            }
            start_key = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start_key.is_none() || orders.len() >= MAX_ORDERS {
                orders.truncate(MAX_ORDERS);
                return Ok(orders);
            }
        }
    }

    /// Notes that the order's message is sent again, then sends it. `false` when the order was taken up meanwhile, or
    /// another sweep was quicker.
    async fn send_again(&self, order: &Order, again: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OrdersTable)?)
            .set_key(Some(order_key(order.placed.order_id)))
            .update_expression("SET sentAgainAt = :now ADD sentAgain :one")
            .condition_expression(
                "#s = :pending AND (attribute_not_exists(sentAgainAt) OR sentAgainAt < :again)",
            )
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":pending", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":now", s(now().to_string()))
            .expression_attribute_values(":again", s(again.to_string()))
            .expression_attribute_values(":one", n(1));
        match call("dynamodb", "UpdateItem", request.send()).await {
            Ok(_) => {}
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(false),
                Some(_) | None => return Err(store_error(error)),
            },
        }
        self.send_order(&order.placed).await?;
        Ok(true)
    }
}
