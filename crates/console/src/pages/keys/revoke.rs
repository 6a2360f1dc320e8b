//! `/console/keys/{id}/revoke`: asking, and revoking a key.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use ports::access::{ApiKey, ApiKeys};

use crate::access::{Form, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::segment;
use crate::view::{Confirm, Section};

async fn find(engine: &impl ApiKeys, id: &str) -> Result<ApiKey, PageError> {
    let keys = engine.list_keys().await?;
    let found = keys.into_iter().find(|key| key.key_id == id);
    found.ok_or_else(|| PageError::not_found("key", id))
}

/// Nobody locks themselves out by mistake.
fn check_other(visitor: &Visitor, key: &ApiKey) -> Result<(), PageError> {
    if key.key_id == visitor.session.key_id {
        let text = "You signed in with this key: it can't be revoked from here. Use another admin key, or `ordermill keys revoke`.";
        return Err(PageError::Refused(text.to_owned()));
    }
    Ok(())
}

pub(crate) async fn ask_to_revoke<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let key = find(&*console.engine, &id).await?;
    check_other(&visitor, &key)?;
    let confirm = Confirm {
        section: Section::Keys,
        question: "Revoke this key?",
        text: html! {
            p { "From that moment nobody gets in with " strong { (key.name) } ". It can't be undone: whoever uses it needs a new key." }
        },
        action: &format!("/console/keys/{}/revoke", segment(&id)),
        fields: &[],
        extra: html! {},
        button: "Revoke the key",
        is_dangerous: true,
        back: "/console/keys",
    };
    Ok(confirm.page(&visitor))
}

pub(crate) async fn revoke<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
    _form: Form,
) -> Result<Response, PageError> {
    let key = find(&*console.engine, &id).await?;
    check_other(&visitor, &key)?;
    console.engine.revoke_key(key.key_id.clone()).await?;
    tracing::warn!(event_type = "console_key_revoked", key = %key.key_id, by = %visitor.session.key_id);
    visitor.session.tell(format!("The key {} is revoked.", key.name));
    Ok(Redirect::to("/console/keys").into_response())
}
