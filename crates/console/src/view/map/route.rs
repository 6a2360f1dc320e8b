//! The way of a line from one part to another, around what stands between them.

use super::layout::{Place, Shape};

/// How far from a part's edge the tip of an arrow's line ends.
const HEAD: f64 = 7.0;
/// How far a line that goes round a column stands out.
const DETOUR: f64 = 26.0;
/// How far lines up and down between the same parts stand apart.
const APART: f64 = 18.0;

/// A line with its arrow and the place for its words.
pub(super) struct Route {
    pub line: String,
    pub head: String,
    pub label: (f64, f64),
}

/// The line between two places, around `others`.
pub(super) fn route<'p>(
    from: Place,
    to: Place,
    mut others: impl Iterator<Item = &'p Place>,
    shape: Shape,
) -> Route {
    if from.column != to.column {
        return across(from, to, shape);
    }
    let is_itself = (from.band, from.row) == (to.band, to.row);
    let (upper, lower) = (from.y.min(to.y), from.y.max(to.y));
    let is_between = |other: &Place| other.column == from.column && upper < other.y && other.y < lower;
    if is_itself || others.any(is_between) {
        around(from, to, shape)
    } else {
        straight(from, to, shape)
    }
}

/// From one column to another: out at the side that faces it.
fn across(from: Place, to: Place, shape: Shape) -> Route {
    let is_right = to.column > from.column;
    let sign = if is_right { 1.0 } else { -1.0 };
    let side = |place: Place, right: bool| place.x + if right { shape.node.0 } else { 0.0 };
    let start = (side(from, is_right), from.y + shape.node.1 / 2.0);
    let end = (side(to, !is_right), to.y + shape.node.1 / 2.0);
    let tip = end.0 - sign * HEAD;
    let bend = (tip - start.0) / 2.0;
    Route {
        line: format!(
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {tip:.1} {:.1}",
            start.0,
            start.1,
            start.0 + bend,
            start.1,
            tip - bend,
            end.1,
            end.1
        ),
        head: format!("M{:.1} {:.1}l{:.1} -4v8z", end.0, end.1, -8.0 * sign),
        label: ((start.0 + end.0) / 2.0, (start.1 + end.1) / 2.0 - 5.0),
    }
}

/// Down or up to a part with nothing in between.
fn straight(from: Place, to: Place, shape: Shape) -> Route {
    let is_down = to.y > from.y;
    let sign = if is_down { 1.0 } else { -1.0 };
    let x = from.x + shape.node.0 / 2.0 - sign * APART;
    let (start, end) = match is_down {
        true => (from.y + shape.node.1, to.y),
        false => (from.y, to.y + shape.node.1),
    };
    Route {
        line: format!("M{x:.1} {start:.1}V{:.1}", end - sign * HEAD),
        head: format!("M{x:.1} {end:.1}l-4 {:.1}h8z", -8.0 * sign),
        label: (x - sign * 26.0, (start + end) / 2.0 + 4.0),
    }
}

/// To a part of the same column: round it, on the side that faces away from the others.
fn around(from: Place, to: Place, shape: Shape) -> Route {
    let is_right = from.column + 1 == shape.columns || from.column > 0;
    let sign = if is_right { 1.0 } else { -1.0 };
    let x = from.x + if is_right { shape.node.0 } else { 0.0 };
    let (start, end) = (from.y + shape.node.1 / 2.0, to.y + shape.node.1 / 2.0);
    let out = x + sign * DETOUR;
    Route {
        line: format!(
            "M{x:.1} {start:.1}C{out:.1} {start:.1} {out:.1} {start:.1} {out:.1} {:.1}V{:.1}C{out:.1} {end:.1} {out:.1} {end:.1} {:.1} {end:.1}",
            start + (end - start).signum() * DETOUR,
            end - (end - start).signum() * DETOUR,
            x + sign * HEAD
        ),
        head: format!("M{x:.1} {end:.1}l{:.1} -4v8z", 8.0 * sign),
        label: (out - sign * 14.0, (start + end) / 2.0 - 5.0),
    }
}
