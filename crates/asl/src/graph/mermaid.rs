//! The same picture as a Mermaid flowchart, for pages that draw those themselves.

use std::fmt::Write;

use serde_json::Value;

use super::measure::cut;
use super::model::{Kind, Line, Machine, Node};

/// How many characters of a label are written.
const MAX_LABEL: usize = 60;

/// Writes a definition as a [Mermaid](https://mermaid.js.org) flowchart.
///
/// ```
/// let definition = serde_json::json!({"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}});
/// let chart = asl::graph::mermaid(&definition);
/// assert!(chart.starts_with("flowchart TD\n") && chart.contains("s0[\"Greet\"]:::pass"));
/// ```
#[must_use]
pub fn mermaid(definition: &Value) -> String {
    let mut chart = Chart {
        out: String::from("flowchart TD\n"),
        nodes: 0,
        links: 0,
        caught: Vec::new(),
    };
    chart.machine(&Machine::read(definition), 1);
    for (class, style) in [
        ("task", "stroke:#2563eb"),
        ("pass", "stroke:#64748b"),
        ("choice", "stroke:#b45309"),
        ("wait", "stroke:#7c3aed"),
        ("succeed", "stroke:#15803d"),
        ("fail", "stroke:#b91c1c"),
        ("unknown", "stroke:#9f1239,stroke-dasharray:4"),
    ] {
        chart.line(1, &format!("classDef {class} {style}"));
    }
    if !chart.caught.is_empty() {
        let caught: Vec<String> = chart.caught.iter().map(usize::to_string).collect();
        chart.line(1, &format!("linkStyle {} stroke:#d9463f", caught.join(",")));
    }
    chart.out
}

struct Chart {
    out: String,
    nodes: usize,
    links: usize,
    /// The numbers of the links that errors take.
    caught: Vec<usize>,
}

impl Chart {
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{:width$}{text}", "", width = depth * 2);
    }

    fn machine(&mut self, machine: &Machine, depth: usize) {
        let ids: Vec<String> = machine.nodes.iter().map(|node| self.node(node, depth)).collect();
        for edge in &machine.edges {
            let arrow = match (edge.line, edge.label.is_empty()) {
                (Line::Catch, true) => " -.-> ".to_owned(),
                (Line::Catch, false) => format!(" -.->|\"{}\"| ", escape(&cut(&edge.label, MAX_LABEL))),
                (Line::Next | Line::Choice, true) => " --> ".to_owned(),
                (Line::Next | Line::Choice, false) => {
                    format!(" -->|\"{}\"| ", escape(&cut(&edge.label, MAX_LABEL)))
                }
            };
            self.line(depth, &format!("{}{arrow}{}", ids[edge.from], ids[edge.to]));
            if edge.line == Line::Catch {
                self.caught.push(self.links);
            }
            self.links += 1;
        }
    }

    fn node(&mut self, node: &Node, depth: usize) -> String {
        let id = format!("s{}", self.nodes);
        self.nodes += 1;
        if !node.machines.is_empty() {
            self.line(depth, &format!("subgraph {id} [\"{}\"]", text(node)));
            for (index, machine) in node.machines.iter().enumerate() {
                if node.kind == Kind::Map {
                    self.machine(machine, depth + 1);
                } else {
                    self.line(depth + 1, &format!("subgraph {id}b{index} [\" \"]"));
                    self.machine(machine, depth + 2);
                    self.line(depth + 1, "end");
                }
            }
            self.line(depth, "end");
            return id;
        }
        let (open, close) = match node.kind {
            Kind::Start => ("((", "))"),
            Kind::End => ("(((", ")))"),
            Kind::Choice => ("{{", "}}"),
            Kind::Wait | Kind::Succeed => ("([", "])"),
            Kind::Fail => ("[/", "/]"),
            Kind::Pass | Kind::Task | Kind::Parallel | Kind::Map | Kind::Unknown => ("[", "]"),
        };
        let class = match node.kind {
            Kind::Start | Kind::End | Kind::Parallel | Kind::Map => String::new(),
            kind => format!(":::{}", kind.word()),
        };
        self.line(depth, &format!("{id}{open}\"{}\"{close}{class}", text(node)));
        id
    }
}

fn text(node: &Node) -> String {
    match (node.kind, node.detail.is_empty()) {
        (Kind::Start | Kind::End, _) => " ".to_owned(),
        (_, true) => escape(&node.name),
        (_, false) => format!(
            "{}<br/><small>{}</small>",
            escape(&node.name),
            escape(&cut(&node.detail, MAX_LABEL))
        ),
    }
}

/// A text that means nothing to Mermaid or HTML.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => safe.push_str("#quot;"),
            '#' => safe.push_str("#35;"),
            '&' => safe.push_str("#amp;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '`' | '\\' => {
                let _ = write!(safe, "#{};", u32::from(c));
            }
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
