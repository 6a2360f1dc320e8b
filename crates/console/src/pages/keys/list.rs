//! `GET /console/keys`: keys with their plans and their use.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::access::{ApiKey, QuotaPeriod, Role, Usage};

use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::segment;
use crate::view::{self, Section, ago, count, icon, not_yet, pill};

pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let now = console.now();
    let keys = console.engine.list_keys().await?;
    let content = html! {
        header.page-head {
            h1 { "API keys" }
            div.actions { a.button.primary href="/console/keys/new" { "New key" } }
        }
        div.scroll tabindex="0" role="region" aria-label="API keys" {
            table.rows {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Rate" }
                    th scope="col" { "Quota used" } th scope="col" { "Renewed" } th scope="col" { "Made" }
                    th scope="col" { span.hidden { "Actions" } }
                } }
                tbody { @for key in &keys { (row(key, console.engine.usage(key, now), now)) } }
            }
        }
    };
    Ok(view::page(&visitor, Section::Keys, "API keys", &content))
}

fn row(key: &ApiKey, usage: Usage, now: Timestamp) -> Markup {
    html! {
        tr data-key=(key.key_id) {
            td { strong { (key.name) } " " code.soft { (key.key_id) } }
            td { @match key.role {
                Role::Admin => (pill("warn", &icon::key(), "ADMIN")),
                Role::Client => (pill("idle", &icon::circle(), "CLIENT")),
            } }
            td { @match key.plan.rate_per_s {
                Some(rate) => { (count(rate.into())) "/s"
                    @if let Some(burst) = key.plan.burst { span.soft { ", burst " (count(burst.into())) } } },
                None => span.soft { "unlimited" },
            } }
            td { (quota(key, usage)) }
            td { @if key.plan.quota.is_some() { (ago(usage.resets_at, now)) } @else { (not_yet()) } }
            td { (ago(key.created_at, now)) }
            td.end { a.button.small.danger-outline data-ask="" href={ "/console/keys/" (segment(&key.key_id)) "/revoke" }
                aria-label={ "Revoke " (key.name) } { "Revoke" } }
        }
    }
}

fn quota(key: &ApiKey, usage: Usage) -> Markup {
    let Some(quota) = key.plan.quota else {
        return html! { (count(usage.used)) span.soft { " requests, no quota" } };
    };
    let period = match key.plan.period {
        QuotaPeriod::Day => "a day",
        QuotaPeriod::Week => "a week",
        QuotaPeriod::Month => "a month",
    };
    html! {
        meter min="0" max=(quota) high=(quota / 10 * 9) optimum="0" value=(usage.used.min(quota))
            aria-label={ "Quota of " (key.name) " used" } {}
        " " (count(usage.used)) span.soft { " of " (count(quota)) " " (period) }
    }
}
