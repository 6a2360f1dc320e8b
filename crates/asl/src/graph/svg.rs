//! The SVG: boxes inside boxes, each machine laid out by itself, and the lines between them.

use std::fmt::Write;

use serde_json::Value;

use super::Highlight;
use super::layout::{Layout, Link, Rect, Size, arrange};
use super::model::{Edge, Kind, Line, Machine, Node};
use super::shapes::{self, escape};
use super::style::STYLE;

/// The room around the whole picture.
const MARGIN: f64 = 24.0;
/// How far before its box a line ends, under its head.
const HEAD: f64 = 6.0;
/// How round a line upwards turns its corners.
const BEND: f64 = 12.0;

/// Draws a definition as an SVG document, marking what an execution took.
///
/// ```
/// use asl::graph::{Highlight, svg};
///
/// let definition = serde_json::json!({"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}});
/// let picture = svg(&definition, &Highlight::none());
/// assert!(picture.starts_with("<svg ") && picture.contains("Greet"));
/// ```
#[must_use]
pub fn svg(definition: &Value, highlight: &Highlight) -> String {
    draw(definition, highlight, &format!("<style>{STYLE}</style>"))
}

/// Like [`svg()`], for a page that has [`STYLESHEET`](super::STYLESHEET) in its own style sheet: one whose content security
/// policy allows no style within the page.
#[must_use]
pub fn svg_without_style(definition: &Value, highlight: &Highlight) -> String {
    draw(definition, highlight, "")
}

fn draw(definition: &Value, highlight: &Highlight, style: &str) -> String {
    let machine = Machine::read(definition);
    let picture = Picture::of(&machine);
    let (width, height) = (
        picture.layout.width + 2.0 * MARGIN,
        picture.layout.height + 2.0 * MARGIN,
    );
    let start = definition
        .get("StartAt")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut out = String::with_capacity(16 * 1024);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"asl\" role=\"img\" \
         width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.1} {height:.1}\"><title>State machine that starts at {}</title>{style}\
         <rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"10\"/>",
        escape(start)
    );
    let mut pen = Pen { out, highlight };
    pen.machine(&machine, &picture, MARGIN, MARGIN);
    pen.out.push_str("</svg>\n");
    pen.out
}

/// A machine laid out, with the machines inside its boxes.
struct Picture {
    layout: Layout,
    inner: Vec<Vec<Picture>>,
}

impl Picture {
    fn of(machine: &Machine) -> Self {
        let inner: Vec<Vec<Picture>> = machine
            .nodes
            .iter()
            .map(|node| node.machines.iter().map(Picture::of).collect())
            .collect();
        let sizes: Vec<Size> = machine
            .nodes
            .iter()
            .zip(&inner)
            .map(|(node, inner)| match content_size(inner) {
                Some(content) => shapes::container_size(node, content),
                None => shapes::leaf_size(node),
            })
            .collect();
        let links: Vec<Link> = machine
            .edges
            .iter()
            .map(|edge| Link {
                from: edge.from,
                to: edge.to,
                line: edge.line,
                label: shapes::label_size(&edge.label),
            })
            .collect();
        let at = |kind: Kind| machine.nodes.iter().position(|node| node.kind == kind);
        Self {
            layout: arrange(&sizes, &links, at(Kind::Start), at(Kind::End)),
            inner,
        }
    }

    fn framed(&self) -> Size {
        Size {
            width: self.layout.width + 2.0 * shapes::FRAME,
            height: self.layout.height + 2.0 * shapes::FRAME,
        }
    }
}

/// The size of branches side by side.
fn content_size(inner: &[Picture]) -> Option<Size> {
    let frames: Vec<Size> = inner.iter().map(Picture::framed).collect();
    let height = frames.iter().map(|frame| frame.height).fold(0.0, f64::max);
    let width = frames.iter().map(|frame| frame.width + shapes::GAP).sum::<f64>() - shapes::GAP;
    (!inner.is_empty()).then_some(Size { width, height })
}

struct Pen<'h> {
    out: String,
    highlight: &'h Highlight,
}

