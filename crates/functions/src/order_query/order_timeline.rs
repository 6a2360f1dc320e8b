//! `GET /orders/{orderId}/timeline`: every fact about an order, in time order.

use domain::OrderId;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::orders::{OrderQueries, TimelineEntry};
use serde::Serialize;

use super::{no_order, order_id};
use crate::http;
use crate::problem::Problem;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timeline<'o> {
    order_id: OrderId,
    trace_id: &'o str,
    timeline: Vec<TimelineEntry>,
}

pub(super) async fn order_timeline(
    store: &impl OrderQueries,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let id = order_id(request)?;
    let order = store.get_order(id).await?.ok_or_else(|| no_order(id))?;
    let timeline = store.order_timeline(id).await?.ok_or_else(|| no_order(id))?;
    Ok(http::ok(&Timeline {
        order_id: id,
        trace_id: &order.placed.trace_id,
        timeline,
    }))
}
