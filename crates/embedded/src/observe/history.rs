//! Metrics with their history: each minute's values, merged into coarser spans of time as they come.

use domain::Timestamp;
use ports::StoreError;
use ports::metrics::{Distribution, Sample};
use ports::observability::{MetricPoint, MetricQuery, MetricSeries, MetricStatistic, ObserveError, Series};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::marks;
use super::store::Store;

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const YEAR_MS: i64 = 365 * DAY_MS;
/// The most periods of an answer.
const MAX_PERIODS: i64 = 1_500;

/// Resolutions: how long a point is, in seconds, and for how long it is kept, in milliseconds.
const RESOLUTIONS: [(i64, i64); 4] = [
    (60, DAY_MS),
    (300, 14 * DAY_MS),
    (3_600, YEAR_MS),
    (86_400, YEAR_MS + 35 * DAY_MS),
];

/// CloudWatch's namespace of a metric with these dimensions.
pub(super) fn namespace(dimensions: &[(String, String)]) -> &'static str {
    match dimensions.first().map(|(name, _)| name.as_str()) {
        Some("FunctionName") => "AWS/Lambda",
        Some("QueueName") => "AWS/SQS",
        Some("TopicName") => "AWS/SNS",
        Some("StateMachineArn") => "AWS/States",
        Some("ApiName") => "AWS/ApiGateway",
        Some("TableName") => "AWS/DynamoDB",
        Some("From") => "Ordermill/ServiceMap",
        Some(_) | None => "OrderProcessingSystem",
    }
}

pub(super) fn series_of(sample: &Sample) -> Series {
    let dimensions: Vec<(String, String)> = sample
        .dimensions
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    Series {
        namespace: namespace(&dimensions).to_owned(),
        name: sample.name.to_owned(),
        dimensions,
    }
}

/// Adds what was counted in the minute that begins at `minute`; `taken` is until when every minute is stored with that, if
/// the minute is over.
pub(super) async fn record(
    store: &Store,
    minute: i64,
    samples: Vec<Sample>,
    taken: Option<i64>,
) -> Result<(), StoreError> {
    store
        .write_blocking(move |tx| {
            for sample in &samples {
                add(tx, minute, sample)?;
            }
            taken.map_or(Ok(()), |until| marks::set(tx, marks::TAKEN, until))
        })
        .await
}

/// Adds values to the minute that begins at `minute`, at every resolution.
pub(super) fn add(tx: &Transaction<'_>, minute: i64, sample: &Sample) -> rusqlite::Result<()> {
    let series = find_series(tx, &series_of(sample), Timestamp::from_ms(minute))?;
    for (resolution_s, _) in RESOLUTIONS {
        let at = floor(minute, resolution_s * 1_000);
        merge(tx, series, resolution_s, at, &sample.values)?;
    }
    Ok(())
}

/// What is stored of the sample's series in that minute.
pub(super) fn stored(tx: &Transaction<'_>, minute: i64, sample: &Sample) -> rusqlite::Result<Distribution> {
    let series = series_of(sample);
    let dimensions = serde_json::to_string(&series.dimensions).unwrap_or_default();
    let found = tx
        .prepare_cached(
            "SELECT at, count, sum, min, max, buckets FROM points WHERE resolution = 60 AND at = ?3
             AND series = (SELECT id FROM series WHERE name = ?1 AND dimensions = ?2)",
        )?
        .query_row((&series.name, dimensions, minute), read_point)
        .optional()?;
    Ok(found.map(|(_, values)| values).unwrap_or_default())
}

fn find_series(tx: &Transaction<'_>, series: &Series, minute: Timestamp) -> rusqlite::Result<i64> {
    // Pairs of text always have a JSON text.
    let dimensions = serde_json::to_string(&series.dimensions).unwrap_or_default();
    tx.prepare_cached(
        "INSERT INTO series (namespace, name, dimensions, seen_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name, dimensions) DO UPDATE SET seen_at = max(seen_at, excluded.seen_at) RETURNING id",
    )?
    .query_row(
        (&series.namespace, &series.name, dimensions, minute.as_ms()),
        |row| row.get(0),
    )
}

