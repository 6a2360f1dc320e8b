//! The service map, made of the figures that are counted for every call between two parts.

use std::collections::BTreeMap;

use domain::Timestamp;
use ports::metrics::Distribution;
use ports::observability::{Series, ServiceEdge, ServiceFigures, ServiceKind, ServiceMap, ServiceNode};

use super::history::Values;

/// The metrics that it is made of.
pub(super) const LATENCY: &str = "ServiceLatency";
pub(super) const FAILURES: &str = "ServiceFailures";

#[derive(Default)]
struct Calls {
    latency: Distribution,
    failures: u64,
}

impl Calls {
    fn add(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.failures += other.failures;
    }

    fn figures(&self, seconds: f64) -> ServiceFigures {
        let calls = self.latency.count;
        ServiceFigures {
            calls,
            calls_per_s: calls as f64 / seconds.max(1.0),
            failures: self.failures,
            failure_rate: if calls > 0 {
                self.failures as f64 / calls as f64
            } else {
                0.0
            },
            average_ms: self.latency.average().unwrap_or(0.0),
            p50_ms: self.latency.percentile(50.0).unwrap_or(0.0),
            p99_ms: self.latency.percentile(99.0).unwrap_or(0.0),
        }
    }
}

type Part = (ServiceKind, String);

/// Makes the map of `[from, to)`.
pub(super) fn draw(
    from: Timestamp,
    to: Timestamp,
    latencies: Vec<Values>,
    failures: Vec<Values>,
) -> ServiceMap {
    let mut edges: BTreeMap<(Part, Part), Calls> = BTreeMap::new();
    for (series, values) in latencies {
        if let Some(pair) = pair(&series) {
            let calls = edges.entry(pair).or_default();
            values.iter().for_each(|(_, values)| calls.latency.merge(values));
        }
    }
    for (series, values) in failures {
        if let Some(calls) = pair(&series).and_then(|pair| edges.get_mut(&pair)) {
            calls.failures += values.iter().map(|(_, values)| values.count).sum::<u64>();
        }
    }
    edges.retain(|_, calls| calls.latency.count > 0);
    let seconds = (to.as_ms() - from.as_ms()) as f64 / 1_000.0;
    let mut nodes: BTreeMap<Part, Calls> = BTreeMap::new();
    for ((caller, called), calls) in &edges {
        nodes.entry(caller.clone()).or_default();
        nodes.entry(called.clone()).or_default().add(calls);
    }
    ServiceMap {
        from,
        to,
        nodes: nodes
            .into_iter()
            .map(|((kind, name), calls)| ServiceNode {
                name,
                kind,
                figures: calls.figures(seconds),
            })
            .collect(),
        edges: edges
            .into_iter()
            .map(|(((_, from), (_, to)), calls)| ServiceEdge {
                from,
                to,
                figures: calls.figures(seconds),
            })
            .collect(),
    }
}

fn pair(series: &Series) -> Option<(Part, Part)> {
    let of = |name: &str| {
        series
            .dimensions
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let part = |name: &str, kind: &str| Some((ServiceKind::parse(&of(kind)?)?, of(name)?));
    Some((part("From", "FromKind")?, part("To", "ToKind")?))
}
