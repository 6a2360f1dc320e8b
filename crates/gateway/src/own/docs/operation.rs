//! One call on the page: what it takes, what it answers, and a line to try it with.

use std::fmt::Write;

use maud::{Markup, html};
use serde_json::Value;

use super::super::page::markdown;
use super::{Operation, members, schema, text};
use crate::openapi::resolve;

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
/// Statuses of problems that any call may meet.
const USUAL: [&str; 11] = [
    "400", "403", "408", "413", "415", "429", "431", "500", "502", "503", "504",
];

pub(super) fn render(document: &Value, operation: &Operation<'_>) -> Markup {
    let described = operation.described;
    let body = described.pointer("/requestBody/content/application~1json");
    html! {
        details.operation open id=(text(described, "operationId")) {
            summary {
                span class={ "method " (operation.method) } { (operation.method.to_uppercase()) }
                span.path { (operation.path) }
                span.what { (text(described, "summary")) }
            }
            div {
                (markdown(text(described, "description")))
                (parameters(document, described))
                @if let Some(schema) = body.and_then(|body| body.get("schema")) {
                    h4 { "Body" }
                    (schema::fields(document, schema))
                }
                h4 { "Try it" }
                pre { code { (curl(operation, body)) } }
                h4 { "Answers" }
                (answers(document, described))
            }
        }
    }
}

fn parameters(document: &Value, described: &Value) -> Markup {
    let none = Vec::new();
    let parameters = described
        .get("parameters")
        .and_then(Value::as_array)
        .unwrap_or(&none);
    html! {
        @if !parameters.is_empty() {
            h4 { "Parameters" }
            table {
                @for parameter in parameters.iter().map(|parameter| resolve(document, parameter)) {
                    tr {
                        td { code { (text(parameter, "name")) } }
                        td.soft { (text(parameter, "in")) }
                        td { @if let Some(schema) = parameter.get("schema") { (schema::kind(schema)) } }
                        td { (text(parameter, "description")) }
                    }
                }
            }
        }
    }
}

/// Answers that say something about this call; what any call may answer is only listed.
fn answers(document: &Value, described: &Value) -> Markup {
    let (usual, own): (Vec<_>, Vec<_>) =
        members(described.get("responses")).partition(|(status, _)| USUAL.contains(&status.as_str()));
    html! {
        table {
            @for (status, answer) in own {
                @let answer = resolve(document, answer);
                tr {
                    td { code { (status) } }
                    td {
                        (text(answer, "description"))
                        @for (media_type, content) in members(answer.get("content")) {
                            @if media_type != PROBLEM { (body_of_answer(media_type, content)) }
                        }
                    }
                }
            }
            @if !usual.is_empty() {
                tr {
                    td.soft { "as usual" }
                    td {
                        @for (status, answer) in usual {
                            code title=(text(resolve(document, answer), "description")) { (status) } " "
                        }
                        a href="/docs/errors" { "what they mean" }
                    }
                }
            }
        }
    }
}

fn body_of_answer(media_type: &str, content: &Value) -> Markup {
    let named = content
        .get("schema")
        .filter(|schema| schema.get("$ref").is_some());
    html! {
        @if let Some(schema) = named { " " (schema::kind(schema)) }
        @if let Some(example) = content.get("example") {
            details.example {
                summary { "Example" @if media_type != JSON { " as " (media_type) } }
                pre { code { (pretty(example)) } }
            }
        }
    }
}

/// An example as a person likes to read it: text as it is, JSON in lines.
fn pretty(example: &Value) -> String {
    match example {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// A line for a shell, with the examples filled in.
fn curl(operation: &Operation<'_>, body: Option<&Value>) -> String {
    let described = operation.described;
    let mut path = operation.path.to_owned();
    for parameter in described
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if let ("path", Some(Value::String(example))) = (text(parameter, "in"), parameter.get("example")) {
            path = path.replace(&format!("{{{}}}", text(parameter, "name")), example);
        }
    }
    let mut line = "curl -s".to_owned();
    if operation.method != "get" && !(operation.method == "post" && body.is_some()) {
        // Writing to a String can't fail.
        let _ = write!(line, " -X {}", operation.method.to_uppercase());
    }
    if described.pointer("/security/0").is_some() {
        line.push_str(" -H \"x-api-key: $KEY\"");
    }
    let _ = write!(line, " $URL{path}");
    if let Some(example) = body.and_then(|body| body.get("example")) {
        let _ = write!(line, " \\\n  -H 'content-type: {JSON}' -d '{example}'");
    }
    line
}
