//! `GET /admin/analytics`: the hourly figures that the analytics function keeps.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use http::Uri;
use ports::analytics::HourFigures;
use serde::Serialize;

use super::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

const HOUR_MS: i64 = 3_600_000;
/// The longest span of one answer: 31 days of hours.
const MAX_SPAN_MS: i64 = 31 * 24 * HOUR_MS;

#[derive(Serialize)]
pub(crate) struct Figures {
    from: Timestamp,
    to: Timestamp,
    hours: Vec<HourFigures>,
}

/// The hours in `[from, to)`: the last 24, this one included, unless said, and never more than 31 days.
pub(crate) async fn read_figures<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<Figures>, Problem> {
    let mut query = Query::of(&uri);
    let right = "an RFC 3339 time such as 2026-01-15T09:00:00.000Z";
    let to = query.parsed("to", right, |text| text.parse::<Timestamp>().ok());
    let to = to.unwrap_or_else(|| next_hour(gateway.parts.clock.now()));
    let from = query.parsed("from", right, |text| text.parse::<Timestamp>().ok());
    let from = from.unwrap_or_else(|| Timestamp::from_ms(to.as_ms() - 24 * HOUR_MS));
    query.finish()?;
    let from = from.max(Timestamp::from_ms(to.as_ms() - MAX_SPAN_MS));
    let hours = gateway.parts.engine.read_figures(from, to).await?;
    Ok(Json(Figures { from, to, hours }))
}

fn next_hour(now: Timestamp) -> Timestamp {
    Timestamp::from_ms((now.as_ms().div_euclid(HOUR_MS) + 1) * HOUR_MS)
}
