//! `/admin/keys`: making, listing and revoking API keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use domain::FaultCode;
use http::StatusCode;
use ports::access::{ApiKey, CreateKeyError, QuotaPeriod, RevokeKeyError, Role, Usage, UsagePlan};
use serde::Serialize;
use serde_json::Value;

use super::request::Fields;
use super::sentence;
use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::{Code, Problem};

/// The longest name of a key, in characters.
const MAX_NAME_CHARS: usize = 128;
/// The largest rate, burst and quota: what API Gateway's usage plans can be set to and more.
const MAX_RATE: u64 = 1_000_000;
const MAX_QUOTA: u64 = 1_000_000_000_000;
const PLAN_FIELDS: [&str; 4] = ["ratePerS", "burst", "quota", "period"];

#[derive(Serialize)]
pub(crate) struct Keys {
    keys: Vec<ApiKey>,
}

pub(crate) async fn list_keys<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
) -> Result<Json<Keys>, Problem> {
    let keys = gateway.parts.engine.list_keys().await?;
    Ok(Json(Keys { keys }))
}

/// A new key with its secret, which is shown this once.
#[derive(Serialize)]
pub(crate) struct NewKey {
    #[serde(flatten)]
    key_info: ApiKey,
    key: String,
}

pub(crate) async fn create_key<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    request: Request,
) -> Result<(StatusCode, Json<NewKey>), Problem> {
    let (parts, body) = request.into_parts();
    let fields = Fields::read(&parts, body, &gateway.limits, &gateway.large_bodies).await?;
    let wanted = WantedKey::try_from(fields)?;
    let made = gateway
        .parts
        .engine
        .create_key(wanted.name, wanted.role, wanted.plan);
    let (key_info, key) = made.await.map_err(|error| match error {
        CreateKeyError::NameTaken(name) => {
            Problem::new(Code::Conflict, format!("There is a key named {name:?} already."))
        }
        CreateKeyError::Store(error) => error.into(),
    })?;
    Ok((StatusCode::CREATED, Json(NewKey { key_info, key })))
}

/// What the body of `POST /admin/keys` asks for.
#[derive(Debug, PartialEq)]
struct WantedKey {
    name: String,
    role: Role,
    plan: Option<UsagePlan>,
}

impl TryFrom<Fields> for WantedKey {
    type Error = Problem;

    fn try_from(mut fields: Fields) -> Result<Self, Problem> {
        let right = "text of 1 to 128 characters without control characters or spaces at its ends";
        let name = fields.required("name", right, |value| match value {
            Value::String(name) if is_name(&name) => Some(name),
            _ => None,
        });
        let role = fields.take("role", "client or admin", |value| match value.as_str() {
            Some("client") => Some(Role::Client),
            Some("admin") => Some(Role::Admin),
            Some(_) | None => None,
        });
        let plan = read_plan(&mut fields);
        fields.finish()?;
        Ok(Self {
            // finish() has failed when there is none.
            name: name.unwrap_or_default(),
            role: role.unwrap_or(Role::Client),
            plan,
        })
    }
}

/// A plan of the key's own when any of its fields is there; a field that is absent or `null` sets no limit. Without any,
/// the key gets the template's plan.
fn read_plan(fields: &mut Fields) -> Option<UsagePlan> {
    let own = PLAN_FIELDS.iter().any(|field| fields.has(field));
    let rate = fields.number("ratePerS", 1, MAX_RATE);
    let burst = fields.number("burst", 1, MAX_RATE);
    let quota = fields.number("quota", 1, MAX_QUOTA);
    let period = fields.take("period", "DAY, WEEK or MONTH", |value| match value.as_str() {
        Some("DAY") => Some(QuotaPeriod::Day),
        Some("WEEK") => Some(QuotaPeriod::Week),
        Some("MONTH") => Some(QuotaPeriod::Month),
        Some(_) | None => None,
    });
    if burst.is_some() && rate.is_none() {
        fields.fault(
            "burst",
            FaultCode::MissingField,
            "burst says nothing without ratePerS",
        );
    }
    own.then(|| UsagePlan {
        rate_per_s: rate.and_then(|rate| u32::try_from(rate).ok()),
        burst: burst.and_then(|burst| u32::try_from(burst).ok()),
        quota,
        period: period.unwrap_or(QuotaPeriod::Month),
    })
}

fn is_name(text: &str) -> bool {
    let fits = !text.is_empty() && text.chars().count() <= MAX_NAME_CHARS;
    fits && text.trim() == text && !text.chars().any(char::is_control)
}

pub(crate) async fn revoke_key<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(name_or_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let engine = &gateway.parts.engine;
    let revoked = engine.revoke_key(name_or_id).await;
    revoked.map_err(|error| match error {
        RevokeKeyError::NotFound(name_or_id) => no_key(&name_or_id),
        RevokeKeyError::LastAdmin => Problem::new(Code::Conflict, sentence(&error.to_string())),
        RevokeKeyError::Store(error) => error.into(),
    })?;
    let keys = engine.list_keys().await?;
    gateway
        .throttles
        .retain(|id| keys.iter().any(|key| key.key_id == id));
    Ok(StatusCode::NO_CONTENT)
}

/// A key's use with the key itself.
#[derive(Serialize)]
pub(crate) struct KeyUsage {
    #[serde(flatten)]
    key: ApiKey,
    #[serde(flatten)]
    usage: Usage,
}

pub(crate) async fn get_usage<E: Engine>(
    State(gateway): State<Arc<Gateway<E>>>,
    Path(name_or_id): Path<String>,
) -> Result<Json<KeyUsage>, Problem> {
    let engine = &gateway.parts.engine;
    let keys = engine.list_keys().await?;
    let key = keys
        .into_iter()
        .find(|key| key.name == name_or_id || key.key_id == name_or_id)
        .ok_or_else(|| no_key(&name_or_id))?;
    let usage = engine.usage(&key, gateway.parts.clock.now());
    Ok(Json(KeyUsage { key, usage }))
}

fn no_key(name_or_id: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no key with the name or id {name_or_id:?}."),
    )
}
