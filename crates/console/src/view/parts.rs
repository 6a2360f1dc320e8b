//! What pages are made of: pills, times, facts, empty lists, blocks of code.

use domain::{OrderStatus, Timestamp};
use maud::{Markup, html};

use super::icon;
use super::text::{absolute, short_id, since};
use crate::query::segment;

/// A word with an icon and a colour: `good`, `bad`, `busy`, `idle`, `warn` or `off`.
pub(crate) fn pill(tone: &'static str, icon: &Markup, word: &str) -> Markup {
    html! { span class={ "pill " (tone) } { (icon) (word) } }
}

/// An order's status.
pub(crate) fn order_pill(status: OrderStatus) -> Markup {
    let (tone, icon) = match status {
        OrderStatus::Pending => ("idle", icon::circle()),
        OrderStatus::Processing => ("busy", icon::half()),
        OrderStatus::Completed => ("good", icon::check()),
        OrderStatus::Failed => ("bad", icon::cross()),
        OrderStatus::Cancelled => ("off", icon::none()),
    };
    pill(tone, &icon, status.as_str())
}

/// An execution's status, as Step Functions calls it.
pub(crate) fn execution_pill(status: &str) -> Markup {
    let (tone, icon) = match status {
        "RUNNING" => ("busy", icon::half()),
        "SUCCEEDED" => ("good", icon::check()),
        "ABORTED" => ("off", icon::none()),
        "TIMED_OUT" => ("bad", icon::clock()),
        _ => ("bad", icon::cross()),
    };
    pill(tone, &icon, status)
}

/// How long ago, with the moment itself in the title. The script keeps it true.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at) title=(absolute(at)) data-ago="" { (since(at, now)) } }
}

/// A link to an order by its short id; the whole id is in the title.
pub(crate) fn order_link(id: &str) -> Markup {
    html! { a.id href={ "/console/orders/" (segment(id)) } title=(id) { (short_id(id)) } }
}

/// A name in one word, such as `OrderProcessingErrorAlarm`, that may be broken where one of its words begins.
pub(crate) fn breakable(name: &str) -> Markup {
    let mut parts: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
        before = letter;
    }
    html! { @for (number, part) in parts.iter().enumerate() { @if number > 0 { wbr; } (part) } }
}

/// One line of a list of facts.
pub(crate) fn fact(name: &str, value: impl maud::Render) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// A figure with its name under it.
pub(crate) fn labelled_fact(name: &str, value: impl maud::Render, note: impl maud::Render) -> Markup {
    html! { div.figure { dt { (name) } dd { (value) } dd.note { (note) } } }
}

/// A text that is often copied; the script adds the button.
pub(crate) fn copyable(text: &str) -> Markup {
    html! { span.copyable { code { (text) } button.ghost.square type="button" data-copy=(text) hidden
    aria-label={ "Copy " (text) } { (icon::copy()) } } }
}

/// In place of a list that has nothing in it: what that means, and what to do.
pub(crate) fn empty(title: &str, text: impl maud::Render) -> Markup {
    html! { div.empty { p.title { (title) } p { (text) } } }
}

/// In place of a value that isn't there.
pub(crate) fn not_yet() -> Markup {
    html! { span.none title="none" { "–" } }
}

/// A block of text as it is.
pub(crate) fn code_block(label: &str, text: &str) -> Markup {
    // It scrolls, so it must be reached by keyboard too.
    html! { pre.code tabindex="0" role="region" aria-label=(label) { code { (text) } } }
}

/// JSON, indented.
pub(crate) fn json_block(label: &str, value: &serde_json::Value) -> Markup {
    code_block(label, &serde_json::to_string_pretty(value).unwrap_or_default())
}

/// A message's text: indented when it is JSON, as it is when not.
pub(crate) fn message(label: &str, text: &str) -> Markup {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => json_block(label, &value),
        Err(_) => code_block(label, text),
    }
}

/// The way to the next page of a list, and back to its beginning.
pub(crate) fn more(first: Option<&str>, next: Option<&str>) -> Markup {
    html! {
        @if first.is_some() || next.is_some() {
            nav.pages aria-label="Pages" {
                @if let Some(first) = first { a.button href=(first) { (icon::left()) "First page" } }
                @if let Some(next) = next { a.button rel="next" href=(next) { "Next page" (icon::right()) } }
            }
        }
    }
}

/// Lists of the same things by status, as links.
pub(crate) fn tabs(label: &str, tabs: &[(String, String, bool)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for (name, href, is_current) in tabs {
                a href=(href) aria-current=[is_current.then_some("page")] { (name) }
            }
        }
    }
}
