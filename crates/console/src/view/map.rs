//! The service map as SVG: parts in columns from the caller to the called, and the calls between them.

use std::collections::HashMap;
use std::fmt::Write;

use maud::{Markup, html};
use ports::observability::{ServiceEdge, ServiceFigures, ServiceKind, ServiceMap, ServiceNode};

use super::parts::empty;
use super::text::{count, duration_ms};

const NODE: (f64, f64) = (178.0, 58.0);
const GAP: (f64, f64) = (64.0, 22.0);
const MARGIN: f64 = 14.0;

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    x: f64,
    y: f64,
}

/// The map, and the same as a table.
pub(crate) fn service_map(map: &ServiceMap) -> Markup {
    if map.nodes.is_empty() {
        return empty(
            "No calls yet",
            "The parts of the system appear here as soon as they call each other.",
        );
    }
    let (places, width, height) = arrange(map);
    html! {
        div.map tabindex="0" role="region" aria-label="Service map" {
            svg role="img" aria-label="Which part calls which" width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
                @for edge in &map.edges {
                    @if let (Some(from), Some(to)) = (places.get(edge.from.as_str()), places.get(edge.to.as_str())) {
                        (line(edge, *from, *to))
                    }
                }
                @for node in &map.nodes {
                    @if let Some(place) = places.get(node.name.as_str()) { (part(node, *place)) }
                }
            }
        }
        details.as-table { summary { "As a table" } (table(map)) }
    }
}

/// The least number of calls that lead to each part from one that nobody calls. A part that only circles lead to stands
/// with those.
fn columns(map: &ServiceMap) -> HashMap<&str, usize> {
    let is_called = |name: &str| map.edges.iter().any(|edge| edge.to == name && edge.from != name);
    let mut columns: HashMap<&str, usize> = HashMap::new();
    for node in map.nodes.iter().filter(|node| !is_called(&node.name)) {
        columns.insert(&node.name, 0);
    }
    // Each round reaches at least one part more, or is the last.
    for _ in &map.nodes {
        for edge in &map.edges {
            let Some(from) = columns.get(edge.from.as_str()).copied() else {
                continue;
            };
            let to = columns.entry(&edge.to).or_insert(usize::MAX);
            *to = (*to).min(from + 1);
        }
    }
    columns
}

/// Within a column parts stand in the map's order.
fn arrange(map: &ServiceMap) -> (HashMap<&str, Place>, f64, f64) {
    let columns = columns(map);
    let mut rows: Vec<usize> = Vec::new();
    let mut cells: Vec<(&str, usize, usize)> = Vec::new();
    for node in &map.nodes {
        let column = columns.get(node.name.as_str()).copied().unwrap_or(0);
        if rows.len() <= column {
            rows.resize(column + 1, 0);
        }
        cells.push((&node.name, column, rows[column]));
        rows[column] += 1;
    }
    let most = rows.iter().copied().max().unwrap_or(1);
    let pitch = (NODE.0 + GAP.0, NODE.1 + GAP.1);
    let places = cells.into_iter().map(|(name, column, row)| {
        // Short columns stand in the middle.
        let above = (most - rows[column]) as f64 / 2.0;
        let place = Place {
            x: MARGIN + column as f64 * pitch.0,
            y: MARGIN + (row as f64 + above) * pitch.1,
        };
        (name, place)
    });
    let width = 2.0 * MARGIN + rows.len() as f64 * pitch.0 - GAP.0;
    let height = 2.0 * MARGIN + most as f64 * pitch.1 - GAP.1;
    (places.collect(), width, height)
}

fn tone(figures: &ServiceFigures) -> &'static str {
    match figures.failure_rate {
        rate if rate >= 0.05 => "bad",
        rate if rate > 0.0 => "warn",
        _ => "good",
    }
}

fn line(edge: &ServiceEdge, from: Place, to: Place) -> Markup {
    let (start, end) = (
        (from.x + NODE.0, from.y + NODE.1 / 2.0),
        (to.x, to.y + NODE.1 / 2.0),
    );
    let mut path = String::new();
    // Writing to a String cannot fail.
    let _ = if end.0 > start.0 {
        let bend = (end.0 - start.0) / 2.0;
        write!(
            path,
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            start.0,
            start.1,
            start.0 + bend,
            start.1,
            end.0 - bend,
            end.1,
            end.0 - 6.0,
            end.1
        )
    } else {
        // Back to an earlier part: around below.
        let (from_x, to_x) = (from.x + NODE.0 / 2.0, to.x + NODE.0 / 2.0);
        let (from_y, to_y) = (from.y + NODE.1, to.y + NODE.1 + 6.0);
        let low = from_y.max(to_y) + 26.0;
        write!(
            path,
            "M{from_x:.1} {from_y:.1}C{from_x:.1} {low:.1} {to_x:.1} {low:.1} {to_x:.1} {to_y:.1}"
        )
    };
    let title = format!("{} → {}: {}", edge.from, edge.to, sentence(&edge.figures));
    html! {
        g class={ "edge " (tone(&edge.figures)) } {
            title { (title) }
            path.line d=(path) {}
            @if end.0 > start.0 {
                path.head d=(format!("M{:.1} {:.1}l-8 -4v8z", end.0, end.1)) {}
                text x=(format!("{:.1}", (start.0 + end.0) / 2.0)) y=(format!("{:.1}", (start.1 + end.1) / 2.0 - 5.0))
                    text-anchor="middle" { (rate(&edge.figures)) }
            } @else {
                path.head d=(format!("M{:.1} {:.1}l-4 8h8z", to.x + NODE.0 / 2.0, to.y + NODE.1)) {}
            }
        }
    }
}

