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
    /// `SweepIncomplete` when something failed, after all else was done; the next call takes up what this one did not.
    pub async fn sweep(&self) -> Result<Swept, FunctionError> {
        let before = Timestamp::from_ms(self.clock.now().as_ms() - STALE_AFTER_MS);
        let swept = self.store.sweep_orders(before).await;
        for (kind, count) in [
            ("Queued", swept.queued),
            ("Published", swept.published),
            ("Failed", swept.failed),
        ] {
            self.metrics.count("OrdersSwept", &[("Kind", kind)], count);
        }
        // An alarm of its own: these wait for a person.
        self.metrics.count("OrdersStranded", &[], swept.stranded);
        if swept != Swept::default() {
            tracing::warn!(
                event_type = "orders_swept",
                queued = swept.queued,
                stranded = swept.stranded,
                published = swept.published,
                failed = swept.failed,
            );
        }
        if swept.failed > 0 {
            return Err(FunctionError {
                error_type: "SweepIncomplete".to_owned(),
                message: format!(
                    "{} could not be taken up; the log says why, and the next sweep tries again",
                    swept.failed
                ),
            });
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
                    Ok(Reply::Value(json!({
                        "queued": swept.queued,
                        "stranded": swept.stranded,
                        "published": swept.published,
                    })))
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

    use super::*;
    use crate::test_ports::{Counts, context};

    /// Sweeps what it is told, and notes what was asked.
    struct Store(Swept, Mutex<Vec<Timestamp>>);

    impl SweepOrders for Store {
        async fn sweep_orders(&self, before: Timestamp) -> Swept {
            self.1.lock().unwrap().push(before);
            self.0
        }
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            "2026-01-15T12:00:00.000Z".parse().unwrap()
        }
    }

    type Parts = (Arc<OrderSweep<Store, Noon, Counts>>, Arc<Store>, Arc<Counts>);

    fn sweep(found: Swept) -> Parts {
        let store = Arc::new(Store(found, Mutex::default()));
        let metrics = Arc::new(Counts::default());
        let function = OrderSweep::new(Arc::clone(&store), Arc::new(Noon), Arc::clone(&metrics));
        (Arc::new(function), store, metrics)
    }

    fn event() -> Invocation {
        Invocation::Direct(json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))
    }

    #[tokio::test]
    async fn what_is_older_than_two_minutes_is_taken_up() {
        let (function, store, metrics) = sweep(Swept {
            queued: 2,
            stranded: 3,
            published: 1,
            failed: 0,
        });
        let Ok(Reply::Value(answer)) = function.call(event(), context()).await else {
            panic!("no answer")
        };
        assert_eq!(answer.to_string(), r#"{"queued":2,"stranded":3,"published":1}"#);
        assert_eq!(store.1.lock().unwrap()[0].to_string(), "2026-01-15T11:58:00.000Z");
        assert_eq!(
            metrics.take(),
            [
                "OrdersSwept{Kind=Queued} +2",
                "OrdersSwept{Kind=Published} +1",
                "OrdersSwept{Kind=Failed} +0",
                "OrdersStranded{} +3",
            ]
        );
    }

    #[tokio::test]
    async fn what_failed_fails_the_call_and_what_was_done_is_counted() {
        let (function, _, metrics) = sweep(Swept {
            queued: 2,
            stranded: 0,
            published: 1,
            failed: 4,
        });
        let error = function.call(event(), context()).await.unwrap_err();
        assert_eq!(error.error_type, "SweepIncomplete");
        assert!(error.message.starts_with("4 "), "{}", error.message);
        assert_eq!(
            metrics.take()[..2],
            ["OrdersSwept{Kind=Queued} +2", "OrdersSwept{Kind=Published} +1"]
        );
    }
}
