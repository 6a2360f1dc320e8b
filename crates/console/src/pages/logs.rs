//! `/console/logs`: lines of the log groups, asked for in the language of CloudWatch Logs Insights, and what is logged.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Timestamp;
use maud::{Markup, html};
use ports::observability::{LogGroup, LogQuery, LogRow, LogTable, ObserveError};
use serde_json::Value;

use crate::access::{Form, Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::Fields;
use crate::view::{
    self, Column, Confirm, Row, Section, bare_table, bytes, count, empty, icon, json_block, table,
};

const LIMIT: u32 = 200;
/// For how long a page searches; what it did not reach it says.
const WITHIN: Duration = Duration::from_millis(80);
/// How much of a line's data is shown before it is opened.
const SHOWN_LETTERS: usize = 240;
/// How far back one may look: minutes, and what that is called.
const SPANS: [(&str, i64, &str); 5] = [
    ("15", 15, "15 minutes"),
    ("60", 60, "1 hour"),
    ("360", 360, "6 hours"),
    ("1440", 1_440, "1 day"),
    ("10080", 10_080, "7 days"),
];
const DEFAULT_SPAN: &str = "60";

/// `GET /console/logs`
pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, PageError> {
    let logs = &console.observatory()?.logs;
    let groups = logs.list_log_groups().await?;
    let answer = logs.query_logs(read_query(&query, console.now())).await;
    let (table, problem) = match answer {
        Ok(table) => (Some(table), None),
        Err(ObserveError::Query(problem)) => (None, Some(problem)),
        Err(error) => return Err(error.into()),
    };
    let content = html! {
        header.page-head { h1 { "Logs" } }
        (query_form(&query, &groups, problem.as_deref()))
        @if let Some(table) = &table { (lines(table)) }
        div.two {
            section.card { h2 { "Log groups" } (group_table(&groups)) }
            section.card {
                div.card-head { h2 { "What is logged" } a href="/console/logs/filter" { "Change" } }
                p { code { (logs.log_filter()) } }
            }
        }
    };
    Ok(view::page(&visitor, Section::Logs, "Logs", &content))
}

fn read_query(fields: &Fields, now: Timestamp) -> LogQuery {
    let wanted = fields.text("minutes").unwrap_or(DEFAULT_SPAN);
    let minutes = SPANS
        .iter()
        .find(|(value, ..)| *value == wanted)
        .map_or(60, |(_, minutes, _)| *minutes);
    LogQuery {
        groups: fields.text("group").map(str::to_owned).into_iter().collect(),
        from: Some(Timestamp::from_ms(now.as_ms() - minutes * 60_000)),
        to: None,
        query: fields.text("query").unwrap_or_default().to_owned(),
        after: None,
        limit: LIMIT,
        within: Some(WITHIN),
    }
}

/// To the lines that `filter` lets through, as far back as `since`, or as far as one may look.
pub(super) fn lines_of(filter: &str, since: Timestamp, now: Timestamp) -> String {
    let minutes = (now.as_ms() - since.as_ms()) / 60_000 + 1;
    let reaches_back = |span: &&(&str, i64, &str)| span.1 >= minutes;
    let (span, ..) = SPANS.iter().find(reaches_back).unwrap_or(&SPANS[SPANS.len() - 1]);
    let query = format!("filter {filter}");
    crate::query::address(
        "/console/logs",
        &[("query", Some(&query)), ("minutes", Some(span))],
    )
}

fn query_form(query: &Fields, groups: &[LogGroup], problem: Option<&str>) -> Markup {
    let group = query.text("group");
    let span = query.text("minutes").unwrap_or(DEFAULT_SPAN);
    html! {
        form.card.stack method="get" action="/console/logs" {
            @if let Some(problem) = problem { p.notice.bad role="alert" { (icon::warning()) span { (problem) } } }
            div.field {
                label for="query" { "Query" }
                input.mono id="query" name="query" value=[query.text("query")] spellcheck="false" autocomplete="off"
                    aria-describedby="query-help" aria-invalid=[problem.map(|_| "true")]
                    placeholder="fields @timestamp, data.orderId | filter event_type = \"payment_processed\"";
                p.help id="query-help" { "As in Logs Insights: " code { "fields" } ", " code { "filter" } ", "
                    code { "stats count(*) by bin(5m)" } ", " code { "sort" } ", " code { "limit" }
                    ". Empty: whole lines, newest first." }
            }
            div.filter {
                label { span { "Log group" }
                    select name="group" {
                        option value="" { "All" }
                        @for other in groups { option value=(other.name) selected[group == Some(other.name.as_str())] { (other.name) } }
                    }
                }
                label { span { "In the last" }
                    select name="minutes" {
                        @for (value, _, name) in SPANS { option value=(value) selected[span == value] { (name) } }
                    }
                }
                button.primary type="submit" { "Run" }
            }
        }
    }
}

fn lines(found: &LogTable) -> Markup {
    if found.rows.is_empty() {
        return html! {
            (empty(
                "No line is like that",
                html! { (count(found.scanned)) " lines were looked at. Look further back, or ask for less." },
            ))
            (limits(found))
        };
    }
    html! {
        div.scroll.log tabindex="0" role="region" aria-label="Lines" {
            @if found.columns == ["@message"] { (whole_lines(found)) } @else { (columns(found)) }
        }
        p.help { (count(found.rows.len() as u64)) @if found.rows.len() == 1 { " row of " } @else { " rows of " }
            (count(found.scanned)) " lines that were looked at" @if found.truncated { "; there are more" } "." }
        (limits(found))
    }
}

/// What the answer doesn't tell of.
fn limits(table: &LogTable) -> Markup {
    html! {
        @if let Some(until) = table.scanned_until {
            p.notice.warn { (icon::warning()) span { "Only lines since " (view::absolute(until)) " were looked at: a page searches for "
                (WITHIN.as_millis()) " ms. Choose a log group or less time, or ask " code { "ordermill logs" } "." } }
        }
        @for note in &table.notes { p.help { (note) "." } }
    }
}

/// Lines as they were written, each with what tells it from the others; the rest of it opens below.
fn whole_lines(table: &LogTable) -> Markup {
    html! {
        table.rows.dense.lines {
            thead { tr { th scope="col" { "Time (UTC)" } th scope="col" { "Level" } th scope="col" { "Event" } th scope="col" { "Data" } } }
            tbody { @for row in &table.rows {
                @let line = row.values.first().unwrap_or(&Value::Null);
                @let text = |name: &str| line[name].as_str().unwrap_or_default();
                @let at = text("timestamp");
                tr data-key=[key(row)] {
                    td.nowrap { time datetime=(at) title=(at) { (at.get(11..23).unwrap_or(at)) } }
                    td { span class={ "level " (text("level").to_lowercase()) } { (text("level")) } }
                    td.nowrap { strong { (event(line)) } }
                    td.data { details { summary { code { (beginning(line)) } } (json_block("Line", line)) } }
                }
            } }
        }
    }
}

/// What a line is about: its event, or its message where it has none.
fn event(line: &Value) -> &str {
    let mut names = ["event_type", "message"].iter();
    names.find_map(|name| line[*name].as_str()).unwrap_or("–")
}

fn beginning(line: &Value) -> String {
    let data = match &line["data"] {
        Value::Null => line,
        data => data,
    };
    data.to_string().chars().take(SHOWN_LETTERS).collect()
}

fn key(row: &LogRow) -> Option<&str> {
    Some(row.cursor.as_str()).filter(|cursor| !cursor.is_empty())
}

/// What a query made of them.
fn columns(table: &LogTable) -> Markup {
    let column = |name| match is_number(table, name) {
        true => Column::number(name),
        false => Column::long(name),
    };
    let columns: Vec<Column<'_>> = table.columns.iter().map(String::as_str).map(column).collect();
    let row = |row: &LogRow| {
        let cells: Vec<_> = row.values.iter().map(cell).collect();
        match key(row) {
            Some(key) => Row::keyed(key, cells),
            None => Row::new(cells),
        }
    };
    bare_table("dense", &columns, table.rows.iter().map(row))
}

fn is_number(table: &LogTable, column: &str) -> bool {
    let at = table.columns.iter().position(|other| other == column);
    let first = at.and_then(|at| table.rows.first()?.values.get(at));
    first.is_some_and(Value::is_number)
}

fn cell(value: &Value) -> Markup {
    match value {
        Value::Null => view::not_yet(),
        Value::String(text) => html! { code { (text) } },
        Value::Number(_) | Value::Bool(_) => html! { (value.to_string()) },
        Value::Array(_) | Value::Object(_) => html! { code { (value.to_string()) } },
    }
}

fn group_table(groups: &[LogGroup]) -> Markup {
    let columns = [
        Column::title("Group"),
        Column::text("Kept for"),
        Column::number("Size"),
    ];
    let row = |group: &LogGroup| {
        let kept = match group.retention_days {
            Some(days) => html! { (days) " days" },
            None => html! { "as long as there is room" },
        };
        Row::new([
            html! { a href=(crate::query::address("/console/logs", &[("group", Some(&group.name))])) { (group.name) } },
            kept,
            html! { (bytes(usize::try_from(group.stored_bytes).unwrap_or(usize::MAX))) },
        ])
    };
    table("Log groups", &columns, groups.iter().map(row))
}

fn filter_form(visitor: &Visitor, filter: &str, problem: Option<&str>) -> Markup {
    html! {
        form.stack method="post" action="/console/logs/filter" data-ask="" {
            input type="hidden" name="token" value=(visitor.session.token);
            @if let Some(problem) = problem { p.notice.bad role="alert" { (icon::warning()) span { (problem) } } }
            div.field {
                label for="filter" { "Filter" }
                input.mono id="filter" name="filter" value=(filter) spellcheck="false" autocomplete="off" required
                    aria-describedby="filter-help";
                p.help id="filter-help" { "As in " code { "RUST_LOG" } ", such as " code { "info,embedded=debug" } ". It holds until the server stops." }
            }
            div.buttons { button.primary type="submit" { "Look at the change" } a.button href="/console/logs" { "Leave it" } }
        }
    }
}

/// `GET /console/logs/filter`
pub(crate) async fn edit_filter<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let filter = console.observatory()?.logs.log_filter();
    Ok(filter_page(&visitor, &filter, None))
}

