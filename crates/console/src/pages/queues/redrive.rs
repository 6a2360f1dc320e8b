//! `/console/queues/{queue}/redrive`: asking, and sending dead letters back to where they came from.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::{find_queue, message_path, queue_path};
use crate::access::{Form, Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{Confirm, Section, count};

pub(crate) async fn ask_to_redrive<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, PageError> {
    let queue = find_queue(&*console.engine, &name).await?;
    let message = query.text("message");
    let path = queue_path(&name);
    let fields: Vec<_> = message.map(|id| ("message", id)).into_iter().collect();
    let back = message.map_or_else(|| path.clone(), |id| message_path(&name, id));
    let confirm = Confirm {
        section: Section::Queues,
        question: match message {
            Some(_) => "Send this dead letter back?",
            None => "Send all dead letters back?",
        },
        text: html! {
            p { @match message {
                    Some(id) => { "Message " code { (id) } " goes" },
                    None => { strong { (count(queue.visible)) } " of " (name) " go" },
                }
                " back to where it came from and is tried anew; its receives count from zero." }
        },
        action: &format!("{path}/redrive"),
        fields: &fields,
        extra: html! {},
        button: "Redrive",
        is_dangerous: false,
        back: &back,
    };
    Ok(confirm.page(&visitor))
}

pub(crate) async fn redrive<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    let only = form.text("message").map(|id| vec![id.to_owned()]);
    let moved = console.engine.redrive_messages(name.clone(), only).await?;
    tracing::info!(event_type = "console_messages_redriven", queue = name, moved, key = %visitor.session.key_id);
    visitor.session.tell(match moved {
        1 => "One message went back to where it came from.".to_owned(),
        moved => format!("{} messages went back to where they came from.", count(moved)),
    });
    Ok(Redirect::to(&queue_path(&name)).into_response())
}
