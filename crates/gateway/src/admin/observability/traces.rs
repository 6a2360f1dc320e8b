//! `/admin/traces` and `/admin/service-map`: what was done for whom, and how long it took.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use ports::observability::{ServiceMap, Trace, TraceFilter, TraceSummary};
use serde::Serialize;

use super::{observatory, span, time};
use crate::admin::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

#[derive(Serialize)]
pub(crate) struct TraceList {
    traces: Vec<TraceSummary>,
}

pub(crate) async fn list_traces<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<TraceList>, Problem> {
    let mut query = Query::of(&uri);
    let filter = TraceFilter {
        from: time(&mut query, "from"),
        to: time(&mut query, "to"),
        failed: query
            .parsed("failed", "true or false", |text| text.parse().ok())
            .unwrap_or(false),
        at_least_us: query
            .parsed("atLeastMs", "a whole number of milliseconds", |text| {
                text.parse::<u64>().ok()
            })
            .map(|ms| ms.saturating_mul(1_000)),
    };
    let limit = query.limit();
    query.finish()?;
    let traces = observatory(&gateway)?.traces.list_traces(filter, limit).await?;
    Ok(Json(TraceList { traces }))
}

pub(crate) async fn get_trace<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(id): Path<String>,
) -> Result<Json<Trace>, Problem> {
    Ok(Json(observatory(&gateway)?.traces.get_trace(id).await?))
}

pub(crate) async fn get_order_trace<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(id): Path<String>,
) -> Result<Json<Trace>, Problem> {
    Ok(Json(observatory(&gateway)?.traces.get_order_trace(id).await?))
}

pub(crate) async fn service_map<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<ServiceMap>, Problem> {
    let mut query = Query::of(&uri);
    let (from, to) = span(&mut query, &gateway);
    query.finish()?;
    Ok(Json(observatory(&gateway)?.traces.service_map(from, to).await?))
}
