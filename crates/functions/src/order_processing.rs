//! Order processing: starts the workflow of each queued order; takes and refunds payments, takes and gives back stock.

use std::sync::Arc;

use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::inventory::Inventory;
use ports::metrics::Metrics;
use ports::orders::OrderQueries;
use ports::payment::PaymentGateway;
use ports::processing::BeginProcessing;

/// Order processing: starts the workflow of each queued order; takes and refunds payments, takes and gives back stock.
#[derive(Debug)]
pub struct OrderProcessing<S, G, M> {
    store: Arc<S>,
    gateway: Arc<G>,
    metrics: Arc<M>,
}

impl<S, G, M> OrderProcessing<S, G, M> {
    /// The function over these ports.
    pub fn new(store: Arc<S>, gateway: Arc<G>, metrics: Arc<M>) -> Self {
        Self {
            store,
            gateway,
            metrics,
        }
    }
}

impl<S, G, M> OrderProcessing<S, G, M>
where
    S: BeginProcessing + OrderQueries + Inventory + 'static,
    G: PaymentGateway + 'static,
    M: Metrics + 'static,
{
    async fn handle(&self, invocation: Invocation, _context: Context) -> Result<Reply, FunctionError> {
        match invocation {
            Invocation::Api(_)
            | Invocation::Sqs(_)
            | Invocation::Sns(_)
            | Invocation::Stream(_)
            | Invocation::Direct(_) => Err(crate::wrong_event(
                "order_processing",
                "a queue batch or a direct invocation",
            )),
        }
    }
}

impl<S, G, M> Handler for OrderProcessing<S, G, M>
where
    S: BeginProcessing + OrderQueries + Inventory + 'static,
    G: PaymentGateway + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move { self.handle(invocation, context).await })
    }
}
