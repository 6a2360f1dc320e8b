//! The orders table: placing, reading, listing and cancelling.

use std::future::Future;
use std::sync::Arc;

use domain::{CustomerId, Order, OrderId, OrderStatus, PlacedOrder, Placement, Timestamp};

use crate::StoreError;

/// A client's `Idempotency-Key` with what it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// SHA-256 over the API key's id and the client's key, so that clients can't meet each other's keys.
    pub key_hash: [u8; 32],
    /// SHA-256 of the request body.
    pub body_hash: [u8; 32],
}

/// What became of a placed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// Stored now.
    Created(Arc<PlacedOrder>),
    /// The same key and body were answered before, with this order.
    Replayed(Arc<PlacedOrder>),
}

/// Why an order was not placed. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// The idempotency key was used with another body within 24 hours.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// A request with the same key is under way right now.
    #[error("a request with this idempotency key is under way")]
    InFlight,
    /// The id exists already. The caller makes another and tries again.
    #[error("order id {0} exists already")]
    DuplicateId(OrderId),
    /// The store failed.
    #[error("could not store order {id}")]
    Store {
        /// The order.
        id: OrderId,
        /// Why.
        source: StoreError,
    },
}

/// Places orders.
pub trait PlaceOrder: Send + Sync {
    /// Stores `order` as PENDING and sees to it that processing gets its message.
    ///
    /// When it returns [`Placed::Created`], the order is durable together with its idempotency record and its stream
    /// record, and its message is on the queue, or will be put there by the sweep of stale PENDING orders without
    /// anybody's help. Idempotency records are kept for 24 hours.
    fn place_order(
        &self,
        order: Placement,
        idempotency: Option<Idempotency>,
    ) -> impl Future<Output = Result<Placed, PlaceOrderError>> + Send;

    /// The order that was placed with this key and body before, within 24 hours.
    ///
    /// Asked when a repeated request would fail by now, because a price or a product changed since: its client still
    /// gets the first answer. Errors are those of [`Self::place_order`]; only [`PlaceOrderError::KeyReused`],
    /// [`PlaceOrderError::InFlight`] and [`PlaceOrderError::Store`] (with the id to be placed, `id`) come back.
    fn find_placed(
        &self,
        id: OrderId,
        idempotency: Idempotency,
    ) -> impl Future<Output = Result<Option<Arc<PlacedOrder>>, PlaceOrderError>> + Send;
}

/// Which orders to list. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// With this status: the status index.
    pub status: Option<OrderStatus>,
    /// Of this customer.
    pub customer_id: Option<CustomerId>,
    /// Created at this time or later.
    pub from: Option<Timestamp>,
    /// Created before this time.
    pub to: Option<Timestamp>,
    /// Only orders that need attention.
    pub needs_attention: bool,
}

/// A page of orders, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// At most as many as asked for.
    pub orders: Vec<Order>,
    /// The last order looked at, when there may be more: pass it as `after`.
    pub next: Option<OrderId>,
}

/// One fact about an order, for its timeline.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What part of the system: `order`, `queue`, `execution`, `payment`, `stock`, `notification`.
    pub source: String,
    /// What happened, in the field's own terms: `TaskStateEntered`, `CHARGED`, `PENDING`.
    pub event: String,
    /// A sentence for a person.
    pub summary: String,
    /// The details, as recorded.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub detail: serde_json::Value,
}

/// Reads orders. What was answered by a write before is seen.
pub trait OrderQueries: Send + Sync {
    /// The order of this id.
    fn get_order(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, StoreError>> + Send;

    /// A page of at most `limit` (1 to 100) orders, newest first, older than `after`.
    fn list_orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> impl Future<Output = Result<OrderPage, StoreError>> + Send;

    /// Every fact about the order in time order; `None` when there's no such order.
    fn order_timeline(
        &self,
        id: OrderId,
    ) -> impl Future<Output = Result<Option<Vec<TimelineEntry>>, StoreError>> + Send;
}

/// Why an order was not cancelled. It stands as it stood.
#[derive(Debug, thiserror::Error)]
pub enum CancelOrderError {
    /// There's no such order.
    #[error("there is no order {0}")]
    NotFound(OrderId),
    /// It ended already.
    #[error("the order is {0} already")]
    Ended(OrderStatus),
    /// The store failed.
    #[error("could not cancel order {id}")]
    Store {
        /// The order.
        id: OrderId,
        /// Why.
        source: StoreError,
    },
}

/// Cancels orders.
pub trait CancelOrder: Send + Sync {
    /// Makes a PENDING or PROCESSING order CANCELLED and publishes that, both or neither.
    ///
    /// An execution under way finds the order CANCELLED at its next conditional step and gives back what it took.
    fn cancel_order(
        &self,
        id: OrderId,
        reason: String,
    ) -> impl Future<Output = Result<Order, CancelOrderError>> + Send;
}
