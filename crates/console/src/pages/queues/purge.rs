//! `/console/queues/{queue}/purge`: asking, and deleting dead letters for good.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::{find_queue, message_path, queue_path};
use crate::access::{Form, Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{Confirm, Section, count};

pub(crate) async fn ask_to_purge<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, PageError> {
    let queue = find_queue(&*console.engine, &name).await?;
    if !queue.is_dead_letter_queue {
        return Err(only_dead(&name));
    }
    let message = query.text("message");
    let path = queue_path(&name);
    let fields: Vec<_> = message.map(|id| ("message", id)).into_iter().collect();
    let back = message.map_or_else(|| path.clone(), |id| message_path(&name, id));
    let confirm = Confirm {
        section: Section::Queues,
        question: match message {
            Some(_) => "Delete this dead letter?",
            None => "Delete all dead letters?",
        },
        text: html! {
            p { @match message {
                    Some(id) => { "Message " code { (id) } " is" },
                    None => { strong { (count(queue.visible)) } " of " (name) " are" },
                }
                " deleted for good. What an order still needs of it will not be done." }
        },
        action: &format!("{path}/purge"),
        fields: &fields,
        extra: html! {},
        button: "Delete for good",
        is_dangerous: true,
        back: &back,
    };
    Ok(confirm.page(&visitor))
}

pub(crate) async fn purge<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    if !find_queue(&*console.engine, &name).await?.is_dead_letter_queue {
        return Err(only_dead(&name));
    }
    let only = form.text("message").map(|id| vec![id.to_owned()]);
    let deleted = console.engine.purge_messages(name.clone(), only).await?;
    tracing::warn!(event_type = "console_messages_purged", queue = name, deleted, key = %visitor.session.key_id);
    visitor.session.tell(match deleted {
        1 => "One message was deleted.".to_owned(),
        deleted => format!("{} messages were deleted.", count(deleted)),
    });
    Ok(Redirect::to(&queue_path(&name)).into_response())
}

/// A working queue's messages are orders' processing: deleting those is left to the command line.
fn only_dead(name: &str) -> PageError {
    PageError::Refused(format!(
        "{name} is no dead-letter queue; the console deletes dead letters only."
    ))
}
