//! `/admin/executions`: executions with their history, and running a failed one again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use ports::operations::{ExecutionDetail, ExecutionInfo};
use serde::Serialize;

use super::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

const STATUSES: [&str; 5] = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Executions {
    executions: Vec<ExecutionInfo>,
    /// What to pass as `after` for those that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<String>,
}

pub(crate) async fn list_executions<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<Executions>, Problem> {
    let mut query = Query::of(&uri);
    let right = "one of RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED";
    let status = query.parsed("status", right, |text| {
        STATUSES.contains(&text).then(|| text.to_owned())
    });
    let (after, limit) = (query.text("after"), query.limit());
    query.finish()?;
    let executions = gateway.parts.engine.list_executions(status, after, limit).await?;
    let full = executions.len() == limit as usize;
    let next_after = executions.last().filter(|_| full).map(|last| last.name.clone());
    Ok(Json(Executions {
        executions,
        next_after,
    }))
}

pub(crate) async fn get_execution<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(name): Path<String>,
) -> Result<Json<ExecutionDetail>, Problem> {
    Ok(Json(gateway.parts.engine.get_execution(name).await?))
}

pub(crate) async fn redrive_execution<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(name): Path<String>,
) -> Result<Json<ExecutionInfo>, Problem> {
    Ok(Json(gateway.parts.engine.redrive_execution(name).await?))
}