fn filter_page(visitor: &Visitor, filter: &str, problem: Option<&str>) -> Response {
    let content = html! {
        header.page-head { div { p.crumbs { a href="/console/logs" { "Logs" } } h1 { "What is logged" } } }
        section.card.narrow { (filter_form(visitor, filter, problem)) }
    };
    view::page(visitor, Section::Logs, "What is logged", &content)
}

/// `POST /console/logs/filter`
pub(crate) async fn set_filter<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Form(form): Form,
) -> Result<Response, PageError> {
    let filter = form.text("filter").unwrap_or_default();
    if form.raw("confirmed") != Some("yes") {
        let confirm = Confirm {
            section: Section::Logs,
            question: "Change what is logged?",
            text: html! {
                p { "From " code { (console.observatory()?.logs.log_filter()) } " to " code { (filter) } ", until the server stops." }
                p.help { "A level of debug or trace costs time and room." }
            },
            action: "/console/logs/filter",
            fields: &[("filter", filter)],
            extra: html! {},
            button: "Change it",
            is_dangerous: false,
            back: "/console/logs/filter",
        };
        return Ok(confirm.page(&visitor));
    }
    match console.observatory()?.logs.set_log_filter(filter) {
        Ok(()) => {}
        Err(ObserveError::Query(problem)) => {
            return Ok(filter_page(&visitor, filter, Some(&problem)));
        }
        Err(error) => return Err(error.into()),
    }
    tracing::info!(event_type = "console_log_filter_changed", filter, key = %visitor.session.key_id);
    visitor.session.tell("What is logged is changed.");
    Ok(Redirect::to("/console/logs").into_response())
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use ports::observability::{LogRow, LogTable};

    use super::{lines, lines_of};

    #[test]
    fn what_was_not_reached_is_said() {
        let whole = LogTable {
            columns: vec!["count(*)".to_owned()],
            rows: vec![LogRow {
                values: vec![7.into()],
                cursor: String::new(),
            }],
            scanned: 7,
            truncated: false,
            scanned_until: None,
            notes: Vec::new(),
        };
        assert!(!lines(&whole).into_string().contains("Only lines since"));
        let given_up = LogTable {
            scanned_until: Some(Timestamp::from_ms(1_768_469_400_000)),
            notes: vec!["p99 is of the newest values".to_owned()],
            ..whole
        };
        let shown = lines(&given_up).into_string();
        assert!(shown.contains("Only lines since 2026-01-15 09:30:00"), "{shown}");
        assert!(shown.contains("p99 is of the newest values."), "{shown}");
        let nothing = LogTable {
            rows: Vec::new(),
            ..given_up
        };
        assert!(lines(&nothing).into_string().contains("Only lines since"));
    }

    #[test]
    fn one_looks_as_far_back_as_one_must_and_may() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        for (age_min, span) in [
            (0, "15"),
            (14, "15"),
            (15, "60"),
            (1_440, "10080"),
            (1_000_000, "10080"),
        ] {
            let since = Timestamp::from_ms(now.as_ms() - age_min * 60_000);
            let expected = format!("/console/logs?query=filter+a+%3D+%221%22&minutes={span}");
            assert_eq!(lines_of("a = \"1\"", since, now), expected, "{age_min}");
        }
    }
}
