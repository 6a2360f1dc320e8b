//! `GET /console/orders/{id}`: one order, whole.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::{Order, Timestamp};
use maud::{Markup, html};
use ports::observability::{Keeping, Observatory, ObserveError, Trace, TraceSummary};
use ports::operations::{ExecutionDetail, OperationError};
use ports::orders::TimelineEntry;

use super::find_order;
use super::paid::{Paid, payment_id};
use super::timeline::{notifications, timeline};
use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::pages::logs::lines_of;
use crate::pages::workflow;
use crate::query::{address, segment};
use crate::view::{
    self, Section, ago, copyable, duration_ms, empty, execution_pill, fact, icon, json_block, labelled_fact,
    money, not_yet, order_pill, short_id, took, waterfall,
};

pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, PageError> {
    let engine = &*console.engine;
    let order = find_order(engine, &id).await?;
    let now = console.now();
    let entries = engine
        .order_timeline(order.placed.order_id)
        .await?
        .unwrap_or_default();
    let execution = match engine.get_execution(order.placed.order_id.to_string()).await {
        Ok(execution) => Some(execution),
        Err(OperationError::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let trace = find_trace(console.observatory.as_ref(), &order).await?;
    let story = match &execution {
        Some(execution) => Some(workflow::story(engine, execution, now).await?),
        None => None,
    };
    let whole = query.text("timeline") == Some("whole");
    let content = html! {
        (head(&order))
        @if let Some(attention) = &order.state.attention { (needs_attention(&id, attention)) }
        (figures(&order, Paid::of(&entries), now))
        div.columns {
            div.main-column {
                section.card {
                    div.card-head { h2 { "Timeline" } (extent(&id, whole)) }
                    (timeline(&entries, whole))
                }
                @if let Some(story) = &story { (story) }
            }
            div.side-column {
                section.card { h2 { "Facts" } (facts(&order, &entries, now)) }
                section.card { h2 { "Items" } (items(&order)) }
                section.card { h2 { "Execution" } (execution_facts(execution.as_ref())) }
                section.card { h2 { "Notifications" } (notifications(&entries, now)) }
                section.card { h2 { "JSON" }
                    details { summary { "The order as the API shows it" }
                        (json_block("Order", &serde_json::to_value(&order).unwrap_or_default())) }
                }
            }
        }
        @if let Some(trace) = &trace {
            section.card {
                div.card-head { h2 { "Trace" } (trace_link(&trace.summary)) }
                (waterfall(trace))
            }
        }
    };
    let title = format!("Order {}", short_id(&id));
    Ok(view::page(&visitor, Section::Orders, &title, &content))
}

async fn find_trace(observatory: Option<&Observatory>, order: &Order) -> Result<Option<Trace>, PageError> {
    let Some(observatory) = observatory else {
        return Ok(None);
    };
    match observatory
        .traces
        .get_order_trace(order.placed.order_id.to_string())
        .await
    {
        Ok(trace) => Ok(Some(trace)),
        Err(ObserveError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// To the trace's own page, which there is when it was kept and not told from the journal.
fn trace_link(trace: &TraceSummary) -> Markup {
    let whole = html! { (took(trace.duration_us)) " in all" };
    match trace.keeping {
        Keeping::Journal => html! { span.soft { (whole) } },
        Keeping::Sampled | Keeping::Failed | Keeping::Slow => {
            html! { a href={ "/console/traces/" (segment(&trace.trace_id)) } { (whole) } }
        }
    }
}

/// Switches between the facts that matter and all of them.
fn extent(id: &str, whole: bool) -> Markup {
    let path = format!("/console/orders/{}", segment(id));
    html! {
        @if whole { a href=(path) { "Milestones only" } }
        @else { a href=(address(&path, &[("timeline", Some("whole"))])) { "Every event" } }
    }
}

fn head(order: &Order) -> Markup {
    let id = order.placed.order_id.to_string();
    html! {
        header.page-head {
            div {
                p.crumbs { a href="/console/orders" { "Orders" } }
                h1 { "Order " (short_id(&id)) " " (order_pill(order.state.status)) }
            }
            @if !order.state.status.is_final() {
                div.actions {
                    a.button.danger-outline data-ask="" href={ "/console/orders/" (segment(&id)) "/cancel" } {
                        (icon::none()) "Cancel order"
                    }
                }
            }
        }
    }
}

fn needs_attention(id: &str, attention: &str) -> Markup {
    html! {
        div.notice.warn role="status" {
            (icon::warning())
            div {
                p { strong { "This order needs attention: " } (attention) }
                p { "Find out what failed in the states below, set it right, then "
                    a data-ask="" href={ "/console/executions/" (segment(id)) "/redrive" } { "run its execution again" }
                    "; what was done before is found done." }
            }
        }
    }
}

fn figures(order: &Order, paid: Paid, now: Timestamp) -> Markup {
    let (placed, state) = (&order.placed, &order.state);
    let took = state.updated_at.as_ms() - placed.created_at.as_ms();
    let quantity: u32 = placed.items.iter().map(|line| line.quantity.get()).sum();
    html! {
        dl.figures {
            (labelled_fact("Total", money(placed.total_amount, placed.currency), paid.word(state.status.is_final())))
            (labelled_fact("Items", quantity, html! { (placed.items.len()) " "
                @if placed.items.len() == 1 { "product" } @else { "products" } }))
            (labelled_fact("Placed", ago(placed.created_at, now), view::absolute(placed.created_at)))
            @if state.status.is_final() {
                (labelled_fact("Took", duration_ms(took), "from the request to its end"))
            } @else {
                (labelled_fact("Under way for", duration_ms(now.as_ms() - placed.created_at.as_ms()), "not ended yet"))
            }
        }
    }
}

fn facts(order: &Order, entries: &[TimelineEntry], now: Timestamp) -> Markup {
    let (placed, state) = (&order.placed, &order.state);
    let customer = placed.customer_id.as_str();
    let id = &placed.order_id;
    let filter = format!("traceId = \"{}\" or data.orderId = \"{id}\"", placed.trace_id);
    let lines = lines_of(&filter, placed.created_at, now);
    let payment = state.payment_id.as_deref().or_else(|| payment_id(entries));
    let or_none = |text: &Option<String>| html! { @match text { Some(text) => (text), None => (not_yet()) } };
    html! {
        dl.facts {
            (fact("Order id", copyable(&placed.order_id.to_string())))
            (fact("Customer", html! {
                a href=(address("/console/orders", &[("customer", Some(customer))])) { (customer) } }))
            (fact("E-mail", or_none(&placed.customer_email)))
            (fact("Phone", or_none(&placed.customer_phone)))
            (fact("Payment", html! { @match payment {
                Some(payment) => (copyable(payment)), None => (not_yet()) } }))
            @if let Some(reason) = &state.failure_reason { (fact("Reason", reason)) }
            (fact("Trace", copyable(&placed.trace_id)))
            (fact("Logs", html! { a href=(lines) { "What was logged of it" } }))
            @if let Some(metadata) = &placed.metadata {
                (fact("Metadata", json_block("Metadata", &serde_json::Value::Object(metadata.clone()))))
            }
        }
    }
}

fn items(order: &Order) -> Markup {
    let placed = &order.placed;
    html! {
        div.scroll tabindex="0" role="region" aria-label="Items" {
            table.rows {
                thead { tr {
                    th scope="col" { "Product" } th.num scope="col" { "Qty" } th.num scope="col" { "Price" }
                    th.num scope="col" { "Sum" }
                } }
                tbody { @for line in &placed.items {
                    tr {
                        td { a.plain-link href={ "/console/products/" (segment(line.product_id.as_str())) } { (line.product_id) } }
                        td.num { (line.quantity.get()) }
                        td.num { (money(line.price, placed.currency)) }
                        td.num { @match line.price.times(line.quantity.get()) {
                            Ok(sum) => (money(sum, placed.currency)), Err(_) => (not_yet()) } }
                    }
                } }
                tfoot { tr {
                    th scope="row" colspan="3" { "Total" }
                    td.num { strong { (money(placed.total_amount, placed.currency)) } }
                } }
            }
        }
    }
}

fn execution_facts(execution: Option<&ExecutionDetail>) -> Markup {
    let Some(execution) = execution else {
        return empty(
            "Not started",
            "The order's message waits in its queue, or the order was cancelled before.",
        );
    };
    let info = &execution.info;
    html! {
        dl.facts {
            (fact("Status", execution_pill(&info.status)))
            @if let Some(state) = &info.current_state { (fact("Stands in", state)) }
            @if let Some(error) = &info.error { (fact("Error", error)) }
            @if let Some(cause) = &info.cause { (fact("Cause", cause)) }
        }
        p { a href={ "/console/executions/" (segment(&info.name)) } { "History and payloads" } }
    }
}