impl Pen<'_> {
    fn machine(&mut self, machine: &Machine, picture: &Picture, x: f64, y: f64) {
        let _ = write!(self.out, "<g transform=\"translate({x:.1} {y:.1})\">");
        let taken: Vec<bool> = machine
            .edges
            .iter()
            .map(|edge| self.is_taken(machine, edge))
            .collect();
        for (index, _) in taken.iter().enumerate().filter(|(_, taken)| !**taken) {
            self.line(machine, &picture.layout, index, false);
        }
        for (index, _) in taken.iter().enumerate().filter(|(_, taken)| **taken) {
            self.line(machine, &picture.layout, index, true);
        }
        for (index, label) in picture.layout.labels.iter().enumerate() {
            if let Some(rect) = label {
                self.label(&machine.edges[index], rect, taken[index]);
            }
        }
        for (index, node) in machine.nodes.iter().enumerate() {
            self.node(node, &picture.layout.boxes[index], &picture.inner[index]);
        }
        self.out.push_str("</g>");
    }

    fn node(&mut self, node: &Node, rect: &Rect, inner: &[Picture]) {
        let _ = write!(
            self.out,
            "<g class=\"state {}{}\">",
            node.kind.word(),
            self.classes(node)
        );
        if !node.name.is_empty() {
            let detail = if node.detail.is_empty() {
                String::new()
            } else {
                format!(" ({})", node.detail)
            };
            let title = format!("{}: {}{detail}", node.kind.word(), node.name);
            let _ = write!(self.out, "<title>{}</title>", escape(&title));
        }
        shapes::draw(node, rect, &mut self.out);
        if let Some(content) = content_size(inner) {
            // A box may be wider than what it contains, for its name.
            let behind = if node.kind == Kind::Map {
                shapes::BEHIND
            } else {
                0.0
            };
            let mut x = rect.x + (rect.width - behind - content.width) / 2.0;
            let y = rect.y + shapes::HEADER;
            for (machine, picture) in node.machines.iter().zip(inner) {
                let frame = picture.framed();
                let _ = write!(
                    self.out,
                    "<g class=\"inner\">\
                     <rect class=\"frame\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"6\"/>",
                    frame.width, content.height
                );
                self.machine(machine, picture, x + shapes::FRAME, y + shapes::FRAME);
                self.out.push_str("</g>");
                x += frame.width + shapes::GAP;
            }
        }
        self.out.push_str("</g>");
    }

    fn classes(&self, node: &Node) -> &'static str {
        let highlight = self.highlight;
        if highlight.is_empty() || matches!(node.kind, Kind::Start | Kind::End) {
            ""
        } else if highlight.current.contains(&node.name) {
            " current"
        } else if highlight.failed.contains(&node.name) {
            " failed"
        } else if highlight.visited.contains(&node.name) {
            " visited"
        } else {
            " dim"
        }
    }

    /// Whether the execution took a line. The lines from the start and to the end follow from the states there.
    fn is_taken(&self, machine: &Machine, edge: &Edge) -> bool {
        let highlight = self.highlight;
        let (from, to) = (&machine.nodes[edge.from], &machine.nodes[edge.to]);
        match (from.kind, to.kind) {
            (Kind::Start, _) => highlight.visited.contains(&to.name),
            (_, Kind::End) => {
                highlight.current.is_empty()
                    && highlight.visited.contains(&from.name)
                    && !highlight.failed.contains(&from.name)
            }
            _ => {
                highlight.taken.contains(&(from.name.clone(), to.name.clone()))
                    && self.is_the_way(machine, edge)
            }
        }
    }

    /// Whether it is this of several lines between two states that was taken: the rule that held, or the way that a
    /// failed state goes.
    fn is_the_way(&self, machine: &Machine, edge: &Edge) -> bool {
        let from = &machine.nodes[edge.from].name;
        if let Some(rule) = edge.rule {
            let known = self.highlight.rules.get(from);
            return known.is_none_or(|rules| rules.contains(&rule));
        }
        let has_others = machine
            .edges
            .iter()
            .any(|other| (other.from, other.to) == (edge.from, edge.to) && other.line != edge.line);
        !has_others || self.highlight.failed.contains(from) == (edge.line == Line::Catch)
    }

    fn label(&mut self, edge: &Edge, rect: &Rect, taken: bool) {
        let catch = if edge.line == Line::Catch { " catch" } else { "" };
        let dim = if !taken && !self.highlight.is_empty() {
            " dim"
        } else {
            ""
        };
        let _ = write!(
            self.out,
            "<g class=\"label{catch}{dim}\"><title>{}</title>\
             <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></g>",
            escape(&edge.label),
            rect.x,
            rect.y,
            rect.width,
            rect.height,
            rect.centre(),
            rect.middle() + 4.0,
            escape(&shapes::shown_label(&edge.label))
        );
    }

    /// Draws a line. One that is not taken is drawn up to where it joins another; one that is, as a whole.
    fn line(&mut self, machine: &Machine, layout: &Layout, index: usize, taken: bool) {
        let edge = &machine.edges[index];
        let (from, to) = (&layout.boxes[edge.from], &layout.boxes[edge.to]);
        let route = &layout.routes[index];
        let mut class = String::new();
        for (word, applies) in [
            (" catch", edge.line == Line::Catch),
            (" taken", taken),
            (" dim", !taken && !self.highlight.is_empty()),
        ] {
            if applies {
                class.push_str(word);
            }
        }
        if route.is_back {
            self.back_line(from, to, &route.passes, &class);
            return;
        }
        let own = if taken { route.passes.len() } else { route.own };
        let arrives = own == route.passes.len();
        let start = from.centre() + out_port(machine, layout, index);
        let mut path = format!(
            "M{start:.1} {:.1}V{:.1}",
            from.bottom(),
            layout.bands[edge.from].1
        );
        let mut here = (start, layout.bands[edge.from].1);
        for (index, pass) in route.passes[..own].iter().enumerate() {
            curve(&mut path, here, (pass.centre(), pass.y));
            here = (pass.centre(), pass.y);
            // A line that joins another stops where they meet.
            if arrives || index + 1 < own {
                here.1 = pass.bottom();
                let _ = write!(path, "V{:.1}", here.1);
            }
        }
        if arrives {
            let (x, y) = (to.centre() + in_port(machine, edge, to), to.y);
            curve(&mut path, here, (x, layout.bands[edge.to].0.min(y - HEAD)));
            let _ = write!(path, "V{:.1}", y - HEAD);
            let _ = write!(
                self.out,
                "<path class=\"head{class}\" d=\"M{x:.1} {y:.1}l-4.5 -8.5h9z\"/>"
            );
        }
        let _ = write!(self.out, "<path class=\"line{class}\" d=\"{path}\"/>");
    }

    /// Draws a line that goes back up, or to its own box.
    fn back_line(&mut self, from: &Rect, to: &Rect, passes: &[Rect], class: &str) {
        let (Some(first), Some(last)) = (passes.first(), passes.last()) else {
            return;
        };
        let own_box = passes.len() == 1;
        // Around its own box, it leaves above the middle and comes back below.
        let (leave, arrive) = if own_box {
            (from.middle() - 9.0, to.middle() + 9.0)
        } else {
            (from.middle(), to.middle())
        };
        let up = if own_box { 1.0 } else { -1.0 };
        let (start, end) = (first.x + BEND, last.x + BEND);
        let mut path = format!(
            "M{:.1} {leave:.1}H{:.1}Q{start:.1} {leave:.1} {start:.1} {:.1}",
            from.right(),
            start - BEND,
            leave + up * BEND.min(9.0)
        );
        let mut here = (start, first.y);
        for pass in &passes[1..] {
            let _ = write!(path, "V{:.1}", here.1);
            curve(&mut path, here, (pass.x + BEND, pass.bottom()));
            here = (pass.x + BEND, pass.y);
        }
        let tip = to.right();
        let _ = write!(
            path,
            "V{:.1}Q{end:.1} {arrive:.1} {:.1} {arrive:.1}H{:.1}",
            arrive - up * BEND.min(9.0),
            end - BEND,
            tip + HEAD
        );
        let _ = write!(
            self.out,
            "<path class=\"line{class}\" d=\"{path}\"/>\
             <path class=\"head{class}\" d=\"M{tip:.1} {arrive:.1}l8.5 -4.5v9z\"/>"
        );
    }
}

