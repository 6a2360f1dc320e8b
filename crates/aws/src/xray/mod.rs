//! X-Ray: the trace that an invocation belongs to, carried on in headers, and subsegments for what it does.

pub(crate) mod header;
pub(crate) mod subsegments;
