//! What the gateway works with: the engine behind it and the functions it calls.

use std::collections::HashMap;
use std::sync::Arc;

use ports::access::ApiKeys;
use ports::analytics::AnalyticsView;
use ports::clock::Clock;
use ports::feed::LiveFeed;
use ports::function::Handler;
use ports::metrics::Metrics;
use ports::observability::Observatory;
use ports::operations::Operations;
use ports::orders::OrderQueries;
use ports::trace::Recorder;
use tokio_util::sync::CancellationToken;

/// The ports that the gateway needs of an engine, under one name.
pub trait Engine: ApiKeys + Operations + LiveFeed + AnalyticsView + OrderQueries + 'static {}

impl<E: ApiKeys + Operations + LiveFeed + AnalyticsView + OrderQueries + 'static> Engine for E {}

/// Tells whether requests can be served now; an error is the reason why not, for a person to read.
pub type Readiness = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What the gateway is put together from.
pub struct Parts<E> {
    /// Keys, queues, executions, the change feed and the figures.
    pub engine: Arc<E>,
    /// The functions by the names that routes use.
    pub functions: HashMap<String, Arc<dyn Handler>>,
    /// The time that quotas go by.
    pub clock: Arc<dyn Clock>,
    /// Gets API Gateway's own metrics: `Count`, `4XXError`, `5XXError`, and `Latency` in milliseconds.
    pub metrics: Arc<dyn Metrics>,
    /// Gets a span for each business call.
    pub recorder: Arc<dyn Recorder>,
    /// Answers `/admin/alarms`, `/admin/logs`, `/admin/metrics`, `/admin/traces` and `/admin/service-map`; without it
    /// there is nothing there.
    pub observatory: Option<Observatory>,
    /// Answers `/ready`.
    pub readiness: Readiness,
    /// Answers `/metrics`, in Prometheus' text format 0.0.4.
    pub metrics_text: Box<dyn Fn() -> String + Send + Sync>,
    /// Answers `/admin/status`.
    pub status: Box<dyn Fn() -> serde_json::Value + Send + Sync>,
    /// Further routes, such as the console's, that need no key.
    pub more_routes: axum::Router,
    /// Cancelled when the server stops: event streams end then. The same token goes to [`crate::serve()`].
    pub shutdown: CancellationToken,
}
