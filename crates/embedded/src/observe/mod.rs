//! What the engine tells of itself, and what it keeps of that.

pub(crate) mod spans;
