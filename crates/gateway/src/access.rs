//! Who may call: the key, its throttle and its quota, checked in API Gateway's order.

use std::sync::Arc;

use domain::Timestamp;
use http::{HeaderMap, HeaderName};
use ports::access::{ApiKey, ApiKeys, Role, Usage};
use tokio::time::Instant;

use crate::problem::{Code, Problem};
use crate::rate_limit::{RateLimit, Remaining};
use crate::throttle::{Taken, Throttles};

/// The header that carries a key.
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Finds the caller's key. Missing, malformed and unknown keys get the same answer.
pub(crate) fn authenticate(keys: &impl ApiKeys, headers: &HeaderMap) -> Result<Arc<ApiKey>, Problem> {
    headers
        .get(X_API_KEY)
        .and_then(|secret| secret.to_str().ok())
        .and_then(|secret| keys.authenticate(secret))
        .ok_or_else(|| Problem::new(Code::Forbidden, "Send a valid API key in the x-api-key header."))
}

/// Lets only an admin's key pass.
pub(crate) fn require_admin(key: &ApiKey) -> Result<(), Problem> {
    match key.role {
        Role::Admin => Ok(()),
        Role::Client => Err(Problem::new(
            Code::UnauthorizedAdmin,
            "This call needs an admin's key.",
        )),
    }
}

/// Takes one request from the key's bucket and counts it against its quota. A throttled request is not counted.
pub(crate) fn meter(
    keys: &impl ApiKeys,
    throttles: &Throttles,
    key: &ApiKey,
    now: Timestamp,
) -> Result<RateLimit, Problem> {
    let mut limits = RateLimit::default();
    if key.plan.rate_per_s.is_some() {
        throttle(throttles, key, &mut limits)?;
    }
    let usage = keys.count_request(key, now);
    if let Some(quota) = key.plan.quota {
        let left = quota_left(quota, &usage, now.as_ms());
        limits.quota = Some((quota, usage, left));
        if usage.used > quota {
            let detail = format!(
                "The key's quota of {quota} requests is used up until {}.",
                usage.resets_at
            );
            return Err(refuse(Code::QuotaExceeded, detail, left.reset_s, &limits));
        }
    }
    Ok(limits)
}

fn throttle(throttles: &Throttles, key: &ApiKey, limits: &mut RateLimit) -> Result<(), Problem> {
    // Not the clock that quotas go by: that one may be set back.
    let monotonic = Instant::now();
    if let Some(bucket) = throttles.bucket(key, monotonic) {
        let (left, throttled) = match bucket.take(monotonic) {
            Taken::Allowed { remaining } => (remaining, None),
            Taken::Throttled { retry_after } => (0, Some(retry_after)),
        };
        // Rounded up: a client that waits as long as it was told must not come too early.
        let wait_s = throttled.map_or(1, |wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        let left = Remaining {
            requests: left,
            reset_s: wait_s,
        };
        limits.throttle = Some((bucket.policy().clone(), left));
        if throttled.is_some() {
            let detail = "The key's usage plan allows no more requests a second; slow down.";
            return Err(refuse(Code::Throttled, detail, wait_s, limits));
        }
    }
    Ok(())
}

fn quota_left(quota: u64, usage: &Usage, now_ms: i64) -> Remaining {
    let reset_ms = usage.resets_at.as_ms().saturating_sub(now_ms).max(0);
    Remaining {
        requests: quota.saturating_sub(usage.used),
        // Rounded up for the same reason.
        reset_s: u64::try_from(reset_ms).unwrap_or(0).div_ceil(1000).max(1),
    }
}

fn refuse(code: Code, detail: impl Into<String>, retry_after_s: u64, limits: &RateLimit) -> Problem {
    let mut problem = Problem::new(code, detail).retry_after(retry_after_s);
    limits.write_to(problem.headers_mut());
    problem
}