fn merge(
    tx: &Transaction<'_>,
    series: i64,
    resolution_s: i64,
    at: i64,
    more: &Distribution,
) -> rusqlite::Result<()> {
    let known = tx
        .prepare_cached(
            "SELECT at, count, sum, min, max, buckets FROM points WHERE series = ?1 AND resolution = ?2 AND at = ?3",
        )?
        .query_row((series, resolution_s, at), read_point)
        .optional()?;
    let mut values = known.map(|(_, values)| values).unwrap_or_default();
    values.merge(more);
    let buckets =
        (!values.buckets.is_empty()).then(|| serde_json::to_string(&values.buckets).unwrap_or_default());
    tx.prepare_cached(
        "INSERT OR REPLACE INTO points (series, resolution, at, count, sum, min, max, buckets)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        series,
        resolution_s,
        at,
        values.count,
        values.sum,
        values.min,
        values.max,
        buckets,
    ))?;
    Ok(())
}

fn read_point(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Distribution)> {
    let buckets: Option<String> = row.get(5)?;
    let values = Distribution {
        count: row.get(1)?,
        sum: row.get(2)?,
        min: row.get(3)?,
        max: row.get(4)?,
        buckets: buckets
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
    };
    Ok((row.get(0)?, values))
}

/// Deletes what was kept for long enough.
pub(super) async fn expire(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store
        .write_blocking(move |tx| {
            let series: Vec<i64> = tx
                .prepare_cached("SELECT id FROM series")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut delete =
                tx.prepare_cached("DELETE FROM points WHERE series = ?1 AND resolution = ?2 AND at < ?3")?;
            for series in series {
                for (resolution_s, kept_ms) in RESOLUTIONS {
                    delete.execute((series, resolution_s, now.as_ms() - kept_ms))?;
                }
            }
            let [.., (_, longest_ms)] = RESOLUTIONS;
            tx.execute(
                "DELETE FROM series WHERE seen_at < ?1",
                [now.as_ms() - longest_ms],
            )?;
            Ok(())
        })
        .await
}

/// A series with its values, by the time when each begins.
pub(super) type Values = (Series, Vec<(i64, Distribution)>);

/// Which values to read.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// The metric's name.
    pub(super) name: String,
    /// Its namespace, if only that one is meant.
    pub(super) namespace: Option<String>,
    /// Dimensions that the series must have.
    pub(super) dimensions: Vec<(String, String)>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// How long the periods are that the values are put into, in seconds, counted from 1970 on: values need not be finer. A
    /// minute for whoever counts them from anywhere else.
    pub(super) period_s: u32,
}

impl Selection {
    /// The coarsest resolution that cuts no period and reaches back to where the selection begins: a year by the day is 365
    /// values, and by the hour 8,760. Where none does both, one that reaches back.
    fn resolution_s(&self, now: Timestamp) -> i64 {
        let age_ms = now.as_ms() - self.from.as_ms();
        let reach = || RESOLUTIONS.iter().filter(|(_, kept_ms)| age_ms <= *kept_ms);
        let fits = |(resolution_s, _): &&(i64, i64)| i64::from(self.period_s) % resolution_s == 0;
        let [.., longest] = &RESOLUTIONS;
        let found = reach().rfind(fits).or_else(|| reach().next());
        found.unwrap_or(longest).0
    }

    pub(super) fn wants(&self, series: &Series) -> bool {
        series.name == self.name
            && self
                .namespace
                .as_ref()
                .is_none_or(|namespace| *namespace == series.namespace)
            && self
                .dimensions
                .iter()
                .all(|wanted| series.dimensions.contains(wanted))
    }
}

/// Reads values, no finer than they are asked for.
pub(super) fn read(
    connection: &Connection,
    selection: &Selection,
    now: Timestamp,
) -> rusqlite::Result<Vec<Values>> {
    let resolution_s = selection.resolution_s(now);
    let mut found = Vec::new();
    let mut points = connection.prepare_cached(
        "SELECT at, count, sum, min, max, buckets FROM points
         WHERE series = ?1 AND resolution = ?2 AND at >= ?3 AND at < ?4 ORDER BY at",
    )?;
    for (id, series) in all_series(connection, Some(&selection.name))? {
        if selection.wants(&series) {
            let from = floor(selection.from.as_ms(), resolution_s * 1_000);
            let values = points
                .query_map((id, resolution_s, from, selection.to.as_ms()), read_point)?
                .collect::<rusqlite::Result<_>>()?;
            found.push((series, values));
        }
    }
    Ok(found)
}

