//! Traces that were kept, and one as a waterfall.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::observability::{Keeping, TraceFilter, TraceSummary};

use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::pages::logs::lines_of;
use crate::query::{address, segment};
use crate::view::{
    self, Column, Row, Section, ago, copyable, count, empty, fact, order_link, outcome_pill, short_id, table,
    tabs, took, waterfall,
};

const NEWEST: u32 = 100;
/// From here on a trace is slow, in microseconds.
const SLOW_US: u64 = 1_000_000;

/// `GET /console/traces`
pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, PageError> {
    let only = query.text("only");
    let filter = TraceFilter {
        failed: only == Some("failed"),
        at_least_us: (only == Some("slow")).then_some(SLOW_US),
        ..TraceFilter::default()
    };
    let traces = console.observatory()?.traces.list_traces(filter, NEWEST).await?;
    let tab = |name: &str, value: Option<&str>| {
        (
            name.to_owned(),
            address("/console/traces", &[("only", value)]),
            only == value,
        )
    };
    let kinds = [
        tab("All", None),
        tab("Failed", Some("failed")),
        tab("Slower than a second", Some("slow")),
    ];
    let content = html! {
        header.page-head { h1 { "Traces" } }
        (tabs("Traces", &kinds))
        @if traces.is_empty() {
            (empty("No trace is kept", "The first request of each second is, and 5 % of the rest, and whatever fails or is slow."))
        } @else { (list_of(&traces, console.now())) }
    };
    Ok(view::page(&visitor, Section::Traces, "Traces", &content))
}

fn list_of(traces: &[TraceSummary], now: Timestamp) -> Markup {
    let columns = [
        Column::title("Trace"),
        Column::text("Began with"),
        Column::state("Outcome"),
        Column::text("Order"),
        Column::number("Spans"),
        Column::number("Took"),
        Column::text("Kept because"),
        Column::text("When"),
    ];
    let row = |trace: &TraceSummary| {
        let order = trace.order_id.as_deref().map_or_else(view::not_yet, order_link);
        let id = html! {
            a.id href={ "/console/traces/" (segment(&trace.trace_id)) } title=(trace.trace_id) { (short_id(&trace.trace_id)) }
        };
        Row::keyed(
            &trace.trace_id,
            [
                id,
                html! { (trace.name) },
                outcome_pill(trace.outcome),
                order,
                html! { (count(trace.spans.into())) },
                html! { (took(trace.duration_us)) },
                html! { span.soft { (kept_because(trace.keeping)) } },
                ago(trace.started_at, now),
            ],
        )
    };
    table("Traces", &columns, traces.iter().map(row))
}

fn kept_because(keeping: Keeping) -> &'static str {
    match keeping {
        Keeping::Sampled => "it was sampled",
        Keeping::Failed => "something failed",
        Keeping::Slow => "something was slow",
        Keeping::Journal => "the journal tells it",
    }
}

/// `GET /console/traces/{id}`
pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let trace = console.observatory()?.traces.get_trace(id).await?;
    let summary = &trace.summary;
    let filter = format!("traceId = \"{}\"", summary.trace_id);
    let lines = lines_of(&filter, summary.started_at, console.now());
    let content = html! {
        header.page-head {
            div {
                p.crumbs { a href="/console/traces" { "Traces" } }
                h1 { (summary.name) " " (outcome_pill(summary.outcome)) }
            }
        }
        section.card { h2 { "Facts" }
            dl.facts {
                (fact("Trace", copyable(&summary.trace_id)))
                (fact("X-Ray", copyable(&summary.x_ray_trace_id)))
                @if let Some(order) = &summary.order_id { (fact("Order", order_link(order))) }
                (fact("Began", ago(summary.started_at, console.now())))
                (fact("Took", took(summary.duration_us)))
                (fact("Kept because", kept_because(summary.keeping)))
                (fact("Logs", html! { a href=(lines) { "What was logged in it" } }))
            }
        }
        section.card { h2 { "Waterfall" } (waterfall(&trace)) }
    };
    Ok(view::page(&visitor, Section::Traces, &summary.name, &content))
}
