//! `GET /docs`: the interface, described for people, on one page made from the OpenAPI document.

mod operation;
mod schema;

use std::sync::OnceLock;

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::page::{answer, markdown, page};
use crate::openapi;

pub(crate) async fn get_docs() -> Response {
    static PAGE: OnceLock<String> = OnceLock::new();
    answer(
        PAGE.get_or_init(|| render(openapi::document()).into_string())
            .clone(),
    )
}

/// Members of a JSON object; none for anything else.
fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An operation with its place.
struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    described: &'a Value,
}

/// The operations of a tag, in the order in which the tag names them.
fn operations_of<'a>(document: &'a Value, tag: &'a Value) -> impl Iterator<Item = Operation<'a>> {
    let names = tag.get("x-operations").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(move |name| find_operation(document, name))
}

fn find_operation<'a>(document: &'a Value, name: &Value) -> Option<Operation<'a>> {
    members(document.get("paths"))
        .flat_map(|(path, methods)| members(Some(methods)).map(move |found| (path, found)))
        .find(|(_, (_, described))| described.get("operationId") == Some(name))
        .map(|(path, (method, described))| Operation {
            path,
            method,
            described,
        })
}

fn render(document: &Value) -> Markup {
    let info = document.get("info").unwrap_or(&Value::Null);
    let no_tags = Vec::new();
    let tags = document.get("tags").and_then(Value::as_array).unwrap_or(&no_tags);
    let content = html! {
        div.layout {
            nav aria-label="Calls" { (contents(document, tags)) }
            main {
                h1 { (text(info, "title")) " " span.soft { (text(info, "version")) } }
                (markdown(text(info, "description")))
                p {
                    "Lines to try it with expect the key in " code { "$KEY" }
                    " and the server at " code { "$URL" } ":"
                }
                pre { code { "URL=http://127.0.0.1:8080\nKEY=$(cat DATA_DIR/default.key)      # an admin's: admin.key" } }
                p {
                    "For machines: " a href="/openapi.json" { "/openapi.json" } ". "
                    a href="/docs/errors" { "Every kind of problem" } " and what to do about it."
                }
                @for tag in tags {
                    h2 id=(text(tag, "name")) { (text(tag, "name")) }
                    p.soft { (text(tag, "description")) }
                    @for operation in operations_of(document, tag) {
                        (operation::render(document, &operation))
                    }
                }
                h2 id="schemas" { "Schemas" }
                (schema::render_all(document))
            }
        }
    };
    page("HTTP interface", &content)
}

fn contents(document: &Value, tags: &[Value]) -> Markup {
    html! {
        a href="#" { strong { "Ordermill HTTP interface" } }
        @for tag in tags {
            strong { (text(tag, "name")) }
            @for operation in operations_of(document, tag) {
                a href={ "#" (text(operation.described, "operationId")) } {
                    (text(operation.described, "summary"))
                }
            }
        }
        a href="#schemas" { strong { "Schemas" } }
    }
}
