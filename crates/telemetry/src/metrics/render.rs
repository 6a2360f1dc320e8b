//! The registry as Prometheus reads it: text format 0.0.4.

use std::fmt::Write;

use super::Registry;
use super::name::{describe, snake_case};
use super::snapshot::{SeriesSnapshot, Value};

/// The content type of [`Registry::render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Registry {
    /// Every series as Prometheus text, sorted.
    #[must_use]
    pub fn render(&self) -> String {
        let snapshot = self.snapshot();
        let mut text = String::new();
        let mut described = "";
        for series in &snapshot.series {
            if series.name != described {
                described = series.name;
                write_head(&mut text, series);
            }
            write_series(&mut text, series);
        }
        text.push_str(
            "# HELP ordermill_metrics_dropped_total Counts dropped because there were too many series.\n",
        );
        text.push_str("# TYPE ordermill_metrics_dropped_total counter\n");
        let _ = writeln!(text, "ordermill_metrics_dropped_total {}", snapshot.dropped);
        text
    }
}

// Writing to a String can't fail, so the results below are dropped.

fn write_head(text: &mut String, series: &SeriesSnapshot) {
    let (name, help) = describe(series.name);
    let (name, kind) = match series.value {
        Value::Counter { .. } => (format!("{name}_total"), "counter"),
        Value::Gauge { .. } => (name, "gauge"),
        Value::Histogram { .. } => (name, "histogram"),
    };
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn write_series(text: &mut String, series: &SeriesSnapshot) {
    let (name, _) = describe(series.name);
    let labels: Vec<String> = series
        .dimensions
        .iter()
        .map(|(key, value)| label(key, value))
        .collect();
    match &series.value {
        Value::Counter { total } => {
            let _ = writeln!(text, "{name}_total{} {total}", braced(&labels, None));
        }
        Value::Gauge { last } => {
            let _ = writeln!(text, "{name}{} {last}", braced(&labels, None));
        }
        Value::Histogram { count, sum, buckets } => {
            for bucket in buckets {
                let le = label("le", &bucket.at_most.to_string());
                let _ = writeln!(
                    text,
                    "{name}_bucket{} {}",
                    braced(&labels, Some(&le)),
                    bucket.count
                );
            }
            let le = label("le", "+Inf");
            let _ = writeln!(text, "{name}_bucket{} {count}", braced(&labels, Some(&le)));
            let _ = writeln!(text, "{name}_sum{} {sum}", braced(&labels, None));
            let _ = writeln!(text, "{name}_count{} {count}", braced(&labels, None));
        }
    }
}

fn label(key: &str, value: &str) -> String {
    let value = value
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n");
    format!("{}=\"{value}\"", snake_case(key))
}

fn braced(labels: &[String], last: Option<&str>) -> String {
    let all: Vec<&str> = labels.iter().map(String::as_str).chain(last).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", all.join(","))
    }
}
