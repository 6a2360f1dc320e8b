//! `/admin/logs`: what was logged, and what is.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::Uri;
use ports::observability::{LogGroup, LogQuery, LogTable};
use serde::Serialize;

use super::{observatory, time};
use crate::admin::request::{Fields, Query};
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

/// `groups` are separated by commas; `query` is in the language of Logs Insights.
pub(crate) async fn query_logs<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<LogTable>, Problem> {
    let mut query = Query::of(&uri);
    let groups = query.text("groups").unwrap_or_default();
    let asked = LogQuery {
        groups: groups
            .split(',')
            .filter(|group| !group.is_empty())
            .map(str::to_owned)
            .collect(),
        from: time(&mut query, "from"),
        to: time(&mut query, "to"),
        query: query.text("query").unwrap_or_default(),
        after: query.text("after"),
        limit: query.limit(),
        within: None,
    };
    query.finish()?;
    Ok(Json(observatory(&gateway)?.logs.query_logs(asked).await?))
}

#[derive(Serialize)]
pub(crate) struct Groups {
    groups: Vec<LogGroup>,
}

pub(crate) async fn list_log_groups<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<Groups>, Problem> {
    let groups = observatory(&gateway)?.logs.list_log_groups().await?;
    Ok(Json(Groups { groups }))
}

#[derive(Serialize)]
pub(crate) struct Filter {
    filter: String,
}

pub(crate) async fn get_log_filter<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<Filter>, Problem> {
    let filter = observatory(&gateway)?.logs.log_filter();
    Ok(Json(Filter { filter }))
}

pub(crate) async fn set_log_filter<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    request: Request,
) -> Result<Json<Filter>, Problem> {
    let (parts, body) = request.into_parts();
    let mut fields = Fields::read(&parts, body, &gateway.limits, &gateway.large_bodies).await?;
    let right = "a text such as info, or warn,functions=debug";
    let filter = fields.required("filter", right, |value| value.as_str().map(str::to_owned));
    fields.finish()?;
    let logs = &observatory(&gateway)?.logs;
    logs.set_log_filter(&filter.unwrap_or_default())?;
    let filter = logs.log_filter();
    tracing::warn!(event_type = "log_filter_changed", filter);
    Ok(Json(Filter { filter }))
}
