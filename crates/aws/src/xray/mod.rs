//! X-Ray: the trace that an invocation belongs to, carried on in headers, and subsegments for what it does.

pub(crate) mod daemon;
pub(crate) mod header;
