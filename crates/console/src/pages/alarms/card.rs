//! An alarm as a card.

use domain::Timestamp;
use maud::{Markup, html};
use ports::observability::{Alarm, AlarmState};

use super::measured::{amount, is_measured};
use super::periods::threshold;
use super::state_pill;
use crate::view::{Period, ago, breakable, duration_ms, spark};

/// What rings is open wherever it is seen. What is quiet folds on a phone, where the style sheet shows the second of the two.
pub(super) fn card(alarm: &Alarm, periods: &[Period], now: Timestamp) -> Markup {
    let rings = alarm.state == AlarmState::Alarm;
    let about = about(alarm, periods, now);
    html! {
        section.card.alarm.rings[rings].unfolded[!rings] data-key=(alarm.name) {
            div.alarm-head { h2 { (breakable(&alarm.name)) } (state_pill(alarm)) }
            (about)
        }
        @if !rings {
            details.card.alarm.folded data-key={ (alarm.name) "-folded" } {
                summary { span.alarm-head { strong { (breakable(&alarm.name)) } (state_pill(alarm)) } }
                (about)
            }
        }
    }
}

fn about(alarm: &Alarm, periods: &[Period], now: Timestamp) -> Markup {
    let ms = |count: u64| duration_ms(i64::try_from(alarm.period_s * 1_000 * count).unwrap_or(i64::MAX));
    let latest = alarm.readings.last().and_then(|reading| reading.value);
    html! {
        @if let Some(description) = &alarm.description { p { (description) } }
        @if periods.iter().any(|period| period.value.is_some()) {
            div {
                (spark("The latest periods", periods, threshold(alarm)))
                p.spark-legend { span { "last " (ms(periods.len() as u64)) }
                    span { "latest " @match latest { Some(value) => strong { (amount(&alarm.metric, value)) }, None => "none" } } }
            }
        }
        p.rule { code { (alarm.statistic) " of " (breakable(&alarm.metric)) " " (comparison(&alarm.comparison)) " " (limit(alarm)) }
            " in " (alarm.datapoints_to_alarm) " of " (alarm.evaluation_periods)
            @if alarm.evaluation_periods == 1 { " period of " } @else { " periods of " } (ms(1)) }
        @if alarm.state == AlarmState::Alarm { p.help { (alarm.reason) "." } }
        @if is_measured(alarm) { p.help { "Since " (ago(alarm.since, now)) } }
        @else { p.help { "There is nothing to measure on one machine; on AWS there is." } }
    }
}

/// The threshold, with the unit of its metric.
fn limit(alarm: &Alarm) -> String {
    match alarm.threshold.parse() {
        Ok(value) => amount(&alarm.metric, value),
        Err(_) => alarm.threshold.clone(),
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
