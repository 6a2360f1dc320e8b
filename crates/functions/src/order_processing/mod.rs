//! Order processing, in both of the seed's modes (section 3).
//!
//! With a batch of the queue it begins the processing of each order. Called directly, by the workflow, it does the one
//! step that `action` names: takes the payment, takes the stock, or gives back what was taken. Every step may be
//! repeated: what it does is done once per order or per key, whatever is delivered or retried.

mod begin_orders;
mod process_payment;
mod refund_payment;
mod task;
#[cfg(test)]
mod tests;
mod update_inventory;

use std::sync::Arc;

use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::inventory::Inventory;
use ports::metrics::Metrics;
use ports::orders::OrderQueries;
use ports::payment::PaymentGateway;
use ports::processing::BeginProcessing;
use ports::trace::{self, Segment, Service, ServiceKind};
use serde_json::Value;

use task::Task;

/// A call of the payment gateway begins: a part of the service map, though none of ours.
fn call_gateway(what: &'static str) -> Segment {
    trace::call(Service::new("payment-gateway", ServiceKind::External), what)
}

/// The order processing function.
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
    /// Does one step of the workflow.
    ///
    /// # Errors
    /// What the step failed with, under the name that the workflow's Retry and Catch match.
    pub async fn run_task(&self, input: &Value) -> Result<Value, FunctionError> {
        let store = self.store.as_ref();
        let (gateway, metrics) = (self.gateway.as_ref(), self.metrics.as_ref());
        match task::read_task(input)? {
            Task::ProcessPayment(task) => {
                process_payment::process_payment(store, gateway, metrics, task).await
            }
            Task::UpdateInventory(task) => update_inventory::update_inventory(store, metrics, task).await,
            Task::RefundPayment(task) => refund_payment::refund_payment(store, gateway, metrics, task).await,
        }
    }
}

impl<S, G, M> Handler for OrderProcessing<S, G, M>
where
    S: BeginProcessing + OrderQueries + Inventory + 'static,
    G: PaymentGateway + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, _context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Sqs(batch) => {
                    let failures =
                        begin_orders::begin_orders(self.store.as_ref(), self.metrics.as_ref(), batch).await;
                    Ok(Reply::Batch(failures))
                }
                Invocation::Direct(input) => self.run_task(&input).await.map(Reply::Value),
                Invocation::Api(_) | Invocation::Sns(_) | Invocation::Stream(_) => Err(crate::wrong_event(
                    "order-processing",
                    "a batch of the queue or a direct invocation",
                )),
            }
        })
    }
}
