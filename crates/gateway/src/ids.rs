//! A request's ids: its own, and the trace that it begins or joins; and when it came.
//!
//! There is one trace id of 32 hexadecimal digits. It reads the same in W3C Trace Context's `traceparent` and in
//! X-Ray's `X-Amzn-Trace-Id`, whose root is its first 8 and its last 24 digits; so a new id begins with the time in
//! seconds, as X-Ray asks.

use std::sync::Arc;

use std::fmt::Write;

use domain::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use ports::trace::{Recorder, SpanId, TraceId};
use uuid::Uuid;

/// X-Ray's header.
pub(crate) const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// W3C Trace Context's header.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// API Gateway's header.
pub(crate) const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The ids of one request, and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestIds {
    request_id: Arc<str>,
    trace_id: Arc<str>,
    trace: TraceId,
    span: SpanId,
    parent: Option<SpanId>,
    is_kept: bool,
    received_at: Timestamp,
}

impl RequestIds {
    /// Takes the ids that the request came with, where they are well formed, and makes those that it lacks from `now`
    /// and 256 bits of chance. `traceparent` goes before `X-Amzn-Trace-Id`. A trace that the caller keeps is kept here
    /// too; of those that begin here, the recorder's first and 5 % of the rest.
    pub(crate) fn of_request(
        headers: &HeaderMap,
        now: Timestamp,
        chance: [u64; 4],
        recorder: &dyn Recorder,
    ) -> Self {
        let [a, b, c, d] = chance;
        let text = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        let joined = text(&TRACEPARENT)
            .and_then(from_traceparent)
            .or_else(|| text(&X_AMZN_TRACE_ID).and_then(from_x_ray));
        let joined = joined.unwrap_or_else(|| {
            let trace = new_trace_id(now, c, d);
            Joined {
                trace: if recorder.takes_first() {
                    trace.sampled()
                } else {
                    trace
                },
                parent: None,
                is_kept: false,
            }
        });
        if joined.is_kept {
            recorder.keep(joined.trace);
        }
        let request_id = text(&X_AMZN_REQUEST_ID)
            .and_then(|id| Uuid::try_parse(id).ok())
            .unwrap_or_else(|| uuid::Builder::from_u128((u128::from(a) << 64) | u128::from(b)).into_uuid());
        Self {
            request_id: Arc::from(&*request_id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            trace_id: joined.trace.to_string().into(),
            trace: joined.trace,
            span: SpanId::new(d.rotate_left(32) ^ a),
            parent: joined.parent,
            is_kept: joined.is_kept || joined.trace.is_sampled(),
            received_at: now,
        }
    }

    /// The trace.
    pub(crate) fn trace(&self) -> TraceId {
        self.trace
    }

    /// The request's span.
    pub(crate) fn span(&self) -> SpanId {
        self.span
    }

    /// The caller's span.
    pub(crate) fn parent(&self) -> Option<SpanId> {
        self.parent
    }

    /// The request's own id, a UUID.
    pub(crate) fn request_id(&self) -> &Arc<str> {
        &self.request_id
    }

    /// 32 lowercase hexadecimal digits.
    pub(crate) fn trace_id(&self) -> &Arc<str> {
        &self.trace_id
    }

    /// When the request came.
    pub(crate) fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// `Root=1-5759e988-bd862e3fe1be46a994272793`.
    pub(crate) fn x_ray_header(&self) -> Option<HeaderValue> {
        let (time, rest) = self.trace_id.split_at(8);
        let mut text = String::with_capacity(40);
        text.push_str("Root=1-");
        text.push_str(time);
        text.push('-');
        text.push_str(rest);
        HeaderValue::try_from(text).ok()
    }

    /// Writes the ids into an answer's headers.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        let mut traceparent = String::with_capacity(55);
        // Writing to a String can't fail.
        let flags = u8::from(self.is_kept);
        let _ = write!(traceparent, "00-{}-{}-{flags:02x}", self.trace_id, self.span);
        let values = [
            (X_AMZN_REQUEST_ID, HeaderValue::from_str(&self.request_id).ok()),
            (X_AMZN_TRACE_ID, self.x_ray_header()),
            (TRACEPARENT, HeaderValue::try_from(traceparent).ok()),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
    }
}

/// A trace that the caller is in.
struct Joined {
    trace: TraceId,
    parent: Option<SpanId>,
    /// Whether the caller keeps it.
    is_kept: bool,
}

fn new_trace_id(now: Timestamp, c: u64, d: u64) -> TraceId {
    let seconds = u32::try_from(now.as_ms() / 1000).unwrap_or(0);
    TraceId(u128::from(seconds) << 96 | u128::from(c >> 32) << 64 | u128::from(d))
}

fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_id(text: &str, digits: usize) -> bool {
    is_lower_hex(text, digits) && text.bytes().any(|b| b != b'0')
}

fn span_id(text: &str) -> Option<SpanId> {
    let bits = u64::from_str_radix(text, 16).ok()?;
    is_id(text, 16).then(|| SpanId::new(bits))
}

/// `version-trace-parent-flags`. A version above 00 may say more after the flags; `ff` is none.
fn from_traceparent(text: &str) -> Option<Joined> {
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = version == "00" && parts.next().is_none();
    let later = version != "00" && version != "ff" && is_lower_hex(version, 2);
    let whole = is_id(trace, 32) && is_id(parent, 16) && is_lower_hex(flags, 2);
    if !(known || later) || !whole {
        return None;
    }
    Some(Joined {
        trace: TraceId::parse(trace)?,
        parent: span_id(parent),
        is_kept: u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1),
    })
}

