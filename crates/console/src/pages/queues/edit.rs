//! `/console/queues/{queue}/messages/{message}/edit`: setting a dead letter's body right.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::message_path;
use crate::access::{Form, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{self, Confirm, Section, icon, message};

/// The longest body in bytes, as in SQS.
const MAX_BODY_BYTES: usize = 262_144;

pub(crate) async fn edit<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path((queue, id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let found = console.engine.get_message(queue.clone(), id.clone()).await?;
    if found.source.is_none() {
        let text = "Only a dead letter can be edited: a consumer may hold this message.";
        return Err(PageError::Refused(text.to_owned()));
    }
    Ok(form_page(&visitor, &queue, &id, &found.body, None))
}

pub(crate) async fn replace<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path((queue, id)): Path<(String, String)>,
    Form(form): Form,
) -> Result<Response, PageError> {
    // Browsers send line ends as CR LF; a body has the ones that it had.
    let body = form.raw("body").unwrap_or_default().replace("\r\n", "\n");
    let path = message_path(&queue, &id);
    if let Some(problem) = problem(&body) {
        return Ok(form_page(&visitor, &queue, &id, &body, Some(&problem)));
    }
    if form.raw("confirmed") == Some("yes") {
        console
            .engine
            .replace_message_body(queue.clone(), id.clone(), body)
            .await?;
        tracing::info!(event_type = "console_message_edited", queue, message_id = id, key = %visitor.session.key_id);
        visitor
            .session
            .tell("The body is changed. Redrive the message to have it tried anew.");
        return Ok(Redirect::to(&path).into_response());
    }
    let before = console.engine.get_message(queue.clone(), id.clone()).await?.body;
    let is_json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
    let confirm = Confirm {
        section: Section::Queues,
        question: "Change this message's body?",
        text: html! {
            @if !is_json { p.notice.warn { (icon::warning()) span { "The new body is not JSON. What takes this queue's messages expects JSON." } } }
            h2 { "Now" } (message("Body now", &before))
            h2 { "From now on" } (message("New body", &body))
        },
        action: &format!("{path}/edit"),
        fields: &[("body", &body)],
        extra: html! {},
        button: "Change the body",
        is_dangerous: false,
        back: &format!("{path}/edit"),
    };
    Ok(confirm.page(&visitor))
}

fn problem(body: &str) -> Option<String> {
    if body.trim().is_empty() {
        return Some("A message has a body.".to_owned());
    }
    (body.len() > MAX_BODY_BYTES).then(|| {
        format!(
            "A body has at most {MAX_BODY_BYTES} bytes; this one has {}.",
            body.len()
        )
    })
}

fn form_page(visitor: &Visitor, queue: &str, id: &str, body: &str, problem: Option<&str>) -> Response {
    let path = message_path(queue, id);
    let rows = body.lines().count().clamp(8, 30);
    let form: Markup = html! {
        header.page-head {
            div { p.crumbs { a href=(path) { "Message " (id) } } h1 { "Edit the body" } }
        }
        form.card.stack method="post" action={ (path) "/edit" } data-ask="" {
            input type="hidden" name="token" value=(visitor.session.token);
            @if let Some(problem) = problem { p.notice.bad role="alert" { (icon::warning()) span { (problem) } } }
            label for="body" { "Body" }
            // A text area swallows the first line break.
            textarea id="body" name="body" rows=(rows) spellcheck="false" autocomplete="off" required { "\n" (body) }
            div.buttons {
                button.primary type="submit" { "Look at the change" }
                a.button href=(path) { "Leave it as it is" }
            }
        }
    };
    view::page(visitor, Section::Queues, "Edit the body", &form)
}
