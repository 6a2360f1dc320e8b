//! Deliveries: each subscription with what waits for it, and the newest messages that customers were sent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::inspection::DeliveryInfo;
use ports::operations::{OutboxEntry, SubscriptionInfo};

use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::{address, segment};
use crate::view::{
    self, Column, Row, Section, ago, count, empty, icon, message, more, not_yet, order_link, pill, table,
};

const PER_PAGE: u32 = 50;
const NEWEST: u32 = 25;

/// `GET /console/deliveries`
pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let subscriptions = console.engine.list_subscriptions().await?;
    let sent = console.engine.list_outbox(NEWEST).await?;
    let content = html! {
        header.page-head { h1 { "Deliveries" } }
        section.card { h2 { "Subscriptions" } (subscription_table(&subscriptions)) }
        section.card { h2 { "Newest messages to customers" }
            @if sent.is_empty() {
                (empty("Nobody was written to yet", "Orders with an e-mail address or a phone number have their customers told."))
            } @else { (outbox_table(&sent, console.now())) }
        }
    };
    Ok(view::page(&visitor, Section::Deliveries, "Deliveries", &content))
}

fn subscription_table(subscriptions: &[SubscriptionInfo]) -> Markup {
    let columns = [
        Column::title("Subscription"),
        Column::text("Topic"),
        Column::state("State"),
        Column::number("Waiting"),
        Column::text("Delivers to"),
        Column::text("Gives up to"),
    ];
    let row = |info: &SubscriptionInfo| {
        let state = match info.pending {
            0 => pill("good", &icon::check(), "DELIVERED"),
            _ => pill("busy", &icon::half(), "WAITING"),
        };
        let dead = info.dead_letter_queue.as_ref();
        Row::keyed(
            &info.subscription,
            [
                html! { a href={ "/console/deliveries/" (segment(&info.subscription)) } { (info.subscription) } },
                html! { (info.topic) },
                state,
                html! { (count(info.pending)) },
                html! { (info.endpoint) },
                dead.map_or_else(
                    not_yet,
                    |queue| html! { a href={ "/console/queues/" (segment(queue)) } { (queue) } },
                ),
            ],
        )
    };
    table("Subscriptions", &columns, subscriptions.iter().map(row))
}

fn outbox_table(sent: &[OutboxEntry], now: Timestamp) -> Markup {
    let columns = [
        Column::text("Sent"),
        Column::text("Order"),
        Column::text("By"),
        Column::text("To"),
        Column::long("What"),
    ];
    let row = |entry: &OutboxEntry| {
        let what = html! {
            @if entry.subject.is_empty() { (entry.body) } @else {
                details { summary { (entry.subject) } p.letter { (entry.body) } } }
        };
        Row::keyed(
            &format!("{}{}{}", entry.order_id, entry.subject, entry.channel),
            [
                ago(entry.at, now),
                order_link(&entry.order_id),
                html! { (if entry.channel == "sms" { "SMS" } else { "e-mail" }) },
                html! { (entry.recipient) },
                what,
            ],
        )
    };
    table("Newest messages", &columns, sent.iter().map(row))
}

/// `GET /console/deliveries/{subscription}`
pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, PageError> {
    let after = query.text("after").map(str::to_owned);
    let deliveries = console
        .engine
        .list_deliveries(name.clone(), after.clone(), PER_PAGE)
        .await?;
    let path = format!("/console/deliveries/{}", segment(&name));
    let last = deliveries
        .last()
        .filter(|_| deliveries.len() == PER_PAGE as usize);
    let next = last.map(|last| address(&path, &[("after", Some(&last.delivery_id))]));
    let content = html! {
        header.page-head {
            div { p.crumbs { a href="/console/deliveries" { "Deliveries" } } h1 { (name) } }
        }
        section.card { h2 { "Deliveries that wait" }
            @if deliveries.is_empty() {
                (empty("Nothing waits", "What was published is delivered. What could not be is in the subscription's dead-letter queue."))
            } @else { (delivery_table(&deliveries, console.now())) }
            (more(after.map(|_| path.clone()).as_deref(), next.as_deref()))
        }
    };
    Ok(view::page(&visitor, Section::Deliveries, &name, &content))
}

fn delivery_table(deliveries: &[DeliveryInfo], now: Timestamp) -> Markup {
    let columns = [
        Column::text("Published"),
        Column::number("Failed"),
        Column::text("Next try"),
        Column::long("Last error"),
        Column::long("Message"),
    ];
    let row = |delivery: &DeliveryInfo| {
        let error = delivery.last_error.as_ref();
        let text = html! {
            details { summary { (delivery.subject.as_deref().unwrap_or("Message")) } (message("Message", &delivery.body)) }
        };
        Row::keyed(
            &delivery.delivery_id,
            [
                ago(delivery.published_at, now),
                html! { (delivery.attempts) },
                ago(delivery.next_at, now),
                error.map_or_else(not_yet, |error| html! { span.error-text { (error) } }),
                text,
            ],
        )
    };
    table("Deliveries", &columns, deliveries.iter().map(row))
}
