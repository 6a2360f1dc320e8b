//! `GET /admin/analytics` on AWS: the hourly figures, for whoever signs the call. On one machine the gateway answers it
//! itself, as all that is below `/admin`.

use domain::Timestamp;
use ports::analytics::{AnalyticsView, HourFigures};
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use serde::Serialize;

use super::parameters::Parameters;
use crate::http;
use crate::problem::Problem;

const HOUR_MS: i64 = 3_600_000;
/// The longest span of one answer: 31 days of hours.
const MAX_SPAN_MS: i64 = 31 * 24 * HOUR_MS;
const RIGHT: &str = "an RFC 3339 time such as 2026-01-15T09:00:00.000Z";

#[derive(Serialize)]
struct Figures {
    from: Timestamp,
    to: Timestamp,
    hours: Vec<HourFigures>,
}

/// The hours in `[from, to)`: the last 24, that of the request included, unless said, and never more than 31 days.
pub(super) async fn read_figures(
    store: &impl AnalyticsView,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let mut parameters = Parameters::new(request, &["from", "to"]);
    let from = parameters.parsed("from", time);
    let to = parameters.parsed("to", time);
    parameters.finish()?;

    let to = to.unwrap_or_else(|| next_hour(request.request_context.request_time_epoch));
    let from = from.unwrap_or_else(|| Timestamp::from_ms(to.as_ms().saturating_sub(24 * HOUR_MS)));
    let from = from.max(Timestamp::from_ms(to.as_ms().saturating_sub(MAX_SPAN_MS)));
    let hours = store.read_figures(from, to).await?;
    Ok(http::ok(&Figures { from, to, hours }))
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| RIGHT)
}

fn next_hour(now_ms: i64) -> Timestamp {
    Timestamp::from_ms((now_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS)
}
