//! `/admin/alarms`: the alarms as they stand, and what they said before.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use ports::observability::{Alarm, AlarmTransition};
use serde::Serialize;

use super::observatory;
use crate::admin::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

#[derive(Serialize)]
pub(crate) struct AlarmList {
    alarms: Vec<Alarm>,
}

pub(crate) async fn list_alarms<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<AlarmList>, Problem> {
    let alarms = observatory(&gateway)?.alarms.list_alarms().await?;
    Ok(Json(AlarmList { alarms }))
}

#[derive(Serialize)]
pub(crate) struct Transitions {
    transitions: Vec<AlarmTransition>,
}

pub(crate) async fn alarm_history<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<Transitions>, Problem> {
    let mut query = Query::of(&uri);
    let (alarm, limit) = (query.text("alarm"), query.limit());
    query.finish()?;
    let transitions = observatory(&gateway)?.alarms.alarm_history(alarm, limit).await?;
    Ok(Json(Transitions { transitions }))
}
