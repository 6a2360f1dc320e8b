//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// All functions.
pub struct Report {
    requests: usize,
    starts: usize,
    /// In the order that they were measured in.
    pub functions: Vec<FunctionFigures>,
}

/// One function.
pub struct FunctionFigures {
    pub function: String,
    pub bootstrap_bytes: u64,
    pub zipped_bytes: u64,
    /// The newest version that it needs.
    pub glibc: String,
    /// From the start of the process to its question for an event.
    pub starts: Vec<Duration>,
    /// By the event's name.
    pub events: Vec<(String, EventFigures)>,
}

/// One function with one event.
pub struct EventFigures {
    /// From the event to the answer of a process that is started for it.
    pub firsts: Vec<Duration>,
    /// From the event to the answer of one that runs.
    pub warm: Vec<Duration>,
    /// CPU time of a warm request, in milliseconds.
    pub cpu_ms: f64,
    /// The most memory at one time, in KiB.
    pub peak_kib: u64,
}

impl Report {
    /// With nothing measured yet.
    pub fn new(requests: usize, starts: usize) -> Self {
        Self {
            requests,
            starts,
            functions: Vec::new(),
        }
    }

    /// One line a function and event.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<19} {:<17} {:>9} {:>8} {:>9} {:>9} {:>9} {:>8} {:>9} {:>6}\n",
            "function",
            "event",
            "zipped MB",
            "init ms",
            "first ms",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "peak MiB",
            "glibc",
        );
        for function in &self.functions {
            for (event, figures) in &function.events {
                // Writing to a String can't fail.
                let _ = writeln!(
                    text,
                    "{:<19} {:<17} {:>9.2} {:>8.1} {:>9.1} {:>9.2} {:>9.2} {:>8.2} {:>9.1} {:>6}",
                    function.function,
                    event,
                    function.zipped_bytes as f64 / 1e6,
                    percentile_ms(&function.starts, 50),
                    percentile_ms(&figures.firsts, 50),
                    percentile_ms(&figures.warm, 50),
                    percentile_ms(&figures.warm, 99),
                    figures.cpu_ms,
                    figures.peak_kib as f64 / 1024.0,
                    function.glibc,
                );
            }
        }
        let _ = write!(
            text,
            "init and first: the median of {} starts; p50, p99 and CPU: {} requests to a function that runs.",
            self.starts, self.requests
        );
        text
    }

    /// The same figures.
    pub fn json(&self) -> Result<String> {
        let functions: Vec<Value> = self.functions.iter().map(FunctionFigures::json).collect();
        let report = json!({ "starts": self.starts, "requests": self.requests, "functions": functions });
        serde_json::to_string_pretty(&report).context("could not write JSON")
    }
}

impl FunctionFigures {
    fn json(&self) -> Value {
        let event = |(name, figures): &(String, EventFigures)| {
            json!({
                "event": name,
                "first_ms": percentile_ms(&figures.firsts, 50),
                "warm_p50_ms": percentile_ms(&figures.warm, 50),
                "warm_p99_ms": percentile_ms(&figures.warm, 99),
                "warm_cpu_ms": figures.cpu_ms,
                "peak_kib": figures.peak_kib,
            })
        };
        json!({
            "function": self.function,
            "bootstrap_bytes": self.bootstrap_bytes,
            "zipped_bytes": self.zipped_bytes,
            "glibc": self.glibc,
            "init_ms": percentile_ms(&self.starts, 50),
            "events": self.events.iter().map(event).collect::<Vec<_>>(),
        })
    }
}

/// The time that so many of a hundred do not exceed, to a hundredth of a millisecond; 0 of none.
fn percentile_ms(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let time = sorted.get(rank - 1).copied().unwrap_or_default();
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert!((percentile_ms(&times, 50) - 100.0).abs() < 1e-9);
        assert!((percentile_ms(&times, 99) - 198.0).abs() < 1e-9);
        assert!((percentile_ms(&times[..1], 99) - 200.0).abs() < 1e-9);
        assert!(percentile_ms(&[], 50).abs() < 1e-9);
    }
}
