//! What the system says about itself: metrics and structured logs.
//!
//! [`metrics::Registry`] counts and is read as Prometheus text or JSON; [`logs::init`] sends events as JSON lines of
//! the seed's form, or as text for a person. Traces across processes are carried in messages by who sends them; here they
//! are a field of each event.

pub mod logs;
pub mod metrics;

pub use logs::{Format, LogError, LogSettings};
pub use metrics::{Registry, Snapshot};
