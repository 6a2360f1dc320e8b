//! `GET /console`: how things stand.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::{OrderStatus, Timestamp};
use maud::{Markup, html};
use ports::inspection::OrderCounts;
use ports::observability::{
    Alarm, AlarmState, MetricQuery, MetricStatistic, Observatory, ObserveError, ServiceMap,
};
use ports::operations::QueueInfo;
use ports::orders::OrderFilter;

use super::alarms::{alarm_pill, is_measured};
use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::pages::orders;
use crate::query::segment;
use crate::view::chart::Minutes;
use crate::view::{
    self, Section, ago, breakable, count, duration_ms, empty, icon, labelled_fact, not_yet, order_pill,
    service_map,
};

const NEWEST: u32 = 10;
/// The minutes over which rates and the service map are told.
const MINUTES: usize = 60;
/// The namespace of our own metrics.
const BUSINESS: &str = "OrderProcessingSystem";

pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let engine = &*console.engine;
    let now = console.now();
    let counts = engine.count_orders().await?;
    let queues = engine.list_queues().await?;
    let newest = engine.list_orders(OrderFilter::default(), None, NEWEST).await?;
    let signals = match &console.observatory {
        Some(observatory) => Some(Signals::read(observatory, now).await?),
        None => None,
    };
    let content = html! {
        header.page-head { h1 { "Overview" } }
        (worries(&counts, &queues, signals.as_ref().map_or(&[], |signals| &signals.alarms)))
        dl.figures {
            (labelled_fact("Orders", count(counts.total()), html! { (count(counts.of(OrderStatus::Processing))) " being processed" }))
            @if let Some(signals) = &signals {
                (labelled_fact("In the last hour", count(total(&signals.placed)), "orders placed"))
                (labelled_fact("Payment success", success(signals.paid, signals.declined), "in the last hour"))
            }
            (labelled_fact("Waiting", waiting(&queues), oldest(&queues)))
            (labelled_fact("Needs attention", count(counts.needs_attention), html! {
                a href="/console/orders?status=attention" { "look at them" } }))
        }
        div.overview[signals.is_some()] {
            @if let Some(signals) = &signals {
                section.card { h2 { "Orders a minute" }
                    (signals.placed.chart("Orders placed in each of the last 60 minutes", "orders")) }
            }
            div.stack {
                section.card { h2 { "By status" } (statuses(&counts)) }
                @if let Some(signals) = &signals {
                    section.card { div.card-head { h2 { "Alarms" } a href="/console/alarms" { "All alarms" } }
                        (alarm_list(&signals.alarms, now)) }
                }
            }
        }
        @if let Some(signals) = &signals {
            section.card { div.card-head { h2 { "Service map" } span.soft { "last hour" } } (service_map(&signals.map)) }
        }
        section.card { div.card-head { h2 { "Newest orders" } a href="/console/orders" { "All orders" } }
            @if newest.orders.is_empty() {
                (empty("There are no orders yet", html! { "Place one: " code { "ordermill orders place --customer CUST-001 --item PROD-001=2" } }))
            } @else { (orders::list_of(&newest.orders, now)) }
        }
    };
    Ok(view::page(&visitor, Section::Overview, "Overview", &content))
}

/// What was recorded of the last hour.
struct Signals {
    placed: Minutes,
    paid: u64,
    declined: u64,
    alarms: Vec<Alarm>,
    map: ServiceMap,
}

impl Signals {
    async fn read(observatory: &Observatory, now: Timestamp) -> Result<Self, ObserveError> {
        let placed = by_minute(observatory, "OrdersCreated", "Success", now).await?;
        let map = observatory.traces.service_map(placed.from(), placed.until);
        Ok(Self {
            map: map.await?,
            placed,
            paid: total(&by_minute(observatory, "Payments", "Success", now).await?),
            declined: total(&by_minute(observatory, "Payments", "Declined", now).await?),
            alarms: observatory.alarms.list_alarms().await?,
        })
    }
}

/// What a business metric with this status counted in each of the last minutes.
async fn by_minute(
    observatory: &Observatory,
    name: &str,
    status: &str,
    now: Timestamp,
) -> Result<Minutes, ObserveError> {
    let mut minutes = Minutes::new(now, MINUTES);
    let query = MetricQuery {
        namespace: BUSINESS.to_owned(),
        name: name.to_owned(),
        dimensions: vec![("Status".to_owned(), status.to_owned())],
        from: minutes.from(),
        to: minutes.until,
        period_s: 60,
        statistic: MetricStatistic::Sum,
    };
    for series in observatory.metrics.get_metric(query).await? {
        for point in series.points {
            minutes.add(point.at, point.value);
        }
    }
    Ok(minutes)
}

