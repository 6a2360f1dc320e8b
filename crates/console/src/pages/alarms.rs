//! `GET /console/alarms`: the template's alarms with what they look at, and how they changed.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::observability::{
    Alarm, AlarmReading, AlarmState, AlarmTransition, MetricPoint, MetricQuery, MetricSeries,
    MetricStatistic, Observatory, ObserveError,
};

use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::chart::number;
use crate::view::{
    self, Period, Section, ago, breakable, count, duration_ms, empty, icon, labelled_fact, pill, spark,
};

const NEWEST: u32 = 50;
/// How many of its periods an alarm's chart shows.
const PERIODS: i64 = 48;

/// `GET /console/alarms`
pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let observatory = console.observatory()?;
    let now = console.now();
    let mut alarms = observatory.alarms.list_alarms().await?;
    alarms.sort_by_key(|alarm| urgency(alarm.state));
    let changes = observatory.alarms.alarm_history(None, NEWEST).await?;
    let mut cards = Vec::with_capacity(alarms.len());
    for alarm in &alarms {
        cards.push(card(alarm, &periods(observatory, alarm, now).await?, now));
    }
    let content = html! {
        header.page-head { h1 { "Alarms" } }
        @if alarms.is_empty() {
            (empty("There are no alarms", "The template defines them, as AWS::CloudWatch::Alarm."))
        } @else {
            (figures(&alarms))
            div.alarms { @for card in &cards { (card) } }
        }
        section.card { h2 { "Changes" }
            @if changes.is_empty() { (empty("Nothing changed yet", "Every change of an alarm's state is kept for 14 days.")) }
            @else { (history(&changes, now)) }
        }
    };
    Ok(view::page(&visitor, Section::Alarms, "Alarms", &content))
}

/// What an alarm says.
pub(super) fn alarm_pill(state: AlarmState) -> Markup {
    match state {
        AlarmState::Ok => pill("good", &icon::check(), "OK"),
        AlarmState::Alarm => pill("bad", &icon::bell(), "ALARM"),
        AlarmState::InsufficientData => pill("off", &icon::circle(), "NO DATA YET"),
    }
}

/// What wants to be looked at comes first.
fn urgency(state: AlarmState) -> u8 {
    match state {
        AlarmState::Alarm => 0,
        AlarmState::InsufficientData => 1,
        AlarmState::Ok => 2,
    }
}

fn figures(alarms: &[Alarm]) -> Markup {
    let of = |state| count(alarms.iter().filter(|alarm| alarm.state == state).count() as u64);
    html! {
        dl.figures {
            (labelled_fact("In alarm", of(AlarmState::Alarm), "their topics were told"))
            (labelled_fact("OK", of(AlarmState::Ok), html! { "of " (alarms.len()) }))
            (labelled_fact("No data yet", of(AlarmState::InsufficientData), "nothing to judge by"))
        }
    }
}

/// The latest periods: from the metric's history, and where that has none (an alarm over an expression) those that the
/// alarm itself looked at.
async fn periods(
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

fn threshold(alarm: &Alarm) -> f64 {
    alarm.threshold.parse().unwrap_or(0.0)
}

fn card(alarm: &Alarm, periods: &[Period], now: Timestamp) -> Markup {
    let ms = |count: u64| duration_ms(i64::try_from(alarm.period_s * 1_000 * count).unwrap_or(i64::MAX));
    let latest = alarm.readings.last().and_then(|reading| reading.value);
    html! {
        section.card.alarm.rings[alarm.state == AlarmState::Alarm] data-key=(alarm.name) {
            div.alarm-head { h2 { (breakable(&alarm.name)) } (alarm_pill(alarm.state)) }
            @if let Some(description) = &alarm.description { p { (description) } }
            @if periods.iter().any(|period| period.value.is_some()) {
                div {
                    (spark("The latest periods", periods, threshold(alarm)))
                    p.spark-legend { span { "last " (ms(periods.len() as u64)) }
                        span { "latest " @match latest { Some(value) => strong { (number(value)) }, None => "none" } } }
                }
            }
            p.rule { code { (alarm.statistic) " of " (breakable(&alarm.metric)) " " (comparison(&alarm.comparison)) " " (alarm.threshold) }
                " in " (alarm.datapoints_to_alarm) " of " (alarm.evaluation_periods)
                @if alarm.evaluation_periods == 1 { " period of " } @else { " periods of " } (ms(1)) }
            @if alarm.state == AlarmState::Alarm { p.help { (alarm.reason) "." } }
            p.help { "Since " (ago(alarm.since, now)) }
        }
    }
}

/// CloudWatch's word as a sign.
fn comparison(word: &str) -> &str {
    match word {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        other => other,
    }
}

fn history(changes: &[AlarmTransition], now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Changes" {
            table.rows {
                thead { tr { th scope="col" { "When" } th scope="col" { "Alarm" } th scope="col" { "From" } th scope="col" { "To" } th scope="col" { "Why" } } }
                tbody { @for change in changes {
                    tr { td { (ago(change.at, now)) } td { (breakable(&change.alarm)) } td { (alarm_pill(change.from)) }
                         td { (alarm_pill(change.to)) } td.long.why { (change.reason) } }
                } }
            }
        }
    }
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
