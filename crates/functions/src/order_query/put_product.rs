//! `PUT /products/{productId}`: writes a product whole. 201 when it is new, 200 when it replaced one.

use domain::put_product::parse_product;
use domain::{Fault, FaultCode, ProductId};
use ports::catalogue::Catalogue;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};

use crate::http;
use crate::problem::Problem;

pub(super) async fn put_product(
    store: &impl Catalogue,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let id = new_id(http::path_parameter(request, "productId"))?;
    let product = parse_product(id, &http::body(request)?).map_err(Problem::validation)?;
    let new = store.put_product(product.clone()).await?;
    tracing::info!(
        event_type = "product_put",
        productId = product.product_id.as_str(),
        price = %product.price,
        stock = product.stock,
        new,
    );
    Ok(http::answer(if new { 201 } else { 200 }, http::JSON, &product))
}

/// Here the id is one to make, so a bad one is a bad request and not a product that isn't there.
fn new_id(text: &str) -> Result<ProductId, Problem> {
    ProductId::new(text).map_err(|error| {
        Problem::validation(vec![Fault {
            pointer: "{productId}".to_owned(),
            code: FaultCode::BadFormat,
            detail: format!("productId must be {error}"),
        }])
    })
}
