//! `POST /orders/{orderId}/cancel`: the customer withdraws an order that has not ended.

use domain::cancel_order::parse_reason;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::orders::CancelOrder;

use super::order_id;
use crate::http;
use crate::problem::Problem;

pub(super) async fn cancel_order(
    store: &impl CancelOrder,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let id = order_id(request)?;
    let reason = parse_reason(&http::body(request)?).map_err(Problem::validation)?;
    let order = store.cancel_order(id, reason).await?;
    tracing::info!(
        event_type = "order_cancelled",
        orderId = %id,
        customerId = order.placed.customer_id.as_str(),
        traceId = order.placed.trace_id,
    );
    Ok(http::ok(&order))
}
