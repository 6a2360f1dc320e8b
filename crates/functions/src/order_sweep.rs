//! Order sweep: takes up, by the clock, what a killed process left lying.
//!
//! On AWS an order and its message are two calls, and so are a cancellation and its news; this function closes the gap
//! between them. On one machine each pair is one transaction, so there is nothing to sweep and nobody calls it.

use std::sync::Arc;

use domain::Timestamp;
use ports::clock::Clock;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::processing::{SweepOrders, Swept};
use serde_json::json;

/// An order that is younger than this may still be on its way.
const STALE_AFTER_MS: i64 = 2 * 60_000;

/// The order sweep function.
#[derive(Debug)]
pub struct OrderSweep<S, C, M> {
    store: Arc<S>,
    clock: Arc<C>,
    metrics: Arc<M>,
}

impl<S, C, M> OrderSweep<S, C, M> {
    /// The function over these ports.
    pub fn new(store: Arc<S>, clock: Arc<C>, metrics: Arc<M>) -> Self {
        Self {
            store,
            clock,
            metrics,
        }
    }
}

impl<S, C, M> OrderSweep<S, C, M>
where
    S: SweepOrders + 'static,
    C: Clock + 'static,
    M: Metrics + 'static,
{
    /// Takes up what is older than two minutes.
    ///
    /// # Errors
    /// `StoreFailed`; the next call takes up what this one did not.
    pub async fn sweep(&self) -> Result<Swept, FunctionError> {
        let before = Timestamp::from_ms(self.clock.now().as_ms() - STALE_AFTER_MS);
        let swept = self
            .store
            .sweep_orders(before)
            .await
            .map_err(|failure| FunctionError {
                error_type: "StoreFailed".to_owned(),
                message: crate::with_causes(&failure),
            })?;
        self.metrics
            .count("OrdersSwept", &[("Kind", "Queued")], swept.queued);
        self.metrics
            .count("OrdersSwept", &[("Kind", "Published")], swept.published);
        if swept != Swept::default() {
            tracing::warn!(
                event_type = "orders_swept",
                queued = swept.queued,
                published = swept.published
            );
        }
        Ok(swept)
    }
}

impl<S, C, M> Handler for OrderSweep<S, C, M>
where
    S: SweepOrders + 'static,
    C: Clock + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, _context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Direct(_) => {
                    let swept = self.sweep().await?;
                    Ok(Reply::Value(
                        json!({ "queued": swept.queued, "published": swept.published }),
                    ))
                }
                Invocation::Api(_) | Invocation::Sqs(_) | Invocation::Sns(_) | Invocation::Stream(_) => {
                    Err(crate::wrong_event("order-sweep", "a scheduled event"))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ports::StoreError;

    use super::*;
    use crate::test_ports::{Counts, context};

    /// Sweeps what it is told, and notes what was asked.
    struct Store(Swept, Mutex<Vec<Timestamp>>);

    impl SweepOrders for Store {
        async fn sweep_orders(&self, before: Timestamp) -> Result<Swept, StoreError> {
            self.1.lock().unwrap().push(before);
            Ok(self.0)
        }
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            "2026-01-15T12:00:00.000Z".parse().unwrap()
        }
    }

    #[tokio::test]
    async fn what_is_older_than_two_minutes_is_taken_up() {
        let found = Swept {
            queued: 2,
            published: 1,
        };
        let store = Arc::new(Store(found, Mutex::default()));
        let metrics = Arc::new(Counts::default());
        let function = Arc::new(OrderSweep::new(
            Arc::clone(&store),
            Arc::new(Noon),
            Arc::clone(&metrics),
        ));
        let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event" });
        let Ok(Reply::Value(answer)) = function.call(Invocation::Direct(event), context()).await else {
            panic!("no answer")
        };
        assert_eq!(answer.to_string(), r#"{"queued":2,"published":1}"#);
        assert_eq!(store.1.lock().unwrap()[0].to_string(), "2026-01-15T11:58:00.000Z");
        assert_eq!(
            metrics.take(),
            ["OrdersSwept{Kind=Queued} +2", "OrdersSwept{Kind=Published} +1"]
        );
    }
}
