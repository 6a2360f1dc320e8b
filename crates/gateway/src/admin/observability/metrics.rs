//! `/admin/metrics`: which series there are, and their values over time.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{FaultCode, Timestamp};
use http::Uri;
use ports::observability::{MetricQuery, MetricSeries, MetricStatistic, Series};
use serde::Serialize;

use super::{observatory, span};
use crate::admin::request::Query;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::Problem;

#[derive(Serialize)]
pub(crate) struct AllSeries {
    series: Vec<Series>,
}

pub(crate) async fn list_series<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<AllSeries>, Problem> {
    let series = observatory(&gateway)?.metrics.list_series().await?;
    Ok(Json(AllSeries { series }))
}

#[derive(Serialize)]
pub(crate) struct Values {
    from: Timestamp,
    to: Timestamp,
    series: Vec<MetricSeries>,
}

/// `dimensions` are `Name=value`, separated by commas; `statistic` is CloudWatch's, such as `Sum` or `p99`.
pub(crate) async fn get_metric<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    uri: Uri,
) -> Result<Json<Values>, Problem> {
    let mut query = Query::of(&uri);
    let (from, to) = span(&mut query, &gateway);
    let asked = MetricQuery {
        namespace: required(&mut query, "namespace"),
        name: required(&mut query, "name"),
        dimensions: query
            .parsed("dimensions", "Name=value, separated by commas", dimensions)
            .unwrap_or_default(),
        from,
        to,
        period_s: query
            .parsed("period", "a whole number of seconds", |text| text.parse().ok())
            .unwrap_or(60),
        statistic: query
            .parsed(
                "statistic",
                "SampleCount, Sum, Average, Minimum, Maximum or a percentile such as p99",
                statistic,
            )
            .unwrap_or(MetricStatistic::Average),
    };
    query.finish()?;
    let series = observatory(&gateway)?.metrics.get_metric(asked).await?;
    Ok(Json(Values { from, to, series }))
}

fn required(query: &mut Query, name: &str) -> String {
    query.text(name).unwrap_or_else(|| {
        query.fault(
            name,
            FaultCode::MissingField,
            format!("Missing required parameter: {name}"),
        );
        String::new()
    })
}

fn dimensions(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |pair: &str| {
        pair.split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    text.split(',').map(pair).collect()
}

fn statistic(text: &str) -> Option<MetricStatistic> {
    match text {
        "SampleCount" => Some(MetricStatistic::SampleCount),
        "Sum" => Some(MetricStatistic::Sum),
        "Average" => Some(MetricStatistic::Average),
        "Minimum" => Some(MetricStatistic::Minimum),
        "Maximum" => Some(MetricStatistic::Maximum),
        _ => {
            let percent: f64 = text.strip_prefix('p')?.parse().ok()?;
            (0.0..=100.0)
                .contains(&percent)
                .then_some(MetricStatistic::Percentile(percent))
        }
    }
}
