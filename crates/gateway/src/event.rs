//! A request as API Gateway's proxy event.
//!
//! What differs from AWS, on purpose: the key's secret is taken out of the headers, so no function can log it, and
//! the multi-value maps are filled only when a name came twice, for they would repeat the others otherwise.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use ports::access::ApiKey;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::aws_lambda_events::query_map::QueryMap;

use crate::access::X_API_KEY;
use crate::ids::{RequestIds, X_AMZN_TRACE_ID};
use crate::problem::{Code, Problem};
use crate::routes::BoundRoute;

/// What the event says besides the request itself.
pub(crate) struct Surroundings<'a> {
    pub route: &'a BoundRoute,
    pub path_parameters: HashMap<String, String>,
    pub key: Option<&'a ApiKey>,
    pub ids: &'a RequestIds,
    pub stage: &'a str,
}

/// Makes the event; the request's headers are moved into it.
pub(crate) fn proxy_event(
    request: Parts,
    body: Option<String>,
    around: Surroundings<'_>,
) -> Result<Box<ApiGatewayProxyRequest>, Problem> {
    let Parts {
        method: asked,
        uri,
        mut headers,
        extensions,
        ..
    } = request;
    headers.remove(X_API_KEY);
    if let Some(trace) = around.ids.x_ray_header() {
        headers.insert(X_AMZN_TRACE_ID, trace);
    }
    let method = if around.route.otherwise {
        asked
    } else {
        around.route.method.clone()
    };
    let mut event = Box::new(ApiGatewayProxyRequest::default());
    if let Some(query) = uri.query() {
        event.query_string_parameters = parse_query(query)?;
        event.multi_value_query_string_parameters = event.query_string_parameters.clone();
    }
    if headers.keys_len() != headers.len() {
        event.multi_value_headers = headers.clone();
    }
    event.headers = headers;
    event.resource = Some(around.route.resource.clone());
    event.path = Some(uri.path().to_owned());
    event.http_method = method.clone();
    event.path_parameters = around.path_parameters;
    event.body = body;

    let context = &mut event.request_context;
    context.stage = Some(around.stage.to_owned());
    context.request_id = Some(around.ids.request_id().to_string());
    context.resource_path = Some(around.route.resource.clone());
    context.path = Some(uri.path().to_owned());
    context.http_method = method;
    context.protocol = Some("HTTP/1.1".to_owned());
    context.request_time_epoch = around.ids.received_at().as_ms();
    context.identity.api_key_id = around.key.map(|key| key.key_id.clone());
    context.identity.source_ip = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip().to_string());
    Ok(event)
}

/// Decodes a query string. What is not UTF-8 once decoded is refused, not patched up.
fn parse_query(query: &str) -> Result<QueryMap, Problem> {
    let unplussed: Cow<'_, [u8]> = percent_decode_str(query).into();
    if std::str::from_utf8(&unplussed).is_err() {
        let detail = "The query string is not UTF-8 once its percent signs are decoded.";
        return Err(Problem::new(Code::BadRequest, detail));
    }
    let mut parameters: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    Ok(parameters.into())
}
