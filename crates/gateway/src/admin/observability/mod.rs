//! What an operator sees of the running system: `/admin/alarms`, `/admin/logs`, `/admin/metrics`, `/admin/traces` and
//! `/admin/service-map`.

mod alarms;
mod logs;
mod metrics;
mod traces;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use domain::Timestamp;
use ports::observability::{Observatory, ObserveError};

use super::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::{Code, Problem};

const HOUR_MS: i64 = 3_600_000;
const TIME: &str = "an RFC 3339 time such as 2026-01-15T09:00:00.000Z";

/// Its routes.
pub(super) fn routes<E: Engine>() -> Router<Arc<Gateway<E>>> {
    Router::new()
        .route("/alarms", get(alarms::list_alarms::<E>))
        .route("/alarms/history", get(alarms::alarm_history::<E>))
        .route("/logs", get(logs::query_logs::<E>))
        .route("/logs/groups", get(logs::list_log_groups::<E>))
        .route(
            "/logs/filter",
            get(logs::get_log_filter::<E>).put(logs::set_log_filter::<E>),
        )
        .route("/metrics", get(metrics::list_series::<E>))
        .route("/metrics/values", get(metrics::get_metric::<E>))
        .route("/service-map", get(traces::service_map::<E>))
        .route("/traces", get(traces::list_traces::<E>))
        .route("/traces/{id}", get(traces::get_trace::<E>))
        .route("/orders/{id}/trace", get(traces::get_order_trace::<E>))
}

fn observatory<E>(gateway: &Gateway<E>) -> Result<&Observatory, Problem> {
    let here = gateway.parts.observatory.as_ref();
    here.ok_or_else(|| Problem::new(Code::NotFound, "Nothing is watched here."))
}

impl From<ObserveError> for Problem {
    fn from(error: ObserveError) -> Self {
        match error {
            ObserveError::NotFound { .. } => Self::new(Code::NotFound, super::sentence(&error.to_string())),
            ObserveError::Query(reason) => Self::new(Code::BadRequest, super::sentence(&reason)),
            ObserveError::Store(error) => error.into(),
        }
    }
}

fn time(query: &mut Query, name: &str) -> Option<Timestamp> {
    query.parsed(name, TIME, |text| text.parse().ok())
}

/// `from` and `to`: the last hour unless said.
fn span<E>(query: &mut Query, gateway: &Gateway<E>) -> (Timestamp, Timestamp) {
    let to = time(query, "to");
    let to = to.unwrap_or_else(|| Timestamp::from_ms(gateway.parts.clock.now().as_ms() + 1));
    let from = time(query, "from").unwrap_or_else(|| Timestamp::from_ms(to.as_ms() - HOUR_MS));
    (from, to)
}
