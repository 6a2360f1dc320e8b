//! `GET /console`: how things stand.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::{OrderStatus, Timestamp};
use maud::{Markup, html};
use ports::inspection::OrderCounts;
use ports::operations::QueueInfo;
use ports::orders::OrderFilter;

use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::pages::orders;
use crate::query::segment;
use crate::view::{self, Section, count, duration_ms, empty, icon, labelled_fact, not_yet, order_pill};

const NEWEST: u32 = 8;
/// The hours over which rates are told.
const HOURS: i64 = 24;

pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let engine = &*console.engine;
    let now = console.now();
    let counts = engine.count_orders().await?;
    let queues = engine.list_queues().await?;
    let newest = engine.list_orders(OrderFilter::default(), None, NEWEST).await?;
    let from = Timestamp::from_ms(now.as_ms() - HOURS * 3_600_000);
    let figures = engine
        .read_figures(from, Timestamp::from_ms(now.as_ms() + 1))
        .await?;
    let success = figures.first().and_then(|hour| hour.payment_success_rate.clone());
    let content = html! {
        header.page-head { h1 { "Overview" } }
        (worries(&counts, &queues))
        dl.figures {
            (labelled_fact("Orders", count(counts.total()), html! { (count(counts.of(OrderStatus::Processing))) " being processed" }))
            (labelled_fact("Waiting", waiting(&queues), oldest(&queues)))
            (labelled_fact("Payments that went through", html! { @match &success {
                Some(rate) => (percent(rate)), None => (not_yet()) } }, "in the newest hour with any"))
            (labelled_fact("Needs attention", count(counts.needs_attention), html! {
                a href="/console/orders?status=attention" { "look at them" } }))
        }
        section.card { h2 { "By status" } (statuses(&counts)) }
        section.card { h2 { "Newest orders" }
            @if newest.orders.is_empty() {
                (empty("There are no orders yet", html! { "Place one: " code { "ordermill orders place --customer CUST-001 --item PROD-001=2" } }))
            } @else { (orders::table(&newest.orders, now)) }
        }
    };
    Ok(view::page(&visitor, Section::Overview, "Overview", &content))
}

/// What somebody should look at, first of all.
fn worries(counts: &OrderCounts, queues: &[QueueInfo]) -> Markup {
    let dead: Vec<_> = queues
        .iter()
        .filter(|queue| queue.is_dead_letter_queue && queue.visible > 0)
        .collect();
    html! {
        @if counts.needs_attention > 0 {
            p.notice.warn { (icon::warning()) span {
                a href="/console/orders?status=attention" { (count(counts.needs_attention)) " "
                    @if counts.needs_attention == 1 { "order needs" } @else { "orders need" } " attention" } } }
        }
        @for queue in dead {
            p.notice.bad { (icon::warning()) span {
                a href={ "/console/queues/" (segment(&queue.name)) } { (count(queue.visible)) " dead "
                    @if queue.visible == 1 { "letter" } @else { "letters" } " in " (queue.name) } } }
        }
    }
}

fn waiting(queues: &[QueueInfo]) -> String {
    let working = queues.iter().filter(|queue| !queue.is_dead_letter_queue);
    count(working.map(|queue| queue.visible + queue.in_flight).sum())
}

fn oldest(queues: &[QueueInfo]) -> Markup {
    let working = queues
        .iter()
        .filter(|queue| !queue.is_dead_letter_queue && queue.visible + queue.in_flight > 0);
    match working.map(|queue| queue.oldest_age_ms).max() {
        Some(age) => html! { "oldest for " (duration_ms(i64::try_from(age).unwrap_or(i64::MAX))) },
        None => html! { "queues are drained" },
    }
}

/// A share of 0 to 1 in per cent.
fn percent(rate: &serde_json::Number) -> String {
    match rate.as_f64() {
        Some(rate) => format!("{:.1} %", rate * 100.0),
        None => rate.to_string(),
    }
}

fn statuses(counts: &OrderCounts) -> Markup {
    let most = counts.by_status.iter().copied().max().unwrap_or(0).max(1);
    html! {
        table.bars {
            tbody { @for status in OrderStatus::ALL {
                tr {
                    th scope="row" { a href={ "/console/orders?status=" (status.as_str()) } { (order_pill(status)) } }
                    td.bar { svg class={ "bar " (status.as_str().to_lowercase()) } viewBox="0 0 100 8" preserveAspectRatio="none"
                        aria-hidden="true" focusable="false" {
                        rect.track width="100" height="8" rx="0" {}
                        rect.value width=(format!("{:.2}", counts.of(status) as f64 * 100.0 / most as f64)) height="8" {}
                    } }
                    td.num { (count(counts.of(status))) }
                }
            } }
        }
    }
}
