//! `/console/orders/{id}/cancel`: asking, and cancelling.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use ports::orders::CancelOrderError;

use super::find_order;
use crate::access::{Form, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::segment;
use crate::view::{Confirm, Section, money, short_id};

/// The longest reason in characters, as over HTTP.
const MAX_REASON_CHARS: usize = 500;
const DEFAULT_REASON: &str = "Cancelled by an operator";

pub(crate) async fn ask_to_cancel<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let order = find_order(&*console.engine, &id).await?;
    let status = order.state.status;
    if status.is_final() {
        return Err(PageError::Refused(format!("The order is {status} already.")));
    }
    let order_page = format!("/console/orders/{}", segment(&id));
    let confirm = Confirm {
        section: Section::Orders,
        question: "Cancel this order?",
        text: html! {
            p { "Order " code { (short_id(&id)) } " of " (order.placed.customer_id) " over "
                strong { (money(order.placed.total_amount, order.placed.currency)) }
                " becomes CANCELLED at once, and its customer is told. What it was charged and the stock that it took are "
                "given back by its execution." }
        },
        action: &format!("{order_page}/cancel"),
        fields: &[],
        extra: html! {
            label { span { "Reason, for the customer to read" }
                input name="reason" maxlength=(MAX_REASON_CHARS) placeholder=(DEFAULT_REASON); }
        },
        button: "Cancel the order",
        is_dangerous: true,
        back: &order_page,
    };
    Ok(confirm.page(&visitor))
}

pub(crate) async fn cancel<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    let not_found = || PageError::not_found("order", id.clone());
    let order_id = id.parse().map_err(|_| not_found())?;
    let reason = form.text("reason").unwrap_or(DEFAULT_REASON);
    if reason.chars().count() > MAX_REASON_CHARS || reason.chars().any(char::is_control) {
        let text =
            format!("A reason has at most {MAX_REASON_CHARS} characters, none of them a control character.");
        return Err(PageError::Invalid(text));
    }
    let cancelled = console.engine.cancel_order(order_id, reason.to_owned()).await;
    cancelled.map_err(|error| match error {
        CancelOrderError::NotFound(_) => not_found(),
        CancelOrderError::Ended(status) => PageError::Refused(format!("The order is {status} already.")),
        CancelOrderError::Store { source, .. } => source.into(),
    })?;
    tracing::info!(event_type = "console_order_cancelled", order_id = %order_id, key = %visitor.session.key_id);
    visitor.session.tell("The order is cancelled.");
    Ok(Redirect::to(&format!("/console/orders/{}", segment(&id))).into_response())
}
