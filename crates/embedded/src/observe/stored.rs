//! A kept span as it lies in the database: JSON with names of one letter, for most of it would be names otherwise.

use std::borrow::Cow;

use domain::Timestamp;
use ports::observability::{Span, SpanKind, SpanOutcome};
use ports::trace::{SpanData, SpanId};
use serde::{Deserialize, Serialize};

/// A span. What most of them lack is left out.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSpan<'s> {
    #[serde(rename = "i")]
    id: u64,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    parent: Option<u64>,
    #[serde(rename = "n", borrow)]
    name: Cow<'s, str>,
    #[serde(rename = "s", borrow)]
    service: Cow<'s, str>,
    #[serde(rename = "k")]
    kind: SpanKind,
    #[serde(rename = "b")]
    began_us: i64,
    #[serde(rename = "d")]
    duration_us: u64,
    #[serde(rename = "o", default = "ok", skip_serializing_if = "is_ok")]
    outcome: SpanOutcome,
    #[serde(rename = "e", default, borrow, skip_serializing_if = "Option::is_none")]
    error: Option<Cow<'s, str>>,
    #[serde(rename = "a", default, borrow, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<(Cow<'s, str>, Cow<'s, str>)>,
}

fn ok() -> SpanOutcome {
    SpanOutcome::Ok
}

fn is_ok(outcome: &SpanOutcome) -> bool {
    *outcome == SpanOutcome::Ok
}

impl<'s> From<&'s SpanData> for StoredSpan<'s> {
    fn from(data: &'s SpanData) -> Self {
        let detail = data.detail.as_deref();
        let attributes = detail.map_or(&[][..], |detail| detail.attributes.as_slice());
        Self {
            id: data.id.0.get(),
            parent: data.parent.map(|parent| parent.0.get()),
            name: data.name.as_str().into(),
            service: data.service.name.as_str().into(),
            kind: data.kind,
            began_us: data.started_us,
            duration_us: data.duration_us(),
            outcome: data.outcome,
            error: detail.and_then(|detail| detail.error.as_deref()).map(Cow::from),
            attributes: attributes
                .iter()
                .map(|(key, value)| (Cow::from(*key), Cow::from(value)))
                .collect(),
        }
    }
}

/// As it is told. Where it stands in its trace is not known yet; until it is arranged, `offset_us` is the time of its
/// beginning within its millisecond.
impl From<StoredSpan<'_>> for Span {
    fn from(stored: StoredSpan<'_>) -> Self {
        let attributes = stored.attributes.into_iter();
        Self {
            span_id: SpanId::new(stored.id).to_string(),
            parent_id: stored.parent.map(|parent| SpanId::new(parent).to_string()),
            depth: 0,
            name: stored.name.into_owned(),
            service: stored.service.into_owned(),
            kind: stored.kind,
            started_at: Timestamp::from_ms(stored.began_us.div_euclid(1_000)),
            offset_us: stored.began_us.rem_euclid(1_000).unsigned_abs(),
            duration_us: stored.duration_us,
            outcome: stored.outcome,
            error: stored.error.map(Cow::into_owned),
            attributes: attributes
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        }
    }
}
