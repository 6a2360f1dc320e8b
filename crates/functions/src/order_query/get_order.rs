//! `GET /orders/{orderId}`: one order as it stands.

use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::orders::OrderQueries;

use super::{no_order, order_id};
use crate::http;
use crate::problem::Problem;

pub(super) async fn get_order(
    store: &impl OrderQueries,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let id = order_id(request)?;
    let order = store.get_order(id).await?.ok_or_else(|| no_order(id))?;
    Ok(http::ok(&order))
}
