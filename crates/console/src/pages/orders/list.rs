//! `GET /console/orders`: orders, newest first, by status, customer and time.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::{Order, OrderStatus, Timestamp};
use maud::{Markup, html};
use ports::inspection::OrderCounts;

use super::filter::Wanted;
use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{
    self, Column, Row, Section, ago, count, empty, icon, money, more, order_link, order_pill, pill, table,
};

const PER_PAGE: u32 = 50;

pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, PageError> {
    let wanted = Wanted::read(&query)?;
    let counts = console.engine.count_orders().await?;
    let page = console
        .engine
        .list_orders(wanted.filter.clone(), wanted.after, PER_PAGE)
        .await?;
    let next = page.next.map(|after| wanted.page_after(Some(&after.to_string())));
    let first = wanted.after.map(|_| wanted.page_after(None));
    let content = html! {
        header.page-head { h1 { "Orders" } }
        (statuses(&wanted, &counts))
        (filter_form(&wanted))
        @if page.orders.is_empty() {
            (nothing(&wanted, counts.total()))
        } @else {
            (list_of(&page.orders, console.now()))
        }
        (more(first.as_deref(), next.as_deref()))
    };
    Ok(view::page(&visitor, Section::Orders, "Orders", &content))
}

fn statuses(wanted: &Wanted, counts: &OrderCounts) -> Markup {
    let current = wanted.status.as_deref();
    let tab = |name: &str, status: Option<&str>, number: u64| {
        html! {
            a href=(wanted.with_status(status)) aria-current=[(current == status).then_some("page")] {
                (name) " " span.count { (count(number)) }
            }
        }
    };
    html! {
        nav.tabs aria-label="Orders by status" {
            (tab("All", None, counts.total()))
            @for status in OrderStatus::ALL {
                (tab(word(status), Some(status.as_str()), counts.of(status)))
            }
            (tab("Needs attention", Some("attention"), counts.needs_attention))
        }
    }
}

fn word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "Pending",
        OrderStatus::Processing => "Processing",
        OrderStatus::Completed => "Completed",
        OrderStatus::Failed => "Failed",
        OrderStatus::Cancelled => "Cancelled",
    }
}

fn filter_form(wanted: &Wanted) -> Markup {
    let minute = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default();
        text.get(..16).unwrap_or(text).to_owned()
    };
    html! {
        form.filter method="get" action="/console/orders" {
            @if let Some(status) = &wanted.status { input type="hidden" name="status" value=(status); }
            label { span { "Customer" }
                input name="customer" value=[wanted.customer.as_deref()] placeholder="CUST-001" maxlength="128"; }
            label { span { "From (UTC)" }
                input type="datetime-local" name="from" value=(minute(&wanted.from)); }
            label { span { "To (UTC)" }
                input type="datetime-local" name="to" value=(minute(&wanted.to)); }
            button type="submit" { "Filter" }
            @if wanted.is_narrow() {
                a.button.ghost href=(crate::query::address("/console/orders", &[("status", wanted.status.as_deref())])) {
                    "Clear"
                }
            }
        }
    }
}

fn nothing(wanted: &Wanted, total: u64) -> Markup {
    if total == 0 {
        let text = html! {
            "Place the first one: the server printed a " code { "curl" } " line at its first start, and "
            code { "ordermill orders place --customer CUST-001 --item PROD-001=2" } " does the same."
        };
        return empty("There are no orders yet", text);
    }
    let text = match wanted.filter.needs_attention {
        true => html! { "That is as it should be: every order found its end by itself." },
        false => html! { "Choose another status, or " a href="/console/orders" { "look at all orders" } "." },
    };
    empty("No order is like that", text)
}

/// A table of orders.
pub(crate) fn list_of(orders: &[Order], now: Timestamp) -> Markup {
    let columns = [
        Column::title("Order"),
        Column::state("Status"),
        Column::text("Customer"),
        Column::text("Items"),
        Column::number("Total"),
        Column::text("Placed"),
        Column::aside("Changed"),
    ];
    table("Orders", &columns, orders.iter().map(|order| row(order, now)))
}

fn row(order: &Order, now: Timestamp) -> Row {
    let (placed, state) = (&order.placed, &order.state);
    let id = placed.order_id.to_string();
    let customer = placed.customer_id.as_str();
    let status = html! {
        (order_pill(state.status))
        @if let Some(attention) = &state.attention {
            " " span title=(attention) { (pill("warn", &icon::warning(), "ATTENTION")) }
        }
    };
    let same = crate::query::address("/console/orders", &[("customer", Some(customer))]);
    Row::keyed(
        &id,
        [
            order_link(&id),
            status,
            html! { a.plain-link href=(same) { (customer) } },
            html! { span.items { (items(order)) } },
            html! { (money(placed.total_amount, placed.currency)) },
            ago(placed.created_at, now),
            ago(state.updated_at, now),
        ],
    )
}

/// `2 × PROD-001 + 3 more`.
fn items(order: &Order) -> Markup {
    let lines = &order.placed.items;
    html! {
        @if let Some(first) = lines.first() {
            (first.quantity.get()) " × " (first.product_id)
            @if lines.len() > 1 { span.soft { " + " (lines.len() - 1) " more" } }
        }
    }
}
