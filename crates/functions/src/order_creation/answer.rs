//! The answer to a placed order: 201, the order as it was placed, and where to find it.

use ::http::{HeaderName, HeaderValue, header};
use domain::{Amount, Currency, CustomerId, OrderId, OrderLine, OrderStatus, Timestamp};
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::orders::Placed;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http;

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderBody<'a> {
    order_id: OrderId,
    status: OrderStatus,
    total_amount: Amount,
    currency: Currency,
    created_at: Timestamp,
    customer_id: &'a CustomerId,
    items: &'a [OrderLine],
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Map<String, Value>>,
    trace_id: &'a str,
}

/// The same answer for the first request and every repeat, but for the header that tells them apart.
pub(super) fn created(placed: &Placed, request: &ApiGatewayProxyRequest) -> ApiGatewayProxyResponse {
    let (order, replayed) = match placed {
        Placed::Created(order) => (order, false),
        Placed::Replayed(order) => (order, true),
    };
    let body = OrderBody {
        order_id: order.order_id,
        status: OrderStatus::Pending,
        total_amount: order.total_amount,
        currency: order.currency,
        created_at: order.created_at,
        customer_id: &order.customer_id,
        items: &order.items,
        customer_email: order.customer_email.as_deref(),
        customer_phone: order.customer_phone.as_deref(),
        metadata: order.metadata.as_ref(),
        trace_id: &order.trace_id,
    };
    let mut answer = http::answer(201, http::JSON, &body);
    let collection = http::path(request).unwrap_or("/orders");
    if let Ok(location) = HeaderValue::from_str(&format!("{collection}/{}", order.order_id)) {
        answer.headers.insert(header::LOCATION, location);
    }
    if replayed {
        answer
            .headers
            .insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    answer
}
