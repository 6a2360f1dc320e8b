//! `GET /console/queues/{queue}/messages/{message}`: one message whole.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use ports::operations::QueueMessage;

use super::{message_path, queue_path};
use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::address;
use crate::view::{self, Section, ago, bytes, fact, icon, message, not_yet, order_link};

pub(crate) async fn show_message<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path((queue, id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let found = console.engine.get_message(queue.clone(), id.clone()).await?;
    let is_dead = found.source.is_some();
    let content = html! {
        header.page-head {
            div {
                p.crumbs { a href="/console/queues" { "Queues" } " / " a href=(queue_path(&queue)) { (queue) } }
                h1 { "Message " (id) }
            }
            @if is_dead { (actions(&queue, &id)) }
        }
        @if let Some(error) = &found.last_error {
            div.notice.bad { (icon::warning()) div { p { strong { "Failed last with: " } (error) } } }
        }
        div.columns {
            div.main-column { section.card { h2 { "Body" } (message("Body", &found.body)) } }
            div.side-column { section.card { h2 { "Facts" } (facts(&found, console.now())) } }
        }
    };
    Ok(view::page(
        &visitor,
        Section::Queues,
        &format!("Message {id}"),
        &content,
    ))
}

fn actions(queue: &str, id: &str) -> Markup {
    let one = |what: &str| address(&format!("{}/{what}", queue_path(queue)), &[("message", Some(id))]);
    html! {
        div.actions {
            a.button href={ (message_path(queue, id)) "/edit" } { "Edit the body" }
            a.button data-ask="" href=(one("redrive")) { (icon::executions()) "Redrive" }
            a.button.danger-outline data-ask="" href=(one("purge")) { (icon::cross()) "Delete" }
        }
    }
}

fn facts(message: &QueueMessage, now: domain::Timestamp) -> Markup {
    let body: Option<serde_json::Value> = serde_json::from_str(&message.body).ok();
    let order = body.as_ref().and_then(|body| body["orderId"].as_str());
    html! {
        dl.facts {
            (fact("Queue", html! { a href=(queue_path(&message.queue)) { (message.queue) } }))
            (fact("Sent", ago(message.sent_at, now)))
            (fact("Receives", message.receive_count))
            (fact("From", html! { @match &message.source { Some(source) => (source), None => (not_yet()) } }))
            (fact("Size", bytes(message.body.len())))
            @if let Some(order) = order { (fact("Order", order_link(order))) }
        }
    }
}
