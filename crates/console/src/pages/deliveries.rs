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
use crate::view::{self, Section, ago, count, empty, icon, message, more, not_yet, order_link, pill};

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
    html! {
        div.scroll tabindex="0" role="region" aria-label="Subscriptions" {
            table.rows {
                thead { tr {
                    th scope="col" { "Subscription" } th scope="col" { "Topic" } th scope="col" { "State" }
                    th.num scope="col" { "Waiting" } th scope="col" { "Delivers to" } th scope="col" { "Gives up to" }
                } }
                tbody { @for info in subscriptions {
                    tr data-key=(info.subscription) {
                        td { a href={ "/console/deliveries/" (segment(&info.subscription)) } { (info.subscription) } }
                        td { (info.topic) }
                        td { @if info.pending == 0 { (pill("good", &icon::check(), "DELIVERED")) }
                             @else { (pill("busy", &icon::half(), "WAITING")) } }
                        td.num { (count(info.pending)) }
                        td { (info.endpoint) }
                        td { @match &info.dead_letter_queue {
                            Some(queue) => a href={ "/console/queues/" (segment(queue)) } { (queue) },
                            None => (not_yet()),
                        } }
                    }
                } }
            }
        }
    }
}

fn outbox_table(sent: &[OutboxEntry], now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Newest messages" {
            table.rows {
                thead { tr {
                    th scope="col" { "Sent" } th scope="col" { "Order" } th scope="col" { "By" } th scope="col" { "To" }
                    th scope="col" { "What" }
                } }
                tbody { @for entry in sent {
                    tr data-key={ (entry.order_id) (entry.subject) (entry.channel) } {
                        td { (ago(entry.at, now)) }
                        td { (order_link(&entry.order_id)) }
                        td { (if entry.channel == "sms" { "SMS" } else { "e-mail" }) }
                        td { (entry.recipient) }
                        td.long { @if entry.subject.is_empty() { (entry.body) } @else {
                            details { summary { (entry.subject) } p.letter { (entry.body) } } } }
                    }
                } }
            }
        }
    }
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
    html! {
        div.scroll tabindex="0" role="region" aria-label="Deliveries" {
            table.rows {
                thead { tr {
                    th scope="col" { "Published" } th.num scope="col" { "Failed" } th scope="col" { "Next try" }
                    th scope="col" { "Last error" } th scope="col" { "Message" }
                } }
                tbody { @for delivery in deliveries {
                    tr data-key=(delivery.delivery_id) {
                        td { (ago(delivery.published_at, now)) }
                        td.num { (delivery.attempts) }
                        td { (ago(delivery.next_at, now)) }
                        td.long { @match &delivery.last_error { Some(error) => span.error-text { (error) }, None => (not_yet()) } }
                        td.long { details { summary { (delivery.subject.as_deref().unwrap_or("Message")) }
                            (message("Message", &delivery.body)) } }
                    }
                } }
            }
        }
    }
}
