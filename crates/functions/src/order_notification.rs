//! Order notification: tells the customer by mail and SMS what became of the order.

use std::sync::Arc;

use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::notify::Sender;
use ports::orders::OrderQueries;

/// Order notification: tells the customer by mail and SMS what became of the order.
#[derive(Debug)]
pub struct OrderNotification<S, N, M> {
    store: Arc<S>,
    sender: Arc<N>,
    metrics: Arc<M>,
}

impl<S, N, M> OrderNotification<S, N, M> {
    /// The function over these ports.
    pub fn new(store: Arc<S>, sender: Arc<N>, metrics: Arc<M>) -> Self {
        Self {
            store,
            sender,
            metrics,
        }
    }
}

impl<S, N, M> OrderNotification<S, N, M>
where
    S: OrderQueries + 'static,
    N: Sender + 'static,
    M: Metrics + 'static,
{
    async fn handle(&self, invocation: Invocation, _context: Context) -> Result<Reply, FunctionError> {
        match invocation {
            Invocation::Api(_)
            | Invocation::Sqs(_)
            | Invocation::Sns(_)
            | Invocation::Stream(_)
            | Invocation::Direct(_) => Err(crate::wrong_event("order_notification", "a topic's delivery")),
        }
    }
}

impl<S, N, M> Handler for OrderNotification<S, N, M>
where
    S: OrderQueries + 'static,
    N: Sender + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move { self.handle(invocation, context).await })
    }
}
