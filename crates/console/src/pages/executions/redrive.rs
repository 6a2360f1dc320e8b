//! `/console/executions/{name}/redrive`: asking, and running a failed execution again.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::can_be_redriven;
use crate::access::{Form, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::segment;
use crate::view::{Confirm, Section, short_id};

pub(crate) async fn ask_to_redrive<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let execution = console.engine.get_execution(name.clone()).await?;
    let status = &execution.info.status;
    if !can_be_redriven(status) {
        let text = format!("The execution is {status}: only one that failed is run again.");
        return Err(PageError::Refused(text));
    }
    let execution_page = format!("/console/executions/{}", segment(&name));
    let confirm = Confirm {
        section: Section::Executions,
        question: "Run this execution again?",
        text: html! {
            p { "Execution " code { (short_id(&name)) } " starts over at its first state, under the idempotency keys that it had: "
                "nothing that was charged, taken or given back before is done twice. Set right first what made it fail." }
        },
        action: &format!("{execution_page}/redrive"),
        fields: &[],
        extra: html! {},
        button: "Run it again",
        is_dangerous: false,
        back: &execution_page,
    };
    Ok(confirm.page(&visitor))
}

pub(crate) async fn redrive<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _form: Form,
) -> Result<Response, PageError> {
    console.engine.redrive_execution(name.clone()).await?;
    tracing::info!(event_type = "console_execution_redriven", execution = %name, key = %visitor.session.key_id);
    visitor.session.tell("The execution runs again.");
    Ok(Redirect::to(&format!("/console/executions/{}", segment(&name))).into_response())
}