fn total(minutes: &Minutes) -> u64 {
    minutes.values.iter().sum::<f64>().max(0.0).round() as u64
}

fn success(paid: u64, declined: u64) -> Markup {
    let tried = paid + declined;
    if tried == 0 {
        return not_yet();
    }
    html! { (format!("{:.1} %", paid as f64 * 100.0 / tried as f64)) }
}

/// What somebody should look at, first of all.
fn worries(counts: &OrderCounts, queues: &[QueueInfo], alarms: &[Alarm]) -> Markup {
    let dead = queues
        .iter()
        .filter(|queue| queue.is_dead_letter_queue && queue.visible > 0);
    let ringing = alarms
        .iter()
        .filter(|alarm| alarm.state == AlarmState::Alarm)
        .count() as u64;
    html! {
        @if ringing > 0 {
            p.notice.bad { (icon::bell()) span { a href="/console/alarms" { (count(ringing)) " "
                @if ringing == 1 { "alarm rings" } @else { "alarms ring" } } } }
        }
        @for queue in dead {
            p.notice.bad { (icon::warning()) span {
                a href={ "/console/queues/" (segment(&queue.name)) } { (count(queue.visible)) " dead "
                    @if queue.visible == 1 { "letter" } @else { "letters" } " in " (queue.name) } } }
        }
        @if counts.needs_attention > 0 {
            p.notice.warn { (icon::warning()) span {
                a href="/console/orders?status=attention" { (count(counts.needs_attention)) " "
                    @if counts.needs_attention == 1 { "order needs" } @else { "orders need" } " attention" } } }
        }
    }
}

fn waiting(queues: &[QueueInfo]) -> String {
    let working = queues.iter().filter(|queue| !queue.is_dead_letter_queue);
    count(working.map(|queue| queue.visible + queue.in_flight).sum())
}

fn oldest(queues: &[QueueInfo]) -> Markup {
    let has_messages =
        |queue: &&QueueInfo| !queue.is_dead_letter_queue && queue.visible + queue.in_flight > 0;
    match queues
        .iter()
        .filter(has_messages)
        .map(|queue| queue.oldest_age_ms)
        .max()
    {
        Some(age) => html! { "oldest for " (duration_ms(i64::try_from(age).unwrap_or(i64::MAX))) },
        None => html! { "queues are drained" },
    }
}

fn statuses(counts: &OrderCounts) -> Markup {
    let most = counts.by_status.iter().copied().max().unwrap_or(0).max(1);
    html! {
        table.bars {
            tbody { @for status in OrderStatus::ALL {
                tr {
                    th scope="row" { a href={ "/console/orders?status=" (status.as_str()) } { (order_pill(status)) } }
                    td { svg class={ "bar " (status.as_str().to_lowercase()) } viewBox="0 0 100 8" preserveAspectRatio="none"
                        aria-hidden="true" focusable="false" {
                        rect.track width="100" height="8" {}
                        rect.value width=(format!("{:.2}", counts.of(status) as f64 * 100.0 / most as f64)) height="8" {}
                    } }
                    td.num { (count(counts.of(status))) }
                }
            } }
        }
    }
}

fn alarm_list(alarms: &[Alarm], now: Timestamp) -> Markup {
    if alarms.is_empty() {
        return empty("There are no alarms", "The template defines them.");
    }
    let alarms: Vec<&Alarm> = alarms.iter().filter(|alarm| is_measured(alarm)).collect();
    let loud: Vec<&&Alarm> = alarms
        .iter()
        .filter(|alarm| alarm.state != AlarmState::Ok)
        .collect();
    html! {
        ul.plain.alarm-list {
            @for alarm in &loud {
                li title=(alarm.reason) { (alarm_pill(alarm.state)) span { (breakable(&alarm.name)) " " (ago(alarm.since, now)) } }
            }
            @if loud.len() < alarms.len() {
                li { (alarm_pill(AlarmState::Ok)) span { (alarms.len() - loud.len()) " of " (alarms.len()) " alarms" } }
            }
        }
    }
}
