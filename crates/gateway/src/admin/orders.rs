//! `GET /admin/orders`: the newest orders, for whoever watches: no business traffic, so it is in no figure.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::Order;
use http::Uri;
use ports::orders::OrderFilter;
use serde::Serialize;

use super::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

/// As many as a page of orders has at most.
const MAX_LIMIT: u32 = 100;

#[derive(Serialize)]
pub(crate) struct Newest {
    orders: Vec<Order>,
}

pub(crate) async fn list_orders<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<Newest>, Problem> {
    let mut query = Query::of(&uri);
    let right = "a whole number from 1 to 100";
    let read = |text: &str| text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    let limit = query.parsed("limit", right, read).unwrap_or(MAX_LIMIT);
    query.finish()?;
    let page = gateway
        .parts
        .engine
        .list_orders(OrderFilter::default(), None, limit)
        .await?;
    Ok(Json(Newest { orders: page.orders }))
}
