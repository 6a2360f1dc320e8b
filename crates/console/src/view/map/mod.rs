//! The service map as SVG: the parts of the system with what they do and how well, and the calls between them.

mod labels;
mod layout;
mod route;

use maud::{Markup, html};
use ports::observability::{ServiceEdge, ServiceFigures, ServiceKind, ServiceMap, ServiceNode};

use self::labels::Labels;
use self::layout::{Place, Shape, arrange};
use self::route::{Route, route};
use super::parts::empty;
use super::text::{count, duration_ms};

/// As wide as a page.
const WIDE: Shape = Shape {
    columns: 5,
    node: (192.0, 60.0),
    gap: (40.0, 20.0),
    letters: 22,
    lines: 1,
};
/// As wide as a phone.
const NARROW: Shape = Shape {
    columns: 2,
    node: (144.0, 74.0),
    gap: (24.0, 20.0),
    letters: 17,
    lines: 2,
};

/// The map, drawn for wide and for narrow windows, and the same as a table.
pub(crate) fn service_map(map: &ServiceMap) -> Markup {
    if map.nodes.is_empty() {
        return empty(
            "No calls yet",
            "The parts of the system appear here as soon as they call each other.",
        );
    }
    html! {
        div.map tabindex="0" role="region" aria-label="Service map" {
            (picture(map, WIDE, "wide"))
            (picture(map, NARROW, "narrow"))
        }
        details.as-table { summary { "As a table" } (table(map)) }
    }
}

/// The style sheet shows the one that fits.
fn picture(map: &ServiceMap, shape: Shape, class: &str) -> Markup {
    let layout = arrange(map, shape);
    let places = &layout.places;
    let mut labels = Labels::new(places.values(), shape, layout.width);
    html! {
        svg class=(class) role="img" aria-label="Which part calls which" width=(layout.width) height=(layout.height)
            viewBox={ "0 0 " (layout.width) " " (layout.height) } {
            @for edge in &map.edges {
                @if let (Some(from), Some(to)) = (places.get(edge.from.as_str()), places.get(edge.to.as_str())) {
                    (line(edge, &route(*from, *to, places.values(), shape), &mut labels))
                }
            }
            @for node in &map.nodes {
                @if let Some(place) = places.get(node.name.as_str()) { (part(map, node, *place, shape)) }
            }
        }
    }
}

fn tone(figures: &ServiceFigures) -> &'static str {
    match figures.failure_rate {
        rate if rate >= 0.05 => "bad",
        rate if rate > 0.0 => "warn",
        _ => "good",
    }
}

fn line(edge: &ServiceEdge, route: &Route, labels: &mut Labels) -> Markup {
    let rate = rate(edge.figures.calls_per_s);
    let title = format!("{} → {}: {}", edge.from, edge.to, sentence(&edge.figures));
    html! {
        g class={ "edge " (tone(&edge.figures)) } {
            title { (title) }
            path.line d=(route.line) {}
            path.head d=(route.head) {}
            @if let Some((x, y)) = labels.find(&rate, route.label) {
                text x=(format!("{x:.1}")) y=(format!("{y:.1}")) text-anchor="middle" { (rate) }
            }
        }
    }
}

fn part(map: &ServiceMap, node: &ServiceNode, place: Place, shape: Shape) -> Markup {
    let lines = name_lines(shown_name(node), shape);
    let below = 18.0 + 15.0 * lines.len() as f64;
    html! {
        g class={ "part " (tone(&node.figures)) } transform=(format!("translate({:.1} {:.1})", place.x, place.y)) {
            title { (node.name) ": " (sentence(&node.figures)) }
            rect.box width=(shape.node.0) height=(shape.node.1) rx="8" {}
            rect.edge-mark width="3" height=(shape.node.1 - 18.0) x="8" y="9" rx="1.5" {}
            text.kind x="19" y="18" { (kind(node.kind)) }
            @for (number, text) in lines.iter().enumerate() {
                text.name x="19" y=(33.0 + 15.0 * number as f64) { (text) }
            }
            text.detail x="19" y=(below + 16.0) { (detail(map, node)) }
        }
    }
}

/// What it does and how well. Who only calls has no figures of its own but those of its calls.
fn detail(map: &ServiceMap, node: &ServiceNode) -> String {
    let figures = &node.figures;
    if figures.calls == 0 {
        let calls = map.edges.iter().filter(|edge| edge.from == node.name);
        return rate(calls.map(|edge| edge.figures.calls_per_s).sum());
    }
    let detail = match figures.failures {
        0 => ms(figures.p50_ms),
        _ => format!("{} failed", percent(figures.failure_rate)),
    };
    format!("{} · {detail}", rate(figures.calls_per_s))
}

