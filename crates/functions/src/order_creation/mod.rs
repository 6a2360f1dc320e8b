//! Order creation: checks an order, stores it with its message to processing, and answers (the seed's section 3).
//!
//! `POST /orders` comes in as API Gateway's proxy event. All that can be wrong with the request is told at once; what is
//! right is stored and queued by one call of [`PlaceOrder`], so there is no moment at which it is one and not the other.

mod answer;
mod idempotency;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::place_order::check_against_catalogue;
use domain::{OrderId, PlaceOrderRequest, PlacedOrder, Placement};
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::function::{Context, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::orders::{Idempotency, PlaceOrder, PlaceOrderError, Placed};
use ports::trace::{self, SpanOutcome};

use crate::http;
use crate::problem::{ErrorCode, Problem};

/// How many ids are tried before the store is taken to be at fault.
const MAX_ID_TRIES: usize = 4;

/// The order creation function.
#[derive(Debug)]
pub struct OrderCreation<S, I, M> {
    store: Arc<S>,
    ids: Arc<I>,
    metrics: Arc<M>,
}

/// The order that is answered with.
struct Answered {
    placement: Placement,
    /// Whether an earlier request placed it.
    replayed: bool,
}

impl Answered {
    /// With the order of an earlier request.
    fn again(order: Arc<PlacedOrder>) -> Self {
        Self {
            placement: order.into(),
            replayed: true,
        }
    }
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
    /// Answers one `POST /orders`.
    pub async fn handle(
        &self,
        request: &ApiGatewayProxyRequest,
        context: &Context,
    ) -> ApiGatewayProxyResponse {
        match self.place_order(request, context).await {
            Ok(answered) => {
                self.count_placed(&answered);
                answer::created(&answered, request)
            }
            Err(problem) => {
                let status = match problem.code() {
                    ErrorCode::Validation
                    | ErrorCode::NotFound
                    | ErrorCode::MethodNotAllowed
                    | ErrorCode::BodyTooLarge
                    | ErrorCode::UnsupportedMediaType => "Invalid",
                    ErrorCode::IdempotencyInFlight
                    | ErrorCode::IdempotencyKeyReused
                    | ErrorCode::OrderEnded => "Conflict",
                    ErrorCode::Overloaded | ErrorCode::StoreFull | ErrorCode::StoreFailed => "Failed",
                };
                self.metrics.count("OrdersCreated", &[("Status", status)], 1);
                problem.into_answer(request, &context.trace_id)
            }
        }
    }

    async fn place_order(
        &self,
        request: &ApiGatewayProxyRequest,
        context: &Context,
    ) -> Result<Answered, Problem> {
        let validating = trace::subsegment("validate_input");
        let body = http::body(request)?;
        let order = PlaceOrderRequest::parse(&body).map_err(Problem::validation)?;
        let idempotency = idempotency::read_idempotency(request, &body)?;

        let product_ids = order.items().iter().map(|line| line.product_id.clone()).collect();
        let products = self.store.get_products(product_ids).await?;
        let checked = check_against_catalogue(&order, &products);
        drop(validating);
        if let Err(faults) = checked {
            let replayed = self.find_placed(idempotency).await?;
            return replayed.ok_or_else(|| Problem::validation(faults));
        }
        self.store_order(order, &body, idempotency, context).await
    }

    /// The first answer, when the request is a repeat whose prices have changed since.
    async fn find_placed(&self, idempotency: Option<Idempotency>) -> Result<Option<Answered>, Problem> {
        let Some(idempotency) = idempotency else {
            return Ok(None);
        };
        let id = self.ids.next_order_id();
        Ok(self
            .store
            .find_placed(id, idempotency)
            .await?
            .map(Answered::again))
    }

    async fn store_order(
        &self,
        mut order: PlaceOrderRequest,
        body: &[u8],
        idempotency: Option<Idempotency>,
        context: &Context,
    ) -> Result<Answered, Problem> {
        let mut tried = 0;
        loop {
            tried += 1;
            let id = self.ids.next_order_id();
            let placement = Placement::from(order.place(id, trace_id(id, context)));
            let mut creating = trace::subsegment("create_order");
            creating.order(id);
            let outcome = self
                .store
                .place_order(placement.clone(), idempotency.clone())
                .await;
            if let Err(failure @ PlaceOrderError::Store { .. }) = &outcome {
                creating.fail(SpanOutcome::Fault, || failure.to_string());
            }
            drop(creating);
            match outcome {
                // So rare that the order is read once more then, rather than copied every time.
                Err(PlaceOrderError::DuplicateId(_)) if tried < MAX_ID_TRIES => {
                    order = PlaceOrderRequest::parse(body).map_err(Problem::validation)?;
                }
                outcome => {
                    return Ok(match outcome? {
                        Placed::Created(_) => Answered {
                            placement,
                            replayed: false,
                        },
                        Placed::Replayed(first) => Answered::again(first),
                    });
                }
            }
        }
    }

    fn count_placed(&self, answered: &Answered) {
        let order = answered.placement.order();
        let status = match answered.replayed {
            false => "Success",
            true => "Replayed",
        };
        self.metrics.count("OrdersCreated", &[("Status", status)], 1);
        if !answered.replayed {
            let currency = order.currency.as_str();
            self.metrics.observe(
                "OrderValue",
                &[("Currency", currency)],
                order.total_amount.for_a_chart(),
            );
        }
        tracing::info!(
            event_type = if answered.replayed { "order_replayed" } else { "order_created" },
            orderId = %order.order_id,
            customerId = order.customer_id.as_str(),
            totalAmount = %order.total_amount,
            currency = order.currency.as_str(),
            items = order.items.len(),
            traceId = order.trace_id,
        );
    }
}

impl<S, I, M> Handler for OrderCreation<S, I, M>
where
    S: PlaceOrder + Catalogue + 'static,
    I: OrderIds + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Api(request) => Ok(Reply::Api(Box::new(self.handle(&request, &context).await))),
                Invocation::Sqs(_) | Invocation::Sns(_) | Invocation::Stream(_) | Invocation::Direct(_) => {
                    Err(crate::wrong_event("order-creation", "an API request"))
                }
            }
        })
    }
}

/// The trace that the request belongs to; one named after the order when it belongs to none.
fn trace_id(id: OrderId, context: &Context) -> String {
    http::trace_id(context).map_or_else(|| id.as_uuid().simple().to_string(), str::to_owned)
}
