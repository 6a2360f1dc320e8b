//! The frame of every page: head, navigation, the visitor's notice, and the content.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::icon;
use crate::access::{Theme, Visitor};
use crate::assets;
use crate::error::PageError;

/// The parts of the console, in the order of its navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Orders,
    Executions,
    Queues,
    Deliveries,
    Products,
    Keys,
    Metrics,
    Traces,
    Logs,
    Alarms,
}

impl Section {
    const ALL: [Self; 11] = [
        Self::Overview,
        Self::Orders,
        Self::Executions,
        Self::Queues,
        Self::Deliveries,
        Self::Products,
        Self::Keys,
        Self::Metrics,
        Self::Traces,
        Self::Logs,
        Self::Alarms,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Orders => "Orders",
            Self::Executions => "Executions",
            Self::Queues => "Queues",
            Self::Deliveries => "Deliveries",
            Self::Products => "Products",
            Self::Keys => "Keys",
            Self::Metrics => "Metrics",
            Self::Traces => "Traces",
            Self::Logs => "Logs",
            Self::Alarms => "Alarms",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Orders => "/console/orders",
            Self::Executions => "/console/executions",
            Self::Queues => "/console/queues",
            Self::Deliveries => "/console/deliveries",
            Self::Products => "/console/products",
            Self::Keys => "/console/keys",
            Self::Metrics => "/console/metrics",
            Self::Traces => "/console/traces",
            Self::Logs => "/console/logs",
            Self::Alarms => "/console/alarms",
        }
    }

    fn icon(self) -> Markup {
        match self {
            Self::Overview => icon::home(),
            Self::Orders => icon::orders(),
            Self::Executions => icon::executions(),
            Self::Queues => icon::queue(),
            Self::Deliveries => icon::deliveries(),
            Self::Products => icon::products(),
            Self::Keys => icon::key(),
            Self::Metrics => icon::chart(),
            Self::Traces => icon::trace(),
            Self::Logs => icon::logs(),
            Self::Alarms => icon::bell(),
        }
    }
}

/// A page of the console. `section` is where it belongs.
pub(crate) fn page(visitor: &Visitor, section: Section, title: &str, content: &Markup) -> Response {
    framed(visitor, Some(section), title, content)
}

/// A page for somebody who is not signed in.
pub(crate) fn plain_page(theme: Option<Theme>, title: &str, content: &Markup) -> Response {
    Html(document(theme, title, &html! { div.plain { (content) } }).into_string()).into_response()
}

/// What is told in place of a page.
pub(crate) fn error_page(visitor: Option<&Visitor>, error: &PageError) -> Response {
    let content = html! {
        section.card.failure {
            h1 { (icon::warning()) (error.heading()) }
            p { (error) }
            p { a.button href="/console" { "To the overview" } }
        }
    };
    let mut response = match visitor {
        Some(visitor) => framed(visitor, None, error.heading(), &content),
        None => plain_page(None, error.heading(), &html! { main id="main" { (content) } }),
    };
    *response.status_mut() = error.status();
    response
}

fn framed(visitor: &Visitor, section: Option<Section>, title: &str, content: &Markup) -> Response {
    let body = html! {
        a.skip href="#main" { "Skip to the content" }
        div.shell {
            header.top { (top_bar(visitor)) }
            nav.side aria-label="Console" {
                ul {
                    @for other in Section::ALL {
                        li {
                            a href=(other.path()) aria-current=[(section == Some(other)).then_some("page")] {
                                (other.icon()) span { (other.name()) }
                            }
                        }
                    }
                }
            }
            main id="main" tabindex="-1" {
                @if let Some(notice) = visitor.session.take_notice() {
                    p.notice role="status" data-keep="" { (icon::check()) span { (notice) } }
                }
                (content)
            }
        }
    };
    Html(document(visitor.theme, title, &body).into_string()).into_response()
}

fn top_bar(visitor: &Visitor) -> Markup {
    html! {
        a.brand href="/console" { (icon::mark()) span { "Ordermill" } }
        form.search role="search" action="/console/search" method="get" {
            label.hidden for="search" { "Order id or customer" }
            (icon::search())
            input id="search" name="q" type="search" placeholder="Order id or customer" autocomplete="off"
                spellcheck="false" maxlength="128";
            kbd aria-hidden="true" { "/" }
        }
        div.who {
            // The script shows these; without it nothing is live and the colours follow the system.
            button.live type="button" id="live" hidden aria-pressed="true" { span.dot {} span.word { "Live" } }
            button.ghost.square type="button" id="theme" hidden aria-label="Switch between light and dark" {
                (icon::sun())
            }
            form method="post" action="/console/logout" {
                input type="hidden" name="token" value=(visitor.session.token);
                button.ghost type="submit" title={ "Signed in with the key " (visitor.session.key_name) } {
                    (icon::out()) span.word { "Sign out" }
                }
            }
        }
    }
}

fn document(theme: Option<Theme>, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme.map(Theme::as_str)] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Ordermill" }
                link rel="icon" href=(assets::icon_path()) type="image/svg+xml";
                link rel="stylesheet" href=(assets::style_path());
                script src=(assets::script_path()) defer {}
            }
            body { (body) }
        }
    }
}
