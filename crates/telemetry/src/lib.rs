//! What the system says about itself: traces, metrics and structured logs.
//!
//! [`metrics::Registry`] counts and is read as Prometheus text or JSON; [`logs::init`] sends events as JSON lines of
//! the seed's form, or as text for a person. [`traces::Tracer`] decides which traces are kept, and with the feature `otlp`
//! `otlp::Exporter` sends them on.

pub mod logs;
pub mod metrics;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod traces;

pub use logs::{Format, LogError, LogSettings, Logging};
pub use metrics::{Registry, Snapshot};
pub use traces::Tracer;
