//! What an operator sees of the running system: traces and the service map, logs, metrics with their history, alarms.
//!
//! Reading only, and never on the way of an order. The console, the command line and `/admin` read the same four ports,
//! bundled in an [`Observatory`]. All calls may read files or a database, so each returns a future; all answers are
//! bounded by what the query's documentation says.

mod alarms;
mod logs;
mod metrics;
mod traces;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use alarms::{Alarm, AlarmReading, AlarmState, AlarmTransition, Alarms};
pub use logs::{LogGroup, LogQuery, LogRow, LogTable, Logs};
pub use metrics::{MetricHistory, MetricPoint, MetricQuery, MetricSeries, MetricStatistic, Series};
pub use traces::{
    Keeping, ServiceEdge, ServiceFigures, ServiceKind, ServiceMap, ServiceNode, Span, SpanKind, SpanOutcome,
    Trace, TraceFilter, TraceSummary, Traces, x_ray_trace_id,
};

use crate::StoreError;

/// An answer to come.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ObserveError>> + Send + 'a>>;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ObserveError {
    /// Nothing is called so.
    #[error("there is no {what} {name}")]
    NotFound {
        /// `trace`, `log group`, `metric` or `alarm`.
        what: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// The query can't be read; a sentence for whoever wrote it, with where and what would be right.
    #[error("{0}")]
    Query(String),
    /// What was recorded can't be read.
    #[error("what was recorded can't be read")]
    Store(#[from] StoreError),
}

/// The four ports together. Clones are the same.
#[derive(Clone)]
pub struct Observatory {
    /// Traces and the service map.
    pub traces: Arc<dyn Traces>,
    /// Logs.
    pub logs: Arc<dyn Logs>,
    /// Metrics with their history.
    pub metrics: Arc<dyn MetricHistory>,
    /// Alarms with theirs.
    pub alarms: Arc<dyn Alarms>,
}

impl std::fmt::Debug for Observatory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observatory").finish_non_exhaustive()
    }
}
