//! The latest periods of what an alarm looks at.

use domain::Timestamp;
use ports::observability::{
    Alarm, AlarmReading, MetricPoint, MetricQuery, MetricSeries, MetricStatistic, Observatory, ObserveError,
};

use crate::view::Period;

/// How many of its periods an alarm's chart shows.
const PERIODS: i64 = 48;

/// The latest periods: from the metric's history, and where that has none (an alarm over an expression) those that the
/// alarm itself looked at.
pub(super) async fn periods(
    observatory: &Observatory,
    alarm: &Alarm,
    now: Timestamp,
) -> Result<Vec<Period>, ObserveError> {
    let readings = || {
        let period = |reading: &AlarmReading| Period {
            at: reading.at,
            value: reading.value,
            is_breach: reading.breaches == Some(true),
        };
        alarm.readings.iter().map(period).collect()
    };
    let (Some(statistic), Ok(period_s)) = (statistic(&alarm.statistic), u32::try_from(alarm.period_s)) else {
        return Ok(readings());
    };
    let period_ms = i64::from(period_s) * 1_000;
    let to = now.as_ms() - now.as_ms().rem_euclid(period_ms) + period_ms;
    let from = to - PERIODS * period_ms;
    let query = MetricQuery {
        namespace: alarm.namespace.clone(),
        name: alarm.metric.clone(),
        dimensions: alarm.dimensions.clone(),
        from: Timestamp::from_ms(from),
        to: Timestamp::from_ms(to),
        period_s,
        statistic,
    };
    let series = match observatory.metrics.get_metric(query).await {
        Ok(series) => series,
        Err(ObserveError::Query(_) | ObserveError::NotFound { .. }) => return Ok(readings()),
        Err(error @ ObserveError::Store(_)) => return Err(error),
    };
    // Series with further dimensions are other metrics, unless there is nothing else.
    let is_own = |series: &&MetricSeries| series.series.dimensions.len() == alarm.dimensions.len();
    match series.iter().find(is_own).or(series.first()) {
        Some(own) => Ok(charted(alarm, from, period_ms, &own.points)),
        None => Ok(readings()),
    }
}

/// A period each, whether it has a value or not.
fn charted(alarm: &Alarm, from_ms: i64, period_ms: i64, points: &[MetricPoint]) -> Vec<Period> {
    let threshold = threshold(alarm);
    let breaches = |value: f64| match alarm.comparison.as_str() {
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "LessThanThreshold" => value < threshold,
        "LessThanOrEqualToThreshold" => value <= threshold,
        _ => value > threshold,
    };
    let period = |number: i64| {
        let at = from_ms + number * period_ms;
        let inside = |point: &&MetricPoint| (at..at + period_ms).contains(&point.at.as_ms());
        let value = points.iter().find(inside).map(|point| point.value);
        Period {
            at: Timestamp::from_ms(at),
            value,
            is_breach: value.is_some_and(breaches),
        }
    };
    (0..PERIODS).map(period).collect()
}

/// What CloudWatch's word asks of the history; `None` for words that it doesn't know.
fn statistic(word: &str) -> Option<MetricStatistic> {
    match word {
        "SampleCount" => Some(MetricStatistic::SampleCount),
        "Sum" => Some(MetricStatistic::Sum),
        "Average" => Some(MetricStatistic::Average),
        "Minimum" => Some(MetricStatistic::Minimum),
        "Maximum" => Some(MetricStatistic::Maximum),
        _ => word
            .strip_prefix('p')?
            .parse()
            .ok()
            .map(MetricStatistic::Percentile),
    }
}

pub(super) fn threshold(alarm: &Alarm) -> f64 {
    alarm.threshold.parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use ports::observability::MetricStatistic;

    use super::statistic;

    #[test]
    fn cloudwatchs_words_are_understood() {
        assert_eq!(statistic("Sum"), Some(MetricStatistic::Sum));
        assert_eq!(statistic("p99.9"), Some(MetricStatistic::Percentile(99.9)));
        assert_eq!(statistic("tm99"), None);
        assert_eq!(statistic("expression"), None);
    }
}
