//! Order analytics: the business figures of the seed's section 8, kept as a materialised view of the table's changes.
//!
//! Orders per hour, average order value, conversion rate and payment success rate, by the hour in which the orders were
//! created. The view adds each record of the stream once, however often and in whatever batches the stream delivers it.

mod delta;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ports::analytics::AnalyticsView;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::stream::TableChange;

use delta::RecordError;

/// The order analytics function.
#[derive(Debug)]
pub struct OrderAnalytics<V> {
    view: Arc<V>,
}

impl<V> OrderAnalytics<V> {
    /// The function over this view.
    pub fn new(view: Arc<V>) -> Self {
        Self { view }
    }
}

impl<V> OrderAnalytics<V>
where
    V: AnalyticsView + 'static,
{
    /// Adds a batch of the table's changes to the view; nothing of a batch with a record that can't be read.
    ///
    /// # Errors
    /// `InvalidRecord` for a record that is no change of an order, `StoreFailed` when the view fails.
    pub async fn handle(&self, changes: &[Arc<dyn TableChange>]) -> Result<(), FunctionError> {
        let mut figures = Vec::with_capacity(changes.len());
        for change in changes {
            figures.extend(delta::record_figures(change.as_ref()).map_err(|error| invalid(&error))?);
        }
        if figures.is_empty() {
            return Ok(());
        }
        let shard = changes.first().and_then(|change| change.source_arn());
        let added = self
            .view
            .add_figures(shard.unwrap_or_default().to_owned(), figures)
            .await;
        added.map_err(|failure| FunctionError {
            error_type: "StoreFailed".to_owned(),
            message: crate::with_causes(&failure),
        })
    }
}

fn invalid(error: &RecordError) -> FunctionError {
    FunctionError {
        error_type: "InvalidRecord".to_owned(),
        message: crate::with_causes(error),
    }
}

impl<V> Handler for OrderAnalytics<V>
where
    V: AnalyticsView + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, _context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Stream(changes) => self.handle(&changes).await.map(|()| Reply::Done),
                Invocation::Api(_) | Invocation::Sqs(_) | Invocation::Sns(_) | Invocation::Direct(_) => Err(
                    crate::wrong_event("order-analytics", "a batch of the table's stream"),
                ),
            }
        })
    }
}
