//! An order's timeline, and the messages that its customer was sent.

use domain::Timestamp;
use maud::{Markup, html};
use ports::orders::TimelineEntry;

use crate::pages::workflow::clock_time;
use crate::view::{absolute, ago, duration_ms, empty, icon, json_block};

/// Events of an execution that repeat what its states tell already.
const MINOR: [&str; 6] = [
    "Scheduled",
    "Started",
    "Succeeded",
    "StateExited",
    "ChoiceStateEntered",
    "Published",
];

fn is_minor(entry: &TimelineEntry) -> bool {
    let is_end = entry.event.starts_with("Execution") && entry.event != "ExecutionStarted";
    !is_end && MINOR.iter().any(|end| entry.event.ends_with(end))
}

/// Facts in time order, each with what is known of it: those that matter, or the whole of them.
pub(super) fn timeline(entries: &[TimelineEntry], whole: bool) -> Markup {
    let start = entries.first().map(|entry| entry.at.as_ms()).unwrap_or_default();
    html! {
        ol.timeline {
            @for entry in entries.iter().filter(|entry| whole || !is_minor(entry)) {
                li class=[tone(&entry.event)] {
                    span.when {
                        time datetime=(entry.at) title=(absolute(entry.at)) { (clock_time(entry.at)) }
                        span.after { "+" (duration_ms(entry.at.as_ms() - start)) }
                    }
                    span.where { (source_icon(&entry.source)) (entry.source) }
                    div.what {
                        @if is_nothing(&entry.detail) {
                            p { (entry.summary) " " span.event { (entry.event) } }
                        } @else {
                            details {
                                summary { (entry.summary) " " span.event { (entry.event) } }
                                (json_block("Details", &entry.detail))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn is_nothing(detail: &serde_json::Value) -> bool {
    match detail {
        serde_json::Value::Null => true,
        serde_json::Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Facts that went wrong, and the end that was hoped for.
fn tone(event: &str) -> Option<&'static str> {
    const BAD: [&str; 6] = [
        "Failed",
        "TimedOut",
        "Aborted",
        "DeadLettered",
        "DECLINED",
        "FAILED",
    ];
    if BAD.iter().any(|end| event.ends_with(end)) {
        return Some("bad");
    }
    match event {
        "COMPLETED" | "ExecutionSucceeded" | "CHARGED" | "TAKEN" | "Sent" => Some("good"),
        "CANCELLED" | "REFUNDED" | "RELEASED" => Some("warn"),
        _ => None,
    }
}

fn source_icon(source: &str) -> Markup {
    match source {
        "order" => icon::orders(),
        "queue" => icon::queue(),
        "execution" => icon::executions(),
        "payment" => icon::money(),
        "stock" => icon::products(),
        "notification" => icon::deliveries(),
        _ => icon::info(),
    }
}

/// What the customer was told, and what of it failed.
pub(super) fn notifications(entries: &[TimelineEntry], now: Timestamp) -> Markup {
    let mine: Vec<&TimelineEntry> = entries
        .iter()
        .filter(|entry| entry.source == "notification")
        .collect();
    if mine.is_empty() {
        return empty(
            "Nobody was told anything",
            "An order needs an e-mail address or a phone number for that.",
        );
    }
    html! {
        ul.plain {
            @for entry in mine {
                li class=[tone(&entry.event)] { (icon::deliveries()) span { (entry.summary) } (ago(entry.at, now)) }
            }
        }
    }
}
