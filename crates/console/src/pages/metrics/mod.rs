//! `GET /console/metrics`: the charts that the template's dashboard has on AWS, from the history that is kept here.

mod read;
mod remembered;
mod spans;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use ports::observability::MetricStatistic::{Average, Maximum, Percentile, Sum};
use ports::observability::ObserveError;

use self::read::{Reader, share};
pub(crate) use self::remembered::Remembered;
use self::spans::Span;
use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::address;
use crate::view::{self, Line, Plot, Section, Summary, Unit, tabs};

/// The namespace of our own metrics.
const BUSINESS: &str = "OrderProcessingSystem";

/// `GET /console/metrics`
pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, PageError> {
    let observatory = console.observatory()?;
    let span = Span::read(query.text("span"));
    let now = console.now();
    let reader = Reader {
        history: &*observatory.metrics,
        remembered: &console.metrics,
        periods: span.periods(now),
        now,
    };
    let each = span.each();
    // Side by side, for each waits for the database many times.
    let (business, api, functions, queues, executions) = tokio::try_join!(
        business(&reader, each),
        api(&reader, each),
        functions(&reader, each),
        queues(&reader, each),
        executions(&reader, each),
    )?;
    let groups = [
        ("Business", business),
        ("HTTP interface", api),
        ("Functions", functions),
        ("Queues", queues),
        ("Executions", executions),
    ];
    let content = html! {
        header.page-head { h1 { "Metrics" } }
        (tabs("How far back", &spans(span)))
        @for (name, plots) in &groups { (group(name, plots, &reader)) }
    };
    Ok(view::page(&visitor, Section::Metrics, "Metrics", &content))
}

fn spans(current: Span) -> Vec<(String, String, bool)> {
    let tab = |span: Span| {
        let href = address("/console/metrics", &[("span", span.value())]);
        (span.name().to_owned(), href, span == current)
    };
    Span::ALL.into_iter().map(tab).collect()
}

fn group(name: &str, plots: &[Plot<'_>], reader: &Reader<'_>) -> Markup {
    html! {
        section.plots-of aria-label=(name) {
            h2 { (name) }
            div.plots { @for plot in plots { (plot.card(&reader.periods)) } }
        }
    }
}

/// A chart of what is counted in each period.
fn counts<'p>(title: &'p str, each: &'p str, lines: Vec<Line>) -> Plot<'p> {
    Plot {
        title,
        each,
        unit: Unit::Count,
        summary: Summary::Total,
        lines,
    }
}

/// A chart of what is measured.
fn measures<'p>(title: &'p str, unit: Unit, lines: Vec<Line>) -> Plot<'p> {
    Plot {
        title,
        each: "",
        unit,
        summary: Summary::Range,
        lines,
    }
}

async fn business<'p>(read: &Reader<'_>, each: &'p str) -> Result<Vec<Plot<'p>>, ObserveError> {
    let placed = read
        .counted("placed", BUSINESS, "OrdersCreated", "Success")
        .await?;
    let refused = read
        .counted("refused", BUSINESS, "OrdersCreated", "Invalid")
        .await?;
    let taken = read.counted("taken", BUSINESS, "Payments", "Success").await?;
    let declined = read.counted("declined", BUSINESS, "Payments", "Declined").await?;
    let values = read.by(BUSINESS, "OrderValue", "Currency", Average).await?;
    let conversion = share("placed of those asked for", &placed, &refused);
    let success = share("taken of those tried", &taken, &declined);
    Ok(vec![
        measures(
            "Orders per hour",
            Unit::Count,
            vec![per_hour(&placed, read), per_hour(&refused, read)],
        ),
        measures("Average order value", Unit::Money, values),
        measures("Conversion rate", Unit::Percent, vec![conversion]),
        measures("Payment success rate", Unit::Percent, vec![success]),
        counts("Orders", each, vec![placed, refused]),
        counts("Payments", each, vec![taken, declined]),
    ])
}

/// At what rate something was counted in each period.
fn per_hour(line: &Line, read: &Reader<'_>) -> Line {
    let factor = 3_600.0 / f64::from(read.periods.seconds);
    Line {
        name: line.name.clone(),
        values: line
            .values
            .iter()
            .map(|value| value.map(|value| value * factor))
            .collect(),
    }
}

async fn api<'p>(read: &Reader<'_>, each: &'p str) -> Result<Vec<Plot<'p>>, ObserveError> {
    const API: &str = "AWS/ApiGateway";
    let requests = vec![
        read.sum("all", API, "Count").await?,
        read.sum("4xx", API, "4XXError").await?,
        read.sum("5xx", API, "5XXError").await?,
    ];
    let p50 = read.by_route("Latency", Percentile(50.0)).await?;
    let p99 = read.by_route("Latency", Percentile(99.0)).await?;
    Ok(vec![
        counts("Requests", each, requests),
        measures("Latency p50", Unit::Ms, p50),
        measures("Latency p99", Unit::Ms, p99),
    ])
}

async fn functions<'p>(read: &Reader<'_>, each: &'p str) -> Result<Vec<Plot<'p>>, ObserveError> {
    let by = |name, statistic| read.by("AWS/Lambda", name, "FunctionName", statistic);
    Ok(vec![
        counts("Invocations", each, by("Invocations", Sum).await?),
        counts("Errors", each, by("Errors", Sum).await?),
        counts("Throttles", each, by("Throttles", Sum).await?),
        measures("Duration p50", Unit::Ms, by("Duration", Percentile(50.0)).await?),
        measures("Duration p99", Unit::Ms, by("Duration", Percentile(99.0)).await?),
    ])
}

async fn queues<'p>(read: &Reader<'_>, each: &'p str) -> Result<Vec<Plot<'p>>, ObserveError> {
    const QUEUES: &str = "AWS/SQS";
    let by = |name| read.by(QUEUES, name, "QueueName", Maximum);
    let messages = vec![
        read.sum("sent", QUEUES, "NumberOfMessagesSent").await?,
        read.sum("received", QUEUES, "NumberOfMessagesReceived").await?,
        read.sum("deleted", QUEUES, "NumberOfMessagesDeleted").await?,
    ];
    let visible = by("ApproximateNumberOfMessagesVisible").await?;
    let age = by("ApproximateAgeOfOldestMessage").await?;
    Ok(vec![
        measures("Visible messages", Unit::Count, visible),
        measures("Age of the oldest message", Unit::Seconds, age),
        counts("Messages", each, messages),
    ])
}

async fn executions<'p>(read: &Reader<'_>, each: &'p str) -> Result<Vec<Plot<'p>>, ObserveError> {
    const STATES: &str = "AWS/States";
    let ends = vec![
        read.sum("started", STATES, "ExecutionsStarted").await?,
        read.sum("succeeded", STATES, "ExecutionsSucceeded").await?,
        read.sum("failed", STATES, "ExecutionsFailed").await?,
    ];
    let times = vec![
        read.only("p50", STATES, "ExecutionTime", Percentile(50.0))
            .await?,
        read.only("p99", STATES, "ExecutionTime", Percentile(99.0))
            .await?,
    ];
    Ok(vec![
        counts("Executions", each, ends),
        measures("Execution time", Unit::Ms, times),
    ])
}