/// Its kind stands above its name and need not be said twice.
fn shown_name(node: &ServiceNode) -> &str {
    match node.kind {
        ServiceKind::StateMachine => node.name.strip_suffix(" workflow").unwrap_or(&node.name),
        ServiceKind::Client
        | ServiceKind::Api
        | ServiceKind::Function
        | ServiceKind::Table
        | ServiceKind::Stream
        | ServiceKind::Queue
        | ServiceKind::Topic
        | ServiceKind::External => &node.name,
    }
}

/// A name in the lines that there are for it, broken where a word of it begins.
fn name_lines(name: &str, shape: Shape) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut lines = Vec::new();
    let mut rest = letters.as_slice();
    while rest.len() > shape.letters && lines.len() + 1 < shape.lines {
        let begins = |at: &usize| rest[*at].is_uppercase() || matches!(rest[*at - 1], '-' | ' ' | '_' | '.');
        let at = (1..=shape.letters).rev().find(begins).unwrap_or(shape.letters);
        lines.push(rest[..at].iter().collect());
        rest = &rest[at..];
    }
    lines.push(match rest.len() > shape.letters {
        true => rest[..shape.letters - 1].iter().chain(&['…']).collect(),
        false => rest.iter().collect(),
    });
    lines
}

/// `1.8 %`, `12 %`.
fn percent(rate: f64) -> String {
    match rate * 100.0 {
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
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

/// `12/s`, `0.3/s`, `4/min`, `0.5/min`.
fn rate(calls_per_s: f64) -> String {
    match calls_per_s {
        rate if rate >= 10.0 => format!("{rate:.0}/s"),
        rate if rate >= 0.1 => format!("{rate:.1}/s"),
        rate if rate * 60.0 >= 1.0 => format!("{:.0}/min", rate * 60.0),
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

    use super::{NARROW, WIDE, arrange, name_lines, service_map};

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
    fn callers_stand_before_what_they_call_even_in_a_circle() {
        let map = map(
            &["client", "a", "b", "c"],
            &[("client", "a"), ("a", "b"), ("b", "c"), ("c", "a")],
        );
        let layout = arrange(&map, WIDE);
        let across: Vec<f64> = map
            .nodes
            .iter()
            .map(|node| layout.places[node.name.as_str()].x)
            .collect();
        assert!(across.is_sorted_by(|a, b| a < b), "{across:?}");
        let svg = service_map(&map).into_string();
        assert_eq!(svg.matches("class=\"edge good\"").count(), 2 * 4);
    }

    #[test]
    fn a_long_way_folds_and_the_main_way_stands_on_top() {
        let map = map(
            &["table", "a", "b", "c", "d"],
            &[("a", "table"), ("a", "b"), ("b", "c"), ("c", "d")],
        );
        let places = arrange(&map, NARROW).places;
        let stands = |name: &str| {
            let place = places[name];
            (place.band, place.column, place.row)
        };
        assert_eq!(
            ["a", "b", "table", "c", "d"].map(stands),
            [(0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 1, 0), (1, 0, 0)]
        );
    }

    #[test]
    fn parts_do_not_overlap() {
        let names: Vec<String> = (0..30).map(|number| format!("part-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let edges: Vec<_> = (1..30).map(|at| (names[at / 2], names[at])).collect();
        let map = map(&names, &edges);
        for shape in [WIDE, NARROW] {
            let layout = arrange(&map, shape);
            for (name, place) in &layout.places {
                assert!(place.x + shape.node.0 <= layout.width && place.y + shape.node.1 <= layout.height);
                let apart = |other: &super::Place| {
                    (place.x - other.x).abs() >= shape.node.0 || (place.y - other.y).abs() >= shape.node.1
                };
                assert!(
                    layout.places.iter().all(|(other, at)| other == name || apart(at)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn names_are_broken_between_words_or_cut() {
        for (name, wide, narrow) in [
            ("email", vec!["email"], vec!["email"]),
            (
                "OrderNotificationTopic",
                vec!["OrderNotificationTopic"],
                vec!["OrderNotification", "Topic"],
            ),
            (
                "order-processing",
                vec!["order-processing"],
                vec!["order-processing"],
            ),
            (
                "abcdefghijklmnopqrstuvwxyz",
                vec!["abcdefghijklmnopqrstu…"],
                vec!["abcdefghijklmnopq", "rstuvwxyz"],
            ),
        ] {
            assert_eq!(
                (name_lines(name, WIDE), name_lines(name, NARROW)),
                (
                    wide.into_iter().map(str::to_owned).collect(),
                    narrow.into_iter().map(str::to_owned).collect()
                )
            );
        }
    }

    #[test]
    fn names_are_escaped() {
        let svg = service_map(&map(&["<b>"], &[])).into_string();
        assert!(!svg.contains("<b>") && svg.contains("&lt;b&gt;"), "{svg}");
    }
}
