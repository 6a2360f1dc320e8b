//! `GET /products/{productId}`: price, currency and stock of one product.

use ports::catalogue::Catalogue;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};

use super::product_id;
use crate::http;
use crate::problem::Problem;

pub(super) async fn get_product(
    store: &impl Catalogue,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let id = product_id(request)?;
    let found = store.get_products(vec![id.clone()]).await?;
    let product = found.into_iter().next().flatten();
    let product = product.ok_or_else(|| Problem::not_found(format!("There is no product {id}.")))?;
    Ok(http::ok(&product))
}
