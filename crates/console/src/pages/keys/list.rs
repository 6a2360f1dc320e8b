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
use crate::view::{self, Column, Row, Section, ago, count, icon, not_yet, pill, table};

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
        (table("API keys", &COLUMNS, keys.iter().map(|key| row(key, console.engine.usage(key, now), now))))
    };
    Ok(view::page(&visitor, Section::Keys, "API keys", &content))
}

const COLUMNS: [Column<'_>; 7] = [
    Column::title("Name"),
    Column::state("Role"),
    Column::text("Rate"),
    Column::text("Quota used"),
    Column::text("Renewed"),
    Column::text("Made"),
    Column::actions("Actions"),
];

fn row(key: &ApiKey, usage: Usage, now: Timestamp) -> Row {
    let role = match key.role {
        Role::Admin => pill("warn", &icon::key(), "ADMIN"),
        Role::Client => pill("idle", &icon::circle(), "CLIENT"),
    };
    let rate = html! {
        @match key.plan.rate_per_s {
            Some(rate) => { (count(rate.into())) "/s"
                @if let Some(burst) = key.plan.burst { span.soft { ", burst " (count(burst.into())) } } },
            None => span.soft { "unlimited" },
        }
    };
    let renewed = match key.plan.quota {
        Some(_) => ago(usage.resets_at, now),
        None => not_yet(),
    };
    let revoke = html! {
        a.button.small.danger-outline data-ask="" href={ "/console/keys/" (segment(&key.key_id)) "/revoke" }
            aria-label={ "Revoke " (key.name) } { "Revoke" }
    };
    Row::keyed(
        &key.key_id,
        [
            html! { strong { (key.name) } " " code.soft { (key.key_id) } },
            role,
            rate,
            quota(key, usage),
            renewed,
            ago(key.created_at, now),
            revoke,
        ],
    )
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
