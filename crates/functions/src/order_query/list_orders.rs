//! `GET /orders`: a page of orders, newest first.

use domain::{CustomerId, FaultCode, Order, OrderStatus, Timestamp};
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::orders::{OrderFilter, OrderQueries};
use serde::Serialize;

use super::cursor::{read_cursor, write_cursor};
use super::parameters::Parameters;
use crate::http;
use crate::problem::Problem;

const KNOWN: [&str; 7] = [
    "status",
    "customerId",
    "from",
    "to",
    "needsAttention",
    "limit",
    "cursor",
];
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    orders: Vec<Order>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(super) async fn list_orders(
    store: &impl OrderQueries,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let mut parameters = Parameters::new(request, &KNOWN);
    let filter = read_filter(&mut parameters);
    let limit = parameters.limit(DEFAULT_LIMIT, MAX_LIMIT);
    let after = parameters.parsed("cursor", |text| read_cursor(&filter, text));
    parameters.finish()?;

    let page = store.list_orders(filter.clone(), after, limit).await?;
    Ok(http::ok(&Page {
        orders: page.orders,
        next_cursor: page.next.map(|last| write_cursor(&filter, last)),
    }))
}

fn read_filter(parameters: &mut Parameters<'_>) -> OrderFilter {
    let filter = OrderFilter {
        status: parameters.parsed("status", str::parse::<OrderStatus>),
        customer_id: parameters.parsed("customerId", |text| CustomerId::new(text)),
        from: parameters.parsed("from", str::parse::<Timestamp>),
        to: parameters.parsed("to", str::parse::<Timestamp>),
        needs_attention: parameters
            .parsed("needsAttention", |text| {
                text.parse::<bool>().map_err(|_| "true or false is needed")
            })
            .unwrap_or_default(),
    };
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from > to
    {
        let detail = "from must not be later than to".to_owned();
        parameters.fault("from", FaultCode::OutOfRange, detail);
    }
    filter
}
