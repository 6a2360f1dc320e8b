//! Metrics as lines of the log, in CloudWatch's Embedded Metric Format: no call, nothing to wait for or to fail.
//!
//! CloudWatch makes a metric of each line that has the member `_aws`
//! (Amazon CloudWatch User Guide, "Specification: Embedded metric format").

use std::io::Write;

use domain::Timestamp;
use ports::metrics::Metrics;
use serde_json::{Map, Value, json};

/// The namespace when `METRICS_NAMESPACE` names none: the seed's.
const NAMESPACE: &str = "OrderProcessingSystem";

/// Writes metrics to standard output, where Lambda takes the log from.
#[derive(Debug, Clone)]
pub struct EmbeddedMetrics {
    namespace: String,
}

impl EmbeddedMetrics {
    /// Metrics of this namespace.
    #[must_use]
    pub fn new(namespace: Option<String>) -> Self {
        let namespace = namespace.filter(|name| !name.is_empty());
        Self {
            namespace: namespace.unwrap_or_else(|| NAMESPACE.to_owned()),
        }
    }

    /// Metrics of the namespace that `METRICS_NAMESPACE` names.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::new(std::env::var("METRICS_NAMESPACE").ok())
    }

    fn write(&self, line: &Value) {
        // One call a line: Lambda takes what stands between two line ends as one event. A log that can't be written is
        // no reason to fail an order.
        let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
    }
}

impl Metrics for EmbeddedMetrics {
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64) {
        self.write(&line(
            &self.namespace,
            name,
            "Count",
            dimensions,
            value.into(),
            crate::time::now(),
        ));
    }

    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        let unit = if name.ends_with("Duration") || name.ends_with("Latency") {
            "Milliseconds"
        } else {
            "None"
        };
        self.write(&line(
            &self.namespace,
            name,
            unit,
            dimensions,
            value.into(),
            crate::time::now(),
        ));
    }
}

fn line(
    namespace: &str,
    name: &str,
    unit: &str,
    dimensions: &[(&'static str, &str)],
    value: Value,
    at: Timestamp,
) -> Value {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": at.as_ms(),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": [names],
                "Metrics": [{ "Name": name, "Unit": unit }],
            }],
        }),
    );
    for (dimension, value) in dimensions {
        line.insert((*dimension).to_owned(), (*value).into());
    }
    line.insert(name.to_owned(), value);
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_makes_a_metric_of() {
        let at = Timestamp::from_ms(1_768_469_400_123);
        let line = line(
            "Shop",
            "OrdersCreated",
            "Count",
            &[("Status", "Success")],
            1.into(),
            at,
        );
        expect![[r#"{"_aws":{"Timestamp":1768469400123,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["Status"]],"Metrics":[{"Name":"OrdersCreated","Unit":"Count"}]}]},"Status":"Success","OrdersCreated":1}"#]]
        .assert_eq(&line.to_string());
    }
}
