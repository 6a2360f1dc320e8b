//! Order query: answers what clients ask of orders, products and events; cancels orders; keeps the catalogue.

use std::sync::Arc;

use ports::catalogue::Catalogue;
use ports::feed::ChangeFeed;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::orders::{CancelOrder, OrderQueries};

/// Order query: answers what clients ask of orders, products and events; cancels orders; keeps the catalogue.
#[derive(Debug)]
pub struct OrderQuery<S> {
    store: Arc<S>,
}

impl<S> OrderQuery<S> {
    /// The function over these ports.
    pub fn new(store: Arc<S>) -> Self {
        Self { store }
    }
}

impl<S> OrderQuery<S>
where
    S: OrderQueries + CancelOrder + Catalogue + ChangeFeed + 'static,
{
    async fn handle(&self, invocation: Invocation, _context: Context) -> Result<Reply, FunctionError> {
        match invocation {
            Invocation::Api(_)
            | Invocation::Sqs(_)
            | Invocation::Sns(_)
            | Invocation::Stream(_)
            | Invocation::Direct(_) => Err(crate::wrong_event("order_query", "an API request")),
        }
    }
}

impl<S> Handler for OrderQuery<S>
where
    S: OrderQueries + CancelOrder + Catalogue + ChangeFeed + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move { self.handle(invocation, context).await })
    }
}
