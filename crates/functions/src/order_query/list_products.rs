//! `GET /products`: a page of the catalogue, by id.

use domain::{Product, ProductId};
use ports::catalogue::Catalogue;
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use serde::Serialize;

use super::parameters::Parameters;
use crate::http;
use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    products: Vec<Product>,
    /// The last product's id, when there may be more. Ids are no secret, so it is the cursor as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<ProductId>,
}

pub(super) async fn list_products(
    store: &impl Catalogue,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let mut parameters = Parameters::new(request, &["limit", "cursor"]);
    let limit = parameters.limit(DEFAULT_LIMIT, MAX_LIMIT);
    let after = parameters.parsed("cursor", |text| ProductId::new(text));
    parameters.finish()?;

    let products = store.list_products(after, limit).await?;
    let full = u32::try_from(products.len()).is_ok_and(|count| count >= limit);
    let next_cursor = products
        .last()
        .filter(|_| full)
        .map(|last| last.product_id.clone());
    Ok(http::ok(&Page {
        products,
        next_cursor,
    }))
}
