//! `GET /console/executions`: executions, newest first, by status.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::operations::ExecutionInfo;

use super::STATUSES;
use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::{address, segment};
use crate::view::{
    self, Column, Row, Section, ago, duration_ms, empty, execution_pill, more, not_yet, short_id, table, tabs,
};

const PER_PAGE: u32 = 50;

pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, PageError> {
    let status = query.text("status");
    let after = query.text("after").map(str::to_owned);
    let link = |status, after| address("/console/executions", &[("status", status), ("after", after)]);
    let executions = console
        .engine
        .list_executions(status.map(str::to_owned), after.clone(), PER_PAGE)
        .await?;
    let is_full = executions.len() == PER_PAGE as usize;
    let last = executions.last().filter(|_| is_full);
    let next = last.map(|last| link(status, Some(&last.name)));
    let all = ("All".to_owned(), link(None, None), status.is_none());
    let by_status = STATUSES
        .iter()
        .map(|(code, name)| ((*name).to_owned(), link(Some(*code), None), status == Some(*code)));
    let tabs_of_statuses: Vec<_> = std::iter::once(all).chain(by_status).collect();
    let content = html! {
        header.page-head { h1 { "Executions" } }
        (tabs("Executions by status", &tabs_of_statuses))
        @if executions.is_empty() {
            (nothing(status))
        } @else {
            (table("Executions", &COLUMNS, executions.iter().map(|info| row(info, console.now()))))
        }
        (more(after.map(|_| link(status, None)).as_deref(), next.as_deref()))
    };
    Ok(view::page(&visitor, Section::Executions, "Executions", &content))
}

fn nothing(status: Option<&str>) -> Markup {
    match status {
        None => empty(
            "Nothing was executed yet",
            "Each order's processing is an execution of the workflow.",
        ),
        Some("RUNNING") => empty("Nothing is running", "Every execution has come to its end."),
        Some("FAILED") => empty(
            "No execution failed",
            "Here stand those whose orders need attention.",
        ),
        Some(_) => empty("No execution has this status", "Choose another one above."),
    }
}

const COLUMNS: [Column<'_>; 5] = [
    Column::title("Execution"),
    Column::state("Status"),
    Column::long("Stands in, or failed with"),
    Column::text("Started"),
    Column::number("Took"),
];

fn row(info: &ExecutionInfo, now: Timestamp) -> Row {
    let stands = match (&info.current_state, &info.error) {
        (Some(state), _) => html! { (state) },
        (None, Some(error)) => html! { span.error-text { (error) } },
        (None, None) => not_yet(),
    };
    let took = match info.stopped_at {
        Some(stopped) => html! { (duration_ms(stopped.as_ms() - info.started_at.as_ms())) },
        None => not_yet(),
    };
    let name = html! {
        a.id href={ "/console/executions/" (segment(&info.name)) } title=(info.name) { (short_id(&info.name)) }
    };
    let cells = [
        name,
        execution_pill(&info.status),
        stands,
        ago(info.started_at, now),
        took,
    ];
    Row::keyed(&info.name, cells)
}