/// A curve that leaves and arrives vertically.
fn curve(path: &mut String, from: (f64, f64), to: (f64, f64)) {
    let bend = (to.1 - from.1) / 2.0;
    let _ = write!(
        path,
        "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        from.0,
        from.1 + bend,
        to.0,
        to.1 - bend,
        to.0,
        to.1
    );
}

/// Where a line leaves its box, from the middle: the rules of a Choice side by side as they go on, errors to the right.
#[expect(clippy::cast_precision_loss, reason = "a box has few lines")]
fn out_port(machine: &Machine, layout: &Layout, index: usize) -> f64 {
    let edge = &machine.edges[index];
    let width = layout.boxes[edge.from].width;
    let towards = |other: usize| {
        let passes = &layout.routes[other].passes;
        passes
            .first()
            .unwrap_or(&layout.boxes[machine.edges[other].to])
            .centre()
    };
    let group = |line: Line| {
        if line == Line::Catch {
            Line::Catch
        } else {
            Line::Next
        }
    };
    let mut together: Vec<usize> = (0..machine.edges.len())
        .filter(|other| {
            let other_edge = &machine.edges[*other];
            other_edge.from == edge.from
                && group(other_edge.line) == group(edge.line)
                && !layout.routes[*other].is_back
        })
        .collect();
    together.sort_by(|left, right| towards(*left).total_cmp(&towards(*right)));
    let place = together.iter().position(|other| *other == index).unwrap_or(0) as f64;
    let spread = place - (together.len().saturating_sub(1)) as f64 / 2.0;
    if edge.line == Line::Catch {
        return width * 0.32 + spread * 10.0;
    }
    spread * (width * 0.5 / together.len() as f64).min(44.0)
}

/// Where a line arrives, from the middle: errors to the right of the others.
fn in_port(machine: &Machine, edge: &Edge, to: &Rect) -> f64 {
    let others = machine
        .edges
        .iter()
        .any(|other| other.to == edge.to && other.line != Line::Catch);
    if edge.line == Line::Catch && others {
        to.width * 0.28
    } else {
        0.0
    }
}
