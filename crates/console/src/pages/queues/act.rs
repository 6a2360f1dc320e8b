//! `/console/queues/{queue}/redrive` and `/purge`: asking about one dead letter or all of them, and sending them back to
//! where they came from, or deleting them for good.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::{find_queue, message_path, queue_path};
use crate::access::{Form, Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{Confirm, Section, count};

/// What is done with dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Redrive,
    Purge,
}

/// How an act is told, of one message and of several.
struct Words {
    path: &'static str,
    question: (&'static str, &'static str),
    /// The verb, and what becomes of them.
    verb: (&'static str, &'static str),
    what: &'static str,
    button: &'static str,
    done: (&'static str, &'static str),
}

impl Act {
    fn words(self) -> Words {
        match self {
            Self::Redrive => Words {
                path: "redrive",
                question: ("Send this dead letter back?", "Send all dead letters back?"),
                verb: (" goes", " go"),
                what: " back to where it came from and is tried anew; its receives count from zero.",
                button: "Redrive",
                done: (
                    "One message went back to where it came from.",
                    " messages went back to where they came from.",
                ),
            },
            Self::Purge => Words {
                path: "purge",
                question: ("Delete this dead letter?", "Delete all dead letters?"),
                verb: (" is", " are"),
                what: " deleted for good. What an order still needs of it will not be done.",
                button: "Delete for good",
                done: ("One message was deleted.", " messages were deleted."),
            },
        }
    }

    async fn ask<E: Engine>(
        self,
        console: &Console<E>,
        visitor: &Visitor,
        name: &str,
        query: &Query,
    ) -> Result<Response, PageError> {
        let queue = find_queue(&*console.engine, name).await?;
        if !queue.is_dead_letter_queue {
            return Err(only_dead(name));
        }
        let words = self.words();
        let message = query.0.text("message");
        let path = queue_path(name);
        let fields: Vec<_> = message.map(|id| ("message", id)).into_iter().collect();
        let back = message.map_or_else(|| path.clone(), |id| message_path(name, id));
        let confirm = Confirm {
            section: Section::Queues,
            question: if message.is_some() {
                words.question.0
            } else {
                words.question.1
            },
            text: html! {
                p { @match message {
                        Some(id) => { "Message " code { (id) } (words.verb.0) },
                        None => { strong { (count(queue.visible)) } " of " (name) (words.verb.1) },
                    }
                    (words.what) }
            },
            action: &format!("{path}/{}", words.path),
            fields: &fields,
            extra: html! {},
            button: words.button,
            is_dangerous: self == Self::Purge,
            back: &back,
        };
        Ok(confirm.page(visitor))
    }

    async fn perform<E: Engine>(
        self,
        console: &Console<E>,
        visitor: &Visitor,
        name: String,
        form: &Form,
    ) -> Result<Response, PageError> {
        if !find_queue(&*console.engine, &name).await?.is_dead_letter_queue {
            return Err(only_dead(&name));
        }
        let only = form.0.text("message").map(|id| vec![id.to_owned()]);
        let key = &visitor.session.key_id;
        let path = queue_path(&name);
        let number = match self {
            Self::Redrive => {
                let moved = console.engine.redrive_messages(name.clone(), only).await?;
                tracing::info!(event_type = "console_messages_redriven", queue = name, moved, %key);
                moved
            }
            Self::Purge => {
                let deleted = console.engine.purge_messages(name.clone(), only).await?;
                tracing::warn!(event_type = "console_messages_purged", queue = name, deleted, %key);
                deleted
            }
        };
        let (one, several) = self.words().done;
        visitor.session.tell(match number {
            1 => one.to_owned(),
            number => format!("{}{several}", count(number)),
        });
        Ok(Redirect::to(&path).into_response())
    }
}

/// A working queue's messages are orders' processing: what is done with those is left to the command line.
fn only_dead(name: &str) -> PageError {
    PageError::Refused(format!(
        "{name} is no dead-letter queue; the console sends back and deletes dead letters only."
    ))
}

/// `GET /console/queues/{queue}/redrive`
pub(crate) async fn ask_to_redrive<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    query: Query,
) -> Result<Response, PageError> {
    Act::Redrive.ask(&console, &visitor, &name, &query).await
}

/// `POST /console/queues/{queue}/redrive`
pub(crate) async fn redrive<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, PageError> {
    Act::Redrive.perform(&console, &visitor, name, &form).await
}

/// `GET /console/queues/{queue}/purge`
pub(crate) async fn ask_to_purge<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    query: Query,
) -> Result<Response, PageError> {
    Act::Purge.ask(&console, &visitor, &name, &query).await
}

/// `POST /console/queues/{queue}/purge`
pub(crate) async fn purge<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, PageError> {
    Act::Purge.perform(&console, &visitor, name, &form).await
}
