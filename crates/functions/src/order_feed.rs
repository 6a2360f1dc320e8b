//! Order feed: keeps the table's changes for `GET /events`, each under the next number.
//!
//! On one machine the stream is the feed, so nobody calls this there.

use std::sync::Arc;

use ports::feed::ChangeLog;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::stream::TableChange;

/// The order feed function.
#[derive(Debug)]
pub struct OrderFeed<L> {
    log: Arc<L>,
}

impl<L> OrderFeed<L> {
    /// The function over this log.
    pub fn new(log: Arc<L>) -> Self {
        Self { log }
    }
}

impl<L: ChangeLog + 'static> OrderFeed<L> {
    /// Keeps a batch of the table's changes.
    ///
    /// # Errors
    /// `StoreFailed`; the stream delivers the batch again then, and nothing is kept twice.
    pub async fn handle(&self, changes: &[Arc<dyn TableChange>]) -> Result<(), FunctionError> {
        self.log
            .append_changes(changes.iter().map(|change| change.to_record()).collect())
            .await
            .map_err(|failure| FunctionError {
                error_type: "StoreFailed".to_owned(),
                message: crate::with_causes(&failure),
            })
    }
}

impl<L: ChangeLog + 'static> Handler for OrderFeed<L> {
    fn call(self: Arc<Self>, invocation: Invocation, _context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Stream(changes) => self.handle(&changes).await.map(|()| Reply::Done),
                Invocation::Api(_) | Invocation::Sqs(_) | Invocation::Sns(_) | Invocation::Direct(_) => {
                    Err(crate::wrong_event("order-feed", "a batch of the table's stream"))
                }
            }
        })
    }
}
