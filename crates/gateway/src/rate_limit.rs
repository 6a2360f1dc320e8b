//! The `RateLimit` and `RateLimit-Policy` headers of draft-ietf-httpapi-ratelimit-headers-10.
//!
//! Two policies may stand in them: `throttle`, the token bucket, and `quota`, the count of the period. `q` is how much
//! a window has, `w` its length in seconds, `r` what is left and `t` when there is more, in seconds.

use http::{HeaderMap, HeaderName, HeaderValue};
use ports::access::Usage;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The bucket's policy; its window is the time in which it fills.
pub(crate) fn throttle_policy(rate_per_s: u32, burst: u32) -> HeaderValue {
    let window_s = burst.div_ceil(rate_per_s.max(1));
    HeaderValue::try_from(format!("\"throttle\";q={burst};w={window_s}"))
        .unwrap_or_else(|_| HeaderValue::from_static("\"throttle\""))
}

/// What a request was told about its key's limits. It goes on its answer, whatever that is.
#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    /// Policy and state of the bucket.
    pub throttle: Option<(HeaderValue, Remaining)>,
    /// Quota, its use and its state.
    pub quota: Option<(u64, Usage, Remaining)>,
}

/// How much is left, and when there is more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remaining {
    pub requests: u64,
    pub reset_s: u64,
}

impl RateLimit {
    /// Writes both headers, or none for a key without limits.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        let (policy, state) = match (&self.throttle, &self.quota) {
            (None, None) => return,
            (Some((policy, left)), None) => (Ok(policy.clone()), throttle_state(*left)),
            (None, Some((limit, usage, left))) => (
                HeaderValue::try_from(quota_policy(*limit, usage)),
                quota_state(*left),
            ),
            (Some((policy, left)), Some((limit, usage, quota_left))) => (
                HeaderValue::try_from(format!(
                    "{}, {}",
                    policy.to_str().unwrap_or_default(),
                    quota_policy(*limit, usage)
                )),
                format!("{}, {}", throttle_state(*left), quota_state(*quota_left)),
            ),
        };
        if let (Ok(policy), Ok(state)) = (policy, HeaderValue::try_from(state)) {
            headers.insert(RATE_LIMIT_POLICY, policy);
            headers.insert(RATE_LIMIT, state);
        }
    }
}

fn quota_policy(limit: u64, usage: &Usage) -> String {
    let window_s = (usage.resets_at.as_ms() - usage.period_start.as_ms()) / 1000;
    format!("\"quota\";q={limit};w={window_s}")
}

fn throttle_state(left: Remaining) -> String {
    format!("\"throttle\";r={};t={}", left.requests, left.reset_s)
}

fn quota_state(left: Remaining) -> String {
    format!("\"quota\";r={};t={}", left.requests, left.reset_s)
}
