//! The trace header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
//!
//! Inside, a trace id is 32 hexadecimal digits, as W3C has it; X-Ray's is the same digits with a version and dashes.

use std::fmt;
use std::future::Future;

use ports::trace::{SpanId, TraceId};

/// The header's name in a call of a service.
pub(crate) const TRACE_HEADER: &str = "x-amzn-trace-id";

tokio::task_local! {
    static CURRENT: Option<String>;
}

/// Runs an invocation with its trace header at hand.
pub(crate) async fn with_header<F: Future>(header: Option<String>, invocation: F) -> F::Output {
    CURRENT.scope(header, invocation).await
}

/// The current invocation's trace header.
pub(crate) fn current_header() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// The header of what is done for an order: always of its own trace, the one of the request that placed it.
///
/// A batch's invocation has a trace of its own, and so has a sweep's. The header that the order's message `came_with` says
/// whether the order's trace is recorded, and what of it led here. Where none of the order's trace is at hand it is
/// recorded as the current invocation is.
pub(crate) fn order_header(trace_id: &str, came_with: Option<&str>) -> Option<String> {
    let root = xray_id(trace_id)?;
    let current = current_header();
    let current = current.as_deref().and_then(TraceHeader::parse);
    let sampled = current.as_ref().is_some_and(|header| header.sampled);
    let mut known = came_with.and_then(TraceHeader::parse).into_iter().chain(current);
    let header = known.find(|header| header.root == root).unwrap_or(TraceHeader {
        root,
        parent: None,
        sampled,
    });
    Some(header.to_string())
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    /// X-Ray's id of the trace.
    pub(crate) root: String,
    /// The segment that this one is part of.
    pub(crate) parent: Option<String>,
    /// Whether it is recorded.
    pub(crate) sampled: bool,
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root={}", self.root)?;
        if let Some(parent) = &self.parent {
            write!(f, ";Parent={parent}")?;
        }
        write!(f, ";Sampled={}", u8::from(self.sampled))
    }
}

impl TraceHeader {
    /// Reads a header; `None` for one without a trace.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let field = |name: &str| {
            header
                .split(';')
                .filter_map(|field| field.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        Some(Self {
            root: field("Root").filter(|root| w3c_id(root).is_some())?,
            parent: field("Parent").filter(|parent| !parent.is_empty()),
            sampled: field("Sampled").is_some_and(|sampled| sampled == "1"),
        })
    }

    /// The trace and the span that what is done here belongs to, when it is recorded.
    pub(crate) fn recorded(&self) -> Option<(TraceId, SpanId)> {
        let trace = TraceId::parse(&self.trace_id()).filter(|_| self.sampled)?;
        let parent = u64::from_str_radix(self.parent.as_deref()?, 16).ok()?;
        Some((trace, SpanId::new(parent)))
    }

    /// The trace id as 32 hexadecimal digits.
    pub(crate) fn trace_id(&self) -> String {
        w3c_id(&self.root).unwrap_or_default()
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// `1-5759e988-bd862e3fe1be46a994272793` as `5759e988bd862e3fe1be46a994272793`.
fn w3c_id(root: &str) -> Option<String> {
    let (time, unique) = root.strip_prefix("1-")?.split_once('-')?;
    (time.len() == 8 && unique.len() == 24 && is_hex(time) && is_hex(unique))
        .then(|| format!("{time}{unique}"))
}

/// The same 32 digits as X-Ray writes them; `None` for another text.
pub(crate) fn xray_id(trace_id: &str) -> Option<String> {
    (trace_id.len() == 32 && is_hex(trace_id)).then(|| format!("1-{}-{}", &trace_id[..8], &trace_id[8..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    #[test]
    fn a_header_says_its_trace_its_parent_and_whether_it_is_sampled() {
        let header = TraceHeader::parse(HEADER).unwrap();
        assert_eq!(header.trace_id(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(header.parent.as_deref(), Some("53995c3f42cd8ad8"));
        assert!(header.sampled);
        let (trace, parent) = header.recorded().unwrap();
        assert_eq!(trace.to_string(), header.trace_id());
        assert_eq!(parent.to_string(), "53995c3f42cd8ad8");
        assert!(
            !TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793")
                .unwrap()
                .sampled
        );
        for nothing in [
            "",
            "Sampled=1",
            "Root=1-5759e988-x;Sampled=1",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
        ] {
            assert_eq!(TraceHeader::parse(nothing), None, "{nothing}");
        }
    }

    #[tokio::test]
    async fn what_is_done_for_an_order_belongs_to_its_own_trace() {
        const ID: &str = "0123456789abcdef0123456789abcdef";
        const OWN: &str = "Root=1-01234567-89abcdef0123456789abcdef;Parent=53995c3f42cd8ad8;Sampled=0";
        let in_batch = async |came_with| {
            let header = async { order_header(ID, came_with) };
            with_header(Some(HEADER.to_owned()), header).await.unwrap()
        };
        // The message says what the invocation, which is of another trace, can't.
        assert_eq!(in_batch(Some(OWN)).await, OWN);
        let recorded = OWN.replace("Sampled=0", "Sampled=1");
        assert_eq!(order_header(ID, Some(&recorded)).unwrap(), recorded);
        // A message that came with the trace of a repeated request, or with none.
        let bare = "Root=1-01234567-89abcdef0123456789abcdef;Sampled=1";
        assert_eq!(in_batch(Some(HEADER)).await, bare);
        assert_eq!(in_batch(None).await, bare);
        // The request that placed it.
        let placing = with_header(Some(OWN.to_owned()), async { order_header(ID, None) });
        assert_eq!(placing.await.unwrap(), OWN);
        assert_eq!(
            order_header(ID, None).unwrap(),
            "Root=1-01234567-89abcdef0123456789abcdef;Sampled=0"
        );
        assert_eq!(order_header("none", Some(OWN)), None);
    }
}
