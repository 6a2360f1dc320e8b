//! `GET /console/queues`: every queue with its depth and age.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use ports::operations::QueueInfo;

use super::queue_path;
use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{self, Column, Row, Section, count, duration_ms, icon, not_yet, pill, table};

pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let queues = console.engine.list_queues().await?;
    let (dead, working): (Vec<_>, Vec<_>) = queues.iter().partition(|queue| queue.is_dead_letter_queue);
    let content = html! {
        header.page-head { h1 { "Queues" } }
        section.card { h2 { "Queues" } (table("Queues", &COLUMNS, working.into_iter().map(row))) }
        section.card { h2 { "Dead-letter queues" }
            p.help { "What failed as often as its queue allows waits here for somebody to set it right." }
            (table("Dead-letter queues", &COLUMNS, dead.into_iter().map(row)))
        }
    };
    Ok(view::page(&visitor, Section::Queues, "Queues", &content))
}

/// Whether the queue is as it should be.
pub(super) fn health(queue: &QueueInfo) -> Markup {
    match (queue.is_dead_letter_queue, queue.visible) {
        (true, 0) => pill("good", &icon::check(), "EMPTY"),
        (true, _) => pill("bad", &icon::warning(), "DEAD LETTERS"),
        (false, 0) => pill("good", &icon::check(), "DRAINED"),
        (false, _) => pill("busy", &icon::half(), "WAITING"),
    }
}

const COLUMNS: [Column<'_>; 8] = [
    Column::title("Queue"),
    Column::state("State"),
    Column::number("Waiting"),
    Column::number("In flight"),
    Column::number("Oldest"),
    Column::number("Max receives"),
    Column::number("Visibility timeout"),
    Column::number("Retention"),
];

fn row(queue: &QueueInfo) -> Row {
    let most = queue
        .max_receive_count
        .map_or_else(not_yet, |most| html! { (most) });
    Row::keyed(
        &queue.name,
        [
            html! { a href=(queue_path(&queue.name)) { (queue.name) } },
            health(queue),
            html! { (count(queue.visible)) },
            html! { (count(queue.in_flight)) },
            age(queue),
            most,
            html! { (seconds(queue.visibility_timeout_s)) },
            html! { (seconds(queue.retention_s)) },
        ],
    )
}

pub(super) fn age(queue: &QueueInfo) -> Markup {
    if queue.visible + queue.in_flight == 0 {
        return not_yet();
    }
    html! { (duration_ms(i64::try_from(queue.oldest_age_ms).unwrap_or(i64::MAX))) }
}

pub(super) fn seconds(seconds: u64) -> String {
    duration_ms(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX))
}
