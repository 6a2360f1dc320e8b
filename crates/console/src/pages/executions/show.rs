//! `GET /console/executions/{name}`: one execution with its way and its history.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;
use ports::operations::ExecutionDetail;

use super::can_be_redriven;
use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::pages::workflow;
use crate::query::segment;
use crate::view::{
    self, Section, ago, copyable, duration_ms, empty, execution_pill, fact, icon, json_block, not_yet,
    order_link, short_id,
};

pub(crate) async fn show<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let execution = console.engine.get_execution(name).await?;
    let now = console.now();
    let story = workflow::story(&*console.engine, &execution, now).await?;
    let info = &execution.info;
    let content = html! {
        header.page-head {
            div {
                p.crumbs { a href="/console/executions" { "Executions" } }
                h1 { "Execution " (short_id(&info.name)) " " (execution_pill(&info.status)) }
            }
            @if can_be_redriven(&info.status) {
                div.actions {
                    a.button data-ask="" href={ "/console/executions/" (segment(&info.name)) "/redrive" } {
                        (icon::executions()) "Run again"
                    }
                }
            }
        }
        @if let Some(error) = &info.error {
            div.notice.bad { (icon::warning()) div {
                p { strong { (error) } }
                @if let Some(cause) = &info.cause { p { (cause) } }
            } }
        }
        (story)
        div.columns {
            div.main-column {
                section.card { h2 { "History" }
                    @if execution.events.is_empty() {
                        (empty("There is no history", "It can't be told, or the execution has only been asked for."))
                    } @else { (workflow::history(&execution.events)) }
                }
            }
            div.side-column {
                section.card { h2 { "Facts" }
                    dl.facts {
                        (fact("Name", copyable(&info.name)))
                        (fact("Order", order_link(&info.name)))
                        (fact("State machine", &info.state_machine))
                        (fact("Started", ago(info.started_at, now)))
                        (fact("Took", html! { @match info.stopped_at {
                            Some(stopped) => (duration_ms(stopped.as_ms() - info.started_at.as_ms())),
                            None => (not_yet()) } }))
                        @if let Some(state) = &info.current_state { (fact("Stands in", state)) }
                        (fact("Definition", html! { code.hash title=(info.definition_hash) { (short_id(&info.definition_hash)) } }))
                    }
                }
                (payloads(&execution))
            }
        }
    };
    let title = format!("Execution {}", short_id(&info.name));
    Ok(view::page(&visitor, Section::Executions, &title, &content))
}

fn payloads(execution: &ExecutionDetail) -> maud::Markup {
    html! {
        section.card { h2 { "Input and output" }
            h3 { "Input" } (json_block("Input", &execution.input))
            @if let Some(output) = &execution.output { h3 { "Output" } (json_block("Output", output)) }
        }
    }
}
