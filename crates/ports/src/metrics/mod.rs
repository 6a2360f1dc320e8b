//! Business and service metrics.

mod distribution;

pub use distribution::{BOUNDS, Distribution};

/// Counts what happens. Never blocks and never fails: a metric is no reason to fail an order.
pub trait Metrics: Send + Sync {
    /// Adds `value` to the metric `name` (CloudWatch naming, such as `OrdersCreated`) under these dimensions.
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64);

    /// Records one observation, such as a duration in milliseconds.
    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64);

    /// Notes how high something stands now, such as the messages in a queue. Whoever keeps no such metrics leaves it out.
    fn gauge(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        let _ = (name, dimensions, value);
    }
}

/// What a series counted in a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: &'static str,
    /// Its dimensions.
    pub dimensions: Vec<(&'static str, String)>,
    /// Its values.
    pub values: Distribution,
}

/// Where counted metrics are read.
pub trait MetricSource: Send + Sync {
    /// What was counted since [`Self::take`] was called last, series with nothing new left out. Changes nothing.
    fn peek(&self) -> Vec<Sample>;

    /// The same, and the next span of time begins. Each value is taken exactly once.
    fn take(&self) -> Vec<Sample>;
}
