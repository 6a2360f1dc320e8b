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

/// As long as either header gets in all but extreme cases.
const TEXT_BYTES: usize = 64;

impl RateLimit {
    /// Writes both headers, or none for a key without limits.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        let (mut policy, mut state) = (String::new(), String::new());
        if let Some((of_throttle, left)) = &self.throttle {
            policy.reserve(TEXT_BYTES);
            state.reserve(TEXT_BYTES);
            policy.push_str(of_throttle.to_str().unwrap_or_default());
            push_state(&mut state, "\"throttle\";r=", *left);
        }
        if let Some((limit, usage, left)) = &self.quota {
            for text in [&mut policy, &mut state] {
                text.push_str(if text.is_empty() { "" } else { ", " });
            }
            push_quota_policy(&mut policy, *limit, usage);
            push_state(&mut state, "\"quota\";r=", *left);
        }
        if policy.is_empty() {
            return;
        }
        if let (Ok(policy), Ok(state)) = (HeaderValue::from_str(&policy), HeaderValue::from_str(&state)) {
            headers.insert(RATE_LIMIT_POLICY, policy);
            headers.insert(RATE_LIMIT, state);
        }
    }
}

fn push_quota_policy(text: &mut String, limit: u64, usage: &Usage) {
    let window_s = (usage.resets_at.as_ms() - usage.period_start.as_ms()) / 1000;
    text.push_str("\"quota\";q=");
    push_number(text, limit);
    text.push_str(";w=");
    push_number(text, u64::try_from(window_s).unwrap_or(0));
}

fn push_state(text: &mut String, remaining: &str, left: Remaining) {
    text.push_str(remaining);
    push_number(text, left.requests);
    text.push_str(";t=");
    push_number(text, left.reset_s);
}

/// Writes the number's digits. Nearly every answer has six such numbers, and the formatter takes its time.
fn push_number(text: &mut String, number: u64) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut first) = (number, digits.len());
    while first == digits.len() || rest > 0 {
        first -= 1;
        // A digit is below 10, so it fits.
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.push_str(str::from_utf8(&digits[first..]).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use http::HeaderMap;
    use ports::access::Usage;

    use super::{RateLimit, Remaining, push_number, throttle_policy};

    #[test]
    fn numbers_are_written_as_they_are() {
        for number in [0, 9, 10, 101, 1_234_567_890, u64::MAX] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }

    #[test]
    fn both_headers_tell_of_the_limits_there_are() {
        let left = |requests, reset_s| Remaining { requests, reset_s };
        let throttle = Some((throttle_policy(100, 200), left(199, 1)));
        let usage = Usage {
            used: 1,
            period_start: Timestamp::from_ms(0),
            resets_at: Timestamp::from_ms(86_400_000),
        };
        let quota = Some((5_000, usage, left(4_999, 86_400)));
        let none = (None, None);
        let cases = [
            (None, None, none),
            (
                throttle.clone(),
                None,
                (Some(r#""throttle";q=200;w=2"#), Some(r#""throttle";r=199;t=1"#)),
            ),
            (
                None,
                quota,
                (
                    Some(r#""quota";q=5000;w=86400"#),
                    Some(r#""quota";r=4999;t=86400"#),
                ),
            ),
            (
                throttle,
                quota,
                (
                    Some(r#""throttle";q=200;w=2, "quota";q=5000;w=86400"#),
                    Some(r#""throttle";r=199;t=1, "quota";r=4999;t=86400"#),
                ),
            ),
        ];
        for (throttle, quota, (policy, state)) in cases {
            let mut headers = HeaderMap::new();
            RateLimit { throttle, quota }.write_to(&mut headers);
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!((header("ratelimit-policy"), header("ratelimit")), (policy, state));
        }
    }
}
