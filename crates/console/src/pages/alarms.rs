//! `GET /console/alarms`: the template's alarms with what they looked at, and how they changed.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::observability::{Alarm, AlarmState, AlarmTransition};

use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{self, Section, absolute, ago, chart, duration_ms, empty, icon, pill};

const NEWEST: u32 = 50;

pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let alarms = console.observatory()?.alarms.list_alarms().await?;
    let changes = console.observatory()?.alarms.alarm_history(None, NEWEST).await?;
    let now = console.now();
    let content = html! {
        header.page-head { h1 { "Alarms" } }
        @if alarms.is_empty() {
            (empty("There are no alarms", "The template defines them, as AWS::CloudWatch::Alarm."))
        } @else {
            div.alarms { @for alarm in &alarms { (card(alarm, now)) } }
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
        AlarmState::InsufficientData => pill("off", &icon::circle(), "INSUFFICIENT DATA"),
    }
}

fn card(alarm: &Alarm, now: Timestamp) -> Markup {
    let period = duration_ms(i64::try_from(alarm.period_s * 1_000).unwrap_or(i64::MAX));
    html! {
        section.card.alarm data-key=(alarm.name) {
            div.alarm-head { h2 { (alarm.name) } (alarm_pill(alarm.state)) }
            @if let Some(description) = &alarm.description { p { (description) } }
            p.rule { code { (alarm.statistic) " of " (alarm.metric) " " (comparison(&alarm.comparison)) " " (alarm.threshold) }
                " in " (alarm.datapoints_to_alarm) " of " (alarm.evaluation_periods) " periods of " (period) }
            (readings(alarm))
            p.help { (alarm.reason) " Since " (ago(alarm.since, now)) "." }
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

/// The latest periods as bars; those that breach are marked, and each says its value.
fn readings(alarm: &Alarm) -> Markup {
    let threshold: f64 = alarm.threshold.parse().unwrap_or(0.0);
    let values = alarm.readings.iter().filter_map(|reading| reading.value);
    let top = values.fold(threshold, f64::max).max(1.0) * 1.1;
    let y = |value: f64| format!("{:.1}", 40.0 - value / top * 40.0);
    let width = alarm.readings.len().max(1) * 12;
    html! {
        svg.readings role="img" aria-label="The latest periods" viewBox={ "0 0 " (width) " 40" } preserveAspectRatio="none" {
            @for (index, reading) in alarm.readings.iter().enumerate() {
                g.breach[reading.breaches == Some(true)] {
                    title { (absolute(reading.at)) ": " @match reading.value {
                        Some(value) => (chart::number(value)), None => "no data" } }
                    rect.hit x=(index * 12) y="0" width="12" height="40" {}
                    @if let Some(value) = reading.value {
                        rect.value x=(index * 12 + 2) y=(y(value)) width="8" height=(format!("{:.1}", (value / top * 40.0).max(1.0))) {}
                    }
                }
            }
            line.threshold x1="0" x2=(width) y1=(y(threshold)) y2=(y(threshold)) {}
        }
    }
}

fn history(changes: &[AlarmTransition], now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Changes" {
            table.rows {
                thead { tr { th scope="col" { "When" } th scope="col" { "Alarm" } th scope="col" { "From" } th scope="col" { "To" } th scope="col" { "Why" } } }
                tbody { @for change in changes {
                    tr { td { (ago(change.at, now)) } td { (change.alarm) } td { (alarm_pill(change.from)) }
                         td { (alarm_pill(change.to)) } td.long { (change.reason) } }
                } }
            }
        }
    }
}
