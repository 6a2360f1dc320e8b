//! Order creation: checks an order, stores it with its message to processing, and answers.

use std::sync::Arc;

use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::orders::PlaceOrder;

/// Order creation: checks an order, stores it with its message to processing, and answers.
#[derive(Debug)]
pub struct OrderCreation<S, I, M> {
    store: Arc<S>,
    ids: Arc<I>,
    metrics: Arc<M>,
}

impl<S, I, M> OrderCreation<S, I, M> {
    /// The function over these ports.
    pub fn new(store: Arc<S>, ids: Arc<I>, metrics: Arc<M>) -> Self {
        Self { store, ids, metrics }
    }
}

impl<S, I, M> OrderCreation<S, I, M>
where
    S: PlaceOrder + Catalogue + 'static,
    I: OrderIds + 'static,
    M: Metrics + 'static,
{
    async fn handle(&self, invocation: Invocation, _context: Context) -> Result<Reply, FunctionError> {
        match invocation {
            Invocation::Api(_)
            | Invocation::Sqs(_)
            | Invocation::Sns(_)
            | Invocation::Stream(_)
            | Invocation::Direct(_) => Err(crate::wrong_event("order_creation", "an API request")),
        }
    }
}

impl<S, I, M> Handler for OrderCreation<S, I, M>
where
    S: PlaceOrder + Catalogue + 'static,
    I: OrderIds + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move { self.handle(invocation, context).await })
    }
}