fn part(node: &ServiceNode, place: Place) -> Markup {
    let name: String = if node.name.chars().count() > 21 {
        node.name.chars().take(20).chain(['…']).collect()
    } else {
        node.name.clone()
    };
    let detail = match node.figures.failures {
        0 => ms(node.figures.p50_ms),
        _ => format!("{:.1} % failed", node.figures.failure_rate * 100.0),
    };
    html! {
        g class={ "part " (tone(&node.figures)) } transform=(format!("translate({:.1} {:.1})", place.x, place.y)) {
            title { (node.name) ": " (sentence(&node.figures)) }
            rect.box width=(NODE.0) height=(NODE.1) rx="8" {}
            rect.edge-mark width="4" height=(NODE.1 - 16.0) x="7" y="8" rx="2" {}
            text.kind x="20" y="17" { (kind(node.kind)) }
            text.name x="20" y="33" { (name) }
            text.detail x="20" y="49" { (rate(&node.figures)) " · " (detail) }
        }
    }
}

fn kind(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Client => "CLIENT",
        ServiceKind::Api => "API",
        ServiceKind::Function => "FUNCTION",
        ServiceKind::Table => "TABLE",
        ServiceKind::Stream => "STREAM",
        ServiceKind::Queue => "QUEUE",
        ServiceKind::Topic => "TOPIC",
        ServiceKind::StateMachine => "WORKFLOW",
        ServiceKind::External => "OUTSIDE",
    }
}

/// `12/s`, `0.3/s`, `4/min`.
fn rate(figures: &ServiceFigures) -> String {
    match figures.calls_per_s {
        rate if rate >= 10.0 => format!("{rate:.0}/s"),
        rate if rate >= 0.1 => format!("{rate:.1}/s"),
        rate => format!("{:.1}/min", rate * 60.0),
    }
}

fn ms(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms => duration_ms(ms.round() as i64),
    }
}

fn sentence(figures: &ServiceFigures) -> String {
    format!(
        "{} calls, {} failed; half within {}, 99 % within {}",
        count(figures.calls),
        count(figures.failures),
        ms(figures.p50_ms),
        ms(figures.p99_ms)
    )
}

fn table(map: &ServiceMap) -> Markup {
    html! {
        div.scroll.low tabindex="0" role="region" aria-label="Calls" {
            table.rows.dense {
                thead { tr {
                    th scope="col" { "From" } th scope="col" { "To" } th.num scope="col" { "Calls" } th.num scope="col" { "Failed" }
                    th.num scope="col" { "p50" } th.num scope="col" { "p99" }
                } }
                tbody { @for edge in &map.edges {
                    tr {
                        td { (edge.from) } td { (edge.to) } td.num { (count(edge.figures.calls)) }
                        td.num { (count(edge.figures.failures)) } td.num { (ms(edge.figures.p50_ms)) }
                        td.num { (ms(edge.figures.p99_ms)) }
                    }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use ports::observability::{ServiceEdge, ServiceFigures, ServiceKind, ServiceMap, ServiceNode};

    use super::{arrange, service_map};

    fn map(nodes: &[&str], edges: &[(&str, &str)]) -> ServiceMap {
        ServiceMap {
            from: Timestamp::from_ms(0),
            to: Timestamp::from_ms(1),
            nodes: nodes
                .iter()
                .map(|name| ServiceNode {
                    name: (*name).to_owned(),
                    kind: ServiceKind::Function,
                    figures: ServiceFigures::default(),
                })
                .collect(),
            edges: edges
                .iter()
                .map(|(from, to)| ServiceEdge {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    figures: ServiceFigures::default(),
                })
                .collect(),
        }
    }

    #[test]
    fn callers_stand_left_of_what_they_call_even_in_a_circle() {
        let map = map(
            &["client", "a", "b", "c"],
            &[("client", "a"), ("a", "b"), ("b", "c"), ("c", "a")],
        );
        let (places, ..) = arrange(&map);
        let across: Vec<f64> = map
            .nodes
            .iter()
            .map(|node| places[node.name.as_str()].x)
            .collect();
        assert!(across.is_sorted_by(|a, b| a < b), "{across:?}");
        let svg = service_map(&map).into_string();
        assert_eq!(svg.matches("class=\"edge good\"").count(), 4);
    }

    #[test]
    fn names_are_escaped() {
        let svg = service_map(&map(&["<b>"], &[])).into_string();
        assert!(!svg.contains("<b>") && svg.contains("&lt;b&gt;"), "{svg}");
    }
}