/// Fields between semicolons: `Root` is the trace, `Parent` the caller's span, `Sampled` whether the caller keeps it.
fn from_x_ray(text: &str) -> Option<Joined> {
    let field = |name: &str| text.split(';').find_map(|field| field.trim().strip_prefix(name));
    let (time, rest) = field("Root=1-")?.split_once('-')?;
    let id = format!("{time}{rest}");
    if time.len() != 8 || !is_id(&id, 32) {
        return None;
    }
    Some(Joined {
        trace: TraceId::parse(&id)?,
        parent: field("Parent=").and_then(span_id),
        is_kept: field("Sampled=") == Some("1"),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::Timestamp;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use ports::trace::{NoRecorder, Recorder, SpanData, SpanId, TraceId};

    use super::{RequestIds, TRACEPARENT, X_AMZN_REQUEST_ID, X_AMZN_TRACE_ID};

    const NEW: &str = "65a51f78000000030000000000000004";
    const GIVEN: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn ids(headers: &[(HeaderName, &str)]) -> RequestIds {
        let headers: HeaderMap = headers
            .iter()
            .map(|(n, v)| (n.clone(), HeaderValue::from_str(v).unwrap()))
            .collect();
        let now = Timestamp::from_ms(0x65a5_1f78 * 1000 + 999);
        RequestIds::of_request(&headers, now, [1, 2, 3 << 32, 4], &NoRecorder)
    }

    /// Takes the first, and remembers what was to be kept.
    #[derive(Debug, Default)]
    struct First(Mutex<Vec<TraceId>>);

    impl Recorder for First {
        fn now_us(&self) -> i64 {
            0
        }

        fn takes_first(&self) -> bool {
            true
        }

        fn keep(&self, trace: TraceId) {
            self.0.lock().unwrap().push(trace);
        }

        fn record(&self, _: SpanData) {}
    }

    #[test]
    fn the_answer_says_whether_the_trace_is_kept() {
        let flags = |recorder: &dyn Recorder, header: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(TRACEPARENT, header.parse().unwrap());
            }
            let ids = RequestIds::of_request(&headers, Timestamp::from_ms(0), [1, 2, 3, 4], recorder);
            let mut answer = HeaderMap::new();
            ids.write_to(&mut answer);
            answer[TRACEPARENT].to_str().unwrap()[53..].to_owned()
        };
        let first = First::default();
        let kept = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let dropped = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        assert_eq!(flags(&NoRecorder, None), "00");
        assert_eq!(flags(&first, None), "01");
        assert_eq!(flags(&first, Some(dropped)), "00");
        assert!(first.0.lock().unwrap().is_empty());
        assert_eq!(flags(&first, Some(kept)), "01");
        assert_eq!(*first.0.lock().unwrap(), [TraceId::parse(GIVEN).unwrap()]);
    }

    #[test]
    fn the_callers_span_is_the_requests_parent() {
        let cases = [
            (
                TRACEPARENT,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                true,
            ),
            (
                X_AMZN_TRACE_ID,
                "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1",
                true,
            ),
            (
                X_AMZN_TRACE_ID,
                "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=xyz",
                false,
            ),
        ];
        for (name, value, has_parent) in cases {
            let parent = ids(&[(name, value)]).parent();
            assert_eq!(
                parent,
                has_parent.then(|| SpanId::new(0x00f0_67aa_0ba9_02b7)),
                "{value}"
            );
        }
    }

    #[test]
    fn joins_a_well_formed_trace_and_begins_one_otherwise() {
        let cases = [
            (
                TRACEPARENT,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                GIVEN,
            ),
            (
                TRACEPARENT,
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                GIVEN,
            ),
            (
                TRACEPARENT,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                NEW,
            ),
            (
                TRACEPARENT,
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                NEW,
            ),
            (
                TRACEPARENT,
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                NEW,
            ),
            (
                TRACEPARENT,
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                NEW,
            ),
            (
                TRACEPARENT,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                NEW,
            ),
            (TRACEPARENT, "", NEW),
            (X_AMZN_TRACE_ID, "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736", GIVEN),
            (
                X_AMZN_TRACE_ID,
                "Self=1-2-3; Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1",
                GIVEN,
            ),
            (X_AMZN_TRACE_ID, "Root=1-4bf92f3577b34-da6a3ce929d0e0e4736", NEW),
            (X_AMZN_TRACE_ID, "Root=2-4bf92f35-77b34da6a3ce929d0e0e4736", NEW),
        ];
        for (name, value, expected) in cases {
            assert_eq!(
                &**ids(&[(name.clone(), value)]).trace_id(),
                expected,
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn takes_a_request_id_only_when_it_is_a_uuid() {
        let given = "550e8400-e29b-41d4-a716-446655440000";
        assert_eq!(&**ids(&[(X_AMZN_REQUEST_ID, given)]).request_id(), given);
        let made = ids(&[(X_AMZN_REQUEST_ID, "<script>")]);
        assert_eq!(made.request_id(), ids(&[]).request_id());
        assert_eq!(made.request_id().len(), 36);
    }

    #[test]
    fn what_it_writes_it_reads_again() {
        let ids = ids(&[]);
        let mut headers = HeaderMap::new();
        ids.write_to(&mut headers);
        assert_eq!(
            headers[X_AMZN_TRACE_ID],
            "Root=1-65a51f78-000000030000000000000004"
        );
        let traceparent = super::from_traceparent(headers[TRACEPARENT].to_str().unwrap()).unwrap();
        let x_ray = super::from_x_ray(headers[X_AMZN_TRACE_ID].to_str().unwrap()).unwrap();
        assert_eq!(
            [traceparent.trace, x_ray.trace].map(|t| t.to_string()),
            [NEW, NEW]
        );
        assert_eq!(traceparent.parent, Some(ids.span()));
    }
}
