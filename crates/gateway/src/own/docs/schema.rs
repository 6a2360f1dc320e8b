//! Schemas on the page: a table of fields, and types that link to where they are described.

use maud::{Markup, html};
use serde_json::Value;

use super::{members, text};
use crate::openapi::resolve;

/// All named schemas.
pub(super) fn render_all(document: &Value) -> Markup {
    html! {
        @for (name, schema) in members(document.pointer("/components/schemas")) {
            div.schema id={ "schema-" (name) } {
                h3 { (name) }
                @if !text(schema, "description").is_empty() { p.soft { (text(schema, "description")) } }
                @if schema.get("properties").is_some() { (fields(document, schema)) } @else { (kind(schema)) }
            }
        }
    }
}

/// The fields of an object.
pub(super) fn fields(document: &Value, schema: &Value) -> Markup {
    let schema = resolve(document, schema);
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let (needed, optional): (Vec<_>, Vec<_>) =
        members(schema.get("properties")).partition(|(name, _)| required(name));
    html! {
        table {
            @for (name, field) in needed.into_iter().chain(optional) {
                tr {
                    td { code { (name) } @if required(name) { " " span.required { "required" } } }
                    td { (kind(field)) }
                    td {
                        (text(field, "description"))
                        @if text(field, "description").is_empty() {
                            span.soft { (text(resolve(document, field), "description")) }
                        }
                    }
                }
            }
        }
    }
}

/// A type in a few words, with a link when it has a name.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(name) = text(schema, "$ref")
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
    {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    if let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) {
        return html! {
            @for (index, alternative) in alternatives.iter().enumerate() {
                @if index > 0 { " or " }
                (kind(alternative))
            }
        };
    }
    let values = schema.get("enum").and_then(Value::as_array);
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => vec![],
    };
    html! {
        @if let Some(values) = values {
            @for (index, value) in values.iter().enumerate() {
                @if index > 0 { ", " }
                code { (value.as_str().unwrap_or("null")) }
            }
        } @else if let Some(value) = schema.get("const").and_then(Value::as_str) {
            code { (value) }
        } @else {
            (names.join(" or "))
            @if let Some(items) = schema.get("items") { " of " (kind(items)) }
            (bounds(schema))
        }
    }
}

fn bounds(schema: &Value) -> Markup {
    let number = |name: &str| schema.get(name).map(ToString::to_string);
    let (least, most) = (number("minimum"), number("maximum"));
    let longest = number("maxLength").or_else(|| number("maxItems"));
    html! {
        @match (least, most) {
            (Some(least), Some(most)) => span.soft { ", " (least) " to " (most) },
            (Some(least), None) if least != "0" => span.soft { ", from " (least) },
            (Some(_) | None, _) => {},
        }
        @if let Some(longest) = longest { span.soft { ", at most " (longest) } }
        @if let Some(format) = schema.get("format").and_then(Value::as_str) { span.soft { ", " (format) } }
    }
}
