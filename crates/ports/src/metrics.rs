//! Business and service metrics.

/// Counts what happens. Never blocks and never fails: a metric is no reason to fail an order.
pub trait Metrics: Send + Sync {
    /// Adds `value` to the metric `name` (CloudWatch naming, such as `OrdersCreated`) under these dimensions.
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64);

    /// Records one observation, such as a duration in milliseconds.
    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64);
}
