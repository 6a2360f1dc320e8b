//! The trace header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
//!
//! Inside, a trace id is 32 hexadecimal digits, as W3C has it; X-Ray's is the same digits with a version and dashes.

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

/// The header of an order's execution: its own trace, sampled as the current invocation's is.
///
/// A batch's invocation has a trace of its own; the order's execution belongs to the trace of the request that placed it.
pub(crate) fn execution_header(trace_id: &str) -> Option<String> {
    let root = xray_id(trace_id)?;
    let sampled =
        current_header().is_some_and(|header| TraceHeader::parse(&header).is_some_and(|h| h.sampled));
    Some(format!("Root={root};Sampled={}", u8::from(sampled)))
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
    async fn an_execution_belongs_to_its_orders_trace() {
        let id = "0123456789abcdef0123456789abcdef";
        let header = with_header(Some(HEADER.to_owned()), async { execution_header(id) }).await;
        assert_eq!(
            header.unwrap(),
            "Root=1-01234567-89abcdef0123456789abcdef;Sampled=1"
        );
        assert_eq!(
            execution_header(id).unwrap(),
            "Root=1-01234567-89abcdef0123456789abcdef;Sampled=0"
        );
        assert_eq!(execution_header("none"), None);
    }
}
