//! From the queue into the workflow.

use std::future::Future;

use domain::{OrderId, Timestamp};

use crate::StoreError;

/// What became of one order's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Now PROCESSING, published, execution started.
    Started,
    /// All that was done before; the message is a repeat.
    AlreadyStarted,
    /// The order was cancelled or ended before; there is nothing to do.
    Ended,
}

/// Why one order could not be begun. Its message goes back to the queue.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The message names an order that doesn't exist.
    #[error("there is no order {0}")]
    NotFound(OrderId),
    /// The message's `createdAt` is not the order's, so it is not of this order.
    #[error("order {id} was not created at {created_at}")]
    WrongKey {
        /// The order named.
        id: OrderId,
        /// The sort key named.
        created_at: Timestamp,
    },
    /// The store failed.
    #[error("could not begin order {id}")]
    Store {
        /// The order.
        id: OrderId,
        /// Why.
        source: StoreError,
    },
}

/// An order to begin, as its queue message names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginOrder {
    /// Partition key.
    pub order_id: OrderId,
    /// Sort key.
    pub created_at: Timestamp,
    /// The trace that the order belongs to.
    pub trace_id: String,
    /// X-Ray's header that the message came with, where it came with one: what of the order's trace led here, and whether
    /// the trace is recorded.
    pub trace_header: Option<String>,
}

/// Begins the processing of orders.
pub trait BeginProcessing: Send + Sync {
    /// For each order: status PENDING to PROCESSING, the notification `PROCESSING` published, its execution started
    /// under the order's id as its name. One answer an order, in the order given; one order's failure touches no other.
    ///
    /// Safe to repeat: the start is idempotent by the execution's name.
    fn begin_processing(
        &self,
        orders: Vec<BeginOrder>,
    ) -> impl Future<Output = Vec<Result<Begun, BeginError>>> + Send;
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Orders whose message was sent again.
    pub queued: u64,
    /// Orders whose message was sent again as often as makes sense, and that nobody took up: each has its `attention`
    /// attribute now.
    pub stranded: u64,
    /// Orders whose cancellation was published.
    pub published: u64,
    /// What could not be done: orders, or a look for them.
    pub failed: u64,
}

/// Takes up what was left lying between two calls, where a write and what follows from it are not one transaction.
pub trait SweepOrders: Send + Sync {
    /// Sends the message of each order that is PENDING since before `before`, and publishes each cancellation from before
    /// then that nobody was told of. Both may be repeats; to begin an order or tell of it twice changes nothing.
    ///
    /// Each order is taken up by itself, and only what was sent counts as sent. What failed is logged and counted in
    /// [`Swept::failed`], stands as it stood, and is found by the next sweep.
    fn sweep_orders(&self, before: Timestamp) -> impl Future<Output = Swept> + Send;
}
