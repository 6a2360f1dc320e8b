//! Order query: answers what clients ask of orders, products and events; cancels orders; keeps the catalogue.
//!
//! One route each to a file. Who may call what is decided before: by the gateway on one machine, by API Gateway on AWS.

mod cancel_order;
mod cursor;
mod get_order;
mod get_product;
mod list_events;
mod list_orders;
mod list_products;
mod openapi;
mod order_timeline;
mod parameters;
mod put_product;
mod read_figures;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::{OrderId, ProductId};
use ports::analytics::AnalyticsView;
use ports::catalogue::Catalogue;
use ports::feed::ChangeFeed;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::function::{Context, Handler, Invocation, Reply, ReplyFuture};
use ports::orders::{CancelOrder, OrderQueries};
use serde_json::json;

use crate::http;
use crate::problem::Problem;

/// The order query function.
#[derive(Debug)]
pub struct OrderQuery<S> {
    store: Arc<S>,
}

impl<S> OrderQuery<S> {
    /// The function over this store.
    pub fn new(store: Arc<S>) -> Self {
        Self { store }
    }
}

impl<S> OrderQuery<S>
where
    S: OrderQueries + CancelOrder + Catalogue + ChangeFeed + AnalyticsView + 'static,
{
    /// Answers one request.
    pub async fn handle(
        &self,
        request: &ApiGatewayProxyRequest,
        context: &Context,
    ) -> ApiGatewayProxyResponse {
        match self.route(request).await {
            Ok(answer) => answer,
            Err(problem) => problem.into_answer(request, &context.trace_id),
        }
    }

    async fn route(&self, request: &ApiGatewayProxyRequest) -> Result<ApiGatewayProxyResponse, Problem> {
        let store = self.store.as_ref();
        let resource = request.resource.as_deref().unwrap_or_default();
        match (request.http_method.as_str(), resource) {
            ("GET", "/orders") => list_orders::list_orders(store, request).await,
            ("GET", "/orders/{orderId}") => get_order::get_order(store, request).await,
            ("GET", "/orders/{orderId}/timeline") => order_timeline::order_timeline(store, request).await,
            ("POST", "/orders/{orderId}/cancel") => cancel_order::cancel_order(store, request).await,
            ("GET", "/products") => list_products::list_products(store, request).await,
            ("GET", "/products/{productId}") => get_product::get_product(store, request).await,
            ("PUT", "/products/{productId}") => put_product::put_product(store, request).await,
            ("GET", "/events") => list_events::list_events(store, request).await,
            ("GET", "/admin/analytics") => read_figures::read_figures(store, request).await,
            ("GET", "/health") => Ok(http::ok(&json!({ "status": "ok" }))),
            ("GET", "/openapi.json") => Ok(openapi::get_openapi(request)),
            (method, resource) => Err(match allowed(resource) {
                Some(methods) => Problem::method_not_allowed(methods),
                None => Problem::not_found(format!("There is no {method} {resource}.")),
            }),
        }
    }
}

impl<S> Handler for OrderQuery<S>
where
    S: OrderQueries + CancelOrder + Catalogue + ChangeFeed + AnalyticsView + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Api(request) => Ok(Reply::Api(Box::new(self.handle(&request, &context).await))),
                Invocation::Sqs(_) | Invocation::Sns(_) | Invocation::Stream(_) | Invocation::Direct(_) => {
                    Err(crate::wrong_event("order-query", "an API request"))
                }
            }
        })
    }
}

/// The methods of a path, in words for `Allow`. Those of `/orders` are not all this function's.
fn allowed(resource: &str) -> Option<&'static str> {
    match resource {
        "/orders" => Some("GET, OPTIONS, POST"),
        "/orders/{orderId}"
        | "/orders/{orderId}/timeline"
        | "/products"
        | "/events"
        | "/admin/analytics"
        | "/health"
        | "/openapi.json" => Some("GET, OPTIONS"),
        "/orders/{orderId}/cancel" => Some("OPTIONS, POST"),
        "/products/{productId}" => Some("GET, OPTIONS, PUT"),
        _ => None,
    }
}

/// The order of the path. What is no order id names no order.
fn order_id(request: &ApiGatewayProxyRequest) -> Result<OrderId, Problem> {
    let text = http::path_parameter(request, "orderId");
    text.parse()
        .map_err(|error| Problem::not_found(format!("There is no order {text}: {error}.")))
}

/// The product of the path.
fn product_id(request: &ApiGatewayProxyRequest) -> Result<ProductId, Problem> {
    let text = http::path_parameter(request, "productId");
    ProductId::new(text).map_err(|error| {
        Problem::not_found(format!("There is no product {text:?}: a product id has {error}."))
    })
}

fn no_order(id: OrderId) -> Problem {
    Problem::not_found(format!("There is no order {id}."))
}
