//! `GET /console/queues/{queue}`: one queue with its messages, oldest first.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::operations::{QueueInfo, QueueMessage};

use super::list::{age, health, seconds};
use super::{find_queue, message_path, queue_path};
use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::address;
use crate::view::{self, Column, Row, Section, ago, count, empty, icon, labelled_fact, more, not_yet, table};

const PER_PAGE: u32 = 50;

pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, PageError> {
    let queue = find_queue(&*console.engine, &name).await?;
    let after = query.text("after").map(str::to_owned);
    let messages = console
        .engine
        .list_messages(name.clone(), after.clone(), PER_PAGE)
        .await?;
    let path = queue_path(&name);
    let last = messages.last().filter(|_| messages.len() == PER_PAGE as usize);
    let next = last.map(|last| address(&path, &[("after", Some(&last.message_id))]));
    let content = html! {
        header.page-head {
            div { p.crumbs { a href="/console/queues" { "Queues" } } h1 { (queue.name) " " (health(&queue)) } }
            @if !messages.is_empty() { (actions(&queue, &path)) }
        }
        (figures(&queue))
        section.card {
            h2 { "Messages" }
            @if messages.is_empty() {
                (nothing(&queue))
            } @else {
                (table("Messages", &COLUMNS, messages.iter().map(|message| row(message, console.now()))))
            }
            (more(after.map(|_| path.clone()).as_deref(), next.as_deref()))
        }
    };
    Ok(view::page(&visitor, Section::Queues, &name, &content))
}

fn actions(queue: &QueueInfo, path: &str) -> Markup {
    html! {
        div.actions {
            @if queue.is_dead_letter_queue {
                a.button data-ask="" href={ (path) "/redrive" } { (icon::executions()) "Redrive all" }
                a.button.danger-outline data-ask="" href={ (path) "/purge" } { (icon::cross()) "Purge" }
            }
        }
    }
}

fn figures(queue: &QueueInfo) -> Markup {
    html! {
        dl.figures {
            (labelled_fact("Waiting", count(queue.visible), "can be received now"))
            (labelled_fact("In flight", count(queue.in_flight), "received, not settled"))
            (labelled_fact("Oldest", age(queue), html! { "kept for " (seconds(queue.retention_s)) }))
            @if let Some(most) = queue.max_receive_count {
                (labelled_fact("Receives", most, html! { "then to "
                    @match &queue.dead_letter_queue {
                        Some(dead) => a href=(queue_path(dead)) { (dead) },
                        None => "nowhere",
                    }
                }))
            }
        }
    }
}

fn nothing(queue: &QueueInfo) -> Markup {
    if queue.is_dead_letter_queue {
        return empty(
            "No dead letters",
            "Nothing has failed for good. Alarms tell when something does.",
        );
    }
    empty(
        "Nothing waits",
        "Messages are taken as they come; those that stay are seen here.",
    )
}

const COLUMNS: [Column<'_>; 6] = [
    Column::title("Message"),
    Column::text("Sent"),
    Column::number("Receives"),
    Column::text("From"),
    Column::long("Last error"),
    Column::long("Body"),
];

fn row(message: &QueueMessage, now: Timestamp) -> Row {
    let beginning: String = message.body.chars().take(80).collect();
    let source = message.source.as_ref();
    let error = message.last_error.as_ref();
    Row::keyed(
        &message.message_id,
        [
            html! { a.id href=(message_path(&message.queue, &message.message_id)) { (message.message_id) } },
            ago(message.sent_at, now),
            html! { (message.receive_count) },
            source.map_or_else(not_yet, |source| html! { (source) }),
            error.map_or_else(not_yet, |error| html! { span.error-text { (error) } }),
            html! { code { (beginning) } },
        ],
    )
}