/// Every series, or those of this name, sorted.
pub(super) fn all_series(
    connection: &Connection,
    name: Option<&str>,
) -> rusqlite::Result<Vec<(i64, Series)>> {
    let mut rows = connection.prepare_cached(
        "SELECT id, namespace, name, dimensions FROM series WHERE ?1 IS NULL OR name = ?1
         ORDER BY namespace, name, dimensions",
    )?;
    let rows = rows.query_map([name], |row| {
        let dimensions: String = row.get(3)?;
        let series = Series {
            namespace: row.get(1)?,
            name: row.get(2)?,
            dimensions: serde_json::from_str(&dimensions).unwrap_or_default(),
        };
        Ok((row.get(0)?, series))
    })?;
    rows.collect()
}

/// Adds the minute that is under way, which isn't stored yet.
pub(super) fn add_latest(
    found: &mut Vec<Values>,
    selection: &Selection,
    latest: Vec<Sample>,
    now: Timestamp,
) {
    if now < selection.from || now >= selection.to {
        return;
    }
    let minute = floor(now.as_ms(), MINUTE_MS);
    for sample in latest {
        let series = series_of(&sample);
        if selection.wants(&series) {
            match found.iter_mut().find(|(known, _)| *known == series) {
                Some((_, values)) => values.push((minute, sample.values)),
                None => found.push((series, vec![(minute, sample.values)])),
            }
        }
    }
}

/// Checks a query.
pub(super) fn check(query: &MetricQuery) -> Result<(), ObserveError> {
    let period_ms = i64::from(query.period_s) * 1_000;
    if period_ms == 0 || period_ms % MINUTE_MS != 0 {
        let right = "the period must be a multiple of 60 seconds";
        return Err(ObserveError::Query(right.to_owned()));
    }
    let span_ms = query.to.as_ms() - query.from.as_ms();
    if span_ms / period_ms > MAX_PERIODS {
        let right =
            format!("at most {MAX_PERIODS} periods fit into an answer: ask for longer periods or less time");
        return Err(ObserveError::Query(right));
    }
    Ok(())
}

/// One point for each period that has a value.
pub(super) fn in_periods(
    (series, values): Values,
    period_s: u32,
    statistic: MetricStatistic,
) -> MetricSeries {
    let period_ms = i64::from(period_s) * 1_000;
    let mut periods: std::collections::BTreeMap<i64, Distribution> = std::collections::BTreeMap::new();
    for (at, values) in values {
        periods.entry(floor(at, period_ms)).or_default().merge(&values);
    }
    let points = periods.into_iter().filter_map(|(at, values)| {
        let value = value(&values, statistic)?;
        Some(MetricPoint {
            at: Timestamp::from_ms(at),
            value,
        })
    });
    MetricSeries {
        points: points.collect(),
        series,
    }
}

/// What is made of the values; `None` when there's none.
pub(super) fn value(values: &Distribution, statistic: MetricStatistic) -> Option<f64> {
    let any = values.count > 0;
    match statistic {
        MetricStatistic::SampleCount => any.then_some(values.count as f64),
        MetricStatistic::Sum => any.then_some(values.sum),
        MetricStatistic::Average => values.average(),
        MetricStatistic::Minimum => any.then_some(values.min),
        MetricStatistic::Maximum => any.then_some(values.max),
        MetricStatistic::Percentile(percent) => values.percentile(percent),
    }
}

pub(super) fn floor(at_ms: i64, step_ms: i64) -> i64 {
    at_ms.div_euclid(step_ms) * step_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_no_finer_than_what_is_asked_for_and_reaches_back() {
        const NOW: i64 = 2_000 * DAY_MS;
        for (days, period_s, resolution_s) in [
            (0, 60, 60),
            (0, 300, 300),
            (0, 900, 300),
            (0, 3_600, 3_600),
            (1, 60, 60),
            (2, 60, 300),
            (14, 3_600, 3_600),
            (15, 300, 3_600),
            (365, 86_400, 86_400),
            (366, 3_600, 86_400),
            (1_000, 60, 86_400),
        ] {
            let selection = Selection {
                name: "Count".to_owned(),
                namespace: None,
                dimensions: Vec::new(),
                from: Timestamp::from_ms(NOW - days * DAY_MS),
                to: Timestamp::from_ms(NOW),
                period_s,
            };
            let found = selection.resolution_s(Timestamp::from_ms(NOW));
            assert_eq!(found, resolution_s, "{days} days by {period_s} s");
        }
    }
}
