//! The boxes: how large each is, and its outline.

use std::fmt::Write;

use super::layout::{Rect, Size};
use super::measure::{cut, width};
use super::model::{Kind, Node};

/// The room around what a Parallel or Map state contains, and above it for its name.
pub(super) const PADDING: f64 = 14.0;
pub(super) const HEADER: f64 = 40.0;
/// The room inside the frame of one branch, and between two frames.
pub(super) const FRAME: f64 = 16.0;
pub(super) const GAP: f64 = 14.0;
/// How far the sheet behind a Map stands out: it is gone through many times.
pub(super) const BEHIND: f64 = 5.0;

const MAX_NAME: usize = 36;
const MAX_DETAIL: usize = 40;
const MAX_LABEL: usize = 44;
const NAME_SIZE: f64 = 13.0;
const DETAIL_SIZE: f64 = 11.0;
/// How much wider a bold text is.
const BOLD: f64 = 1.1;

/// A text that is safe in XML: escaped, and without characters that XML does not have.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' | '\r' => safe.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

pub(super) fn shown_label(label: &str) -> String {
    cut(label, MAX_LABEL)
}

/// The size of a line's label.
pub(super) fn label_size(label: &str) -> Option<Size> {
    (!label.is_empty()).then(|| Size {
        width: width(&shown_label(label), DETAIL_SIZE) + 12.0,
        height: 18.0,
    })
}

/// The width that a box needs for its texts.
fn text_width(node: &Node) -> f64 {
    let name = width(&cut(&node.name, MAX_NAME), NAME_SIZE * BOLD);
    name.max(width(&cut(&node.detail, MAX_DETAIL), DETAIL_SIZE))
}

/// The size of a box that contains nothing.
pub(super) fn leaf_size(node: &Node) -> Size {
    let height = if node.detail.is_empty() { 40.0 } else { 52.0 };
    match node.kind {
        Kind::Start => Size {
            width: 18.0,
            height: 18.0,
        },
        Kind::End => Size {
            width: 22.0,
            height: 22.0,
        },
        Kind::Choice => Size {
            width: (text_width(node) + 56.0).max(110.0),
            height,
        },
        _ => Size {
            width: (text_width(node) + 40.0).max(100.0),
            height,
        },
    }
}

/// The size of a box around content of this size.
pub(super) fn container_size(node: &Node, content: Size) -> Size {
    let header =
        width(&cut(&node.name, MAX_NAME), NAME_SIZE * BOLD) + width(&caption(node), DETAIL_SIZE) + 60.0;
    let behind = if node.kind == Kind::Map { BEHIND } else { 0.0 };
    Size {
        width: (content.width + 2.0 * PADDING).max(header) + behind,
        height: content.height + HEADER + PADDING + behind,
    }
}

fn caption(node: &Node) -> String {
    match node.kind {
        Kind::Parallel => "in parallel".to_owned(),
        _ => cut(&node.detail, MAX_DETAIL),
    }
}

/// Draws a box and its texts, but not what it contains.
pub(super) fn draw(node: &Node, rect: &Rect, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = match node.kind {
        Kind::Start => write!(
            out,
            "<circle class=\"mark\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"8\"/>",
            rect.centre(),
            rect.middle()
        ),
        Kind::End => write!(
            out,
            "<circle class=\"ring\" cx=\"{0:.1}\" cy=\"{1:.1}\" r=\"10\"/>\
             <circle class=\"mark\" cx=\"{0:.1}\" cy=\"{1:.1}\" r=\"5.5\"/>",
            rect.centre(),
            rect.middle()
        ),
        Kind::Choice => write!(
            out,
            "<path class=\"box\" d=\"{}\"/>",
            cornered(rect, 16.0, rect.height / 2.0)
        ),
        Kind::Fail => write!(out, "<path class=\"box\" d=\"{}\"/>", cornered(rect, 10.0, 10.0)),
        Kind::Wait | Kind::Succeed => rounded(rect, rect.height / 2.0, "box", out),
        Kind::Map if !node.machines.is_empty() => {
            let sheet = Rect {
                width: rect.width - BEHIND,
                height: rect.height - BEHIND,
                ..*rect
            };
            let behind = Rect {
                x: rect.x + BEHIND,
                y: rect.y + BEHIND,
                ..sheet
            };
            let _ = rounded(&behind, 8.0, "behind", out);
            rounded(&sheet, 8.0, "box", out)
        }
        Kind::Pass | Kind::Task | Kind::Parallel | Kind::Map | Kind::Unknown => {
            rounded(rect, 8.0, "box", out)
        }
    };
    if matches!(
        node.kind,
        Kind::Pass | Kind::Task | Kind::Parallel | Kind::Map | Kind::Unknown
    ) {
        let height = if node.machines.is_empty() {
            rect.height - 16.0
        } else {
            HEADER - 18.0
        };
        let bar = Rect {
            x: rect.x + 6.0,
            y: rect.y + 8.0,
            width: 4.0,
            height,
        };
        let _ = rounded(&bar, 2.0, "bar", out);
    }
    if node.machines.is_empty() {
        leaf_texts(node, rect, out);
    } else {
        header_texts(node, rect, out);
    }
}

fn rounded(rect: &Rect, radius: f64, class: &str, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\"/>",
        rect.x, rect.y, rect.width, rect.height
    )
}

/// A rectangle with its corners cut off.
fn cornered(rect: &Rect, across: f64, down: f64) -> String {
    let (left, right, top, bottom) = (rect.x, rect.right(), rect.y, rect.bottom());
    format!(
        "M{:.1} {top:.1}H{:.1}L{right:.1} {:.1}V{:.1}L{:.1} {bottom:.1}H{:.1}L{left:.1} {:.1}V{:.1}Z",
        left + across,
        right - across,
        top + down,
        bottom - down,
        right - across,
        left + across,
        bottom - down,
        top + down
    )
}

fn text(class: &str, anchor: &str, x: f64, y: f64, text: &str, out: &mut String) {
    let _ = write!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escape(text)
    );
}

fn leaf_texts(node: &Node, rect: &Rect, out: &mut String) {
    if node.name.is_empty() {
        return;
    }
    let name = cut(&node.name, MAX_NAME);
    let middle = rect.middle();
    let centre = rect.centre()
        + if matches!(node.kind, Kind::Pass | Kind::Task) {
            3.0
        } else {
            0.0
        };
    if node.detail.is_empty() {
        text("name", "middle", centre, middle + 4.5, &name, out);
    } else {
        text("name", "middle", centre, middle - 3.5, &name, out);
        text(
            "detail",
            "middle",
            centre,
            middle + 13.0,
            &cut(&node.detail, MAX_DETAIL),
            out,
        );
    }
}

fn header_texts(node: &Node, rect: &Rect, out: &mut String) {
    let y = rect.y + HEADER / 2.0 + 3.5;
    let name = cut(&node.name, MAX_NAME);
    text("name", "start", rect.x + 20.0, y, &name, out);
    let behind = if node.kind == Kind::Map { BEHIND } else { 0.0 };
    text(
        "detail",
        "end",
        rect.right() - behind - 14.0,
        y,
        &caption(node),
        out,
    );
}
