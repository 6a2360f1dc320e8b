//! Where the parts of a map stand: in columns from the caller to the called, which fold like a river when there are more
//! than fit side by side. The first row runs to the right, the one below it to the left, and so on; so a map grows
//! downwards and its letters stay as large as they are.

use std::collections::{HashMap, HashSet};

use ports::observability::ServiceMap;

/// The measures of a map, in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// The most columns side by side.
    pub columns: usize,
    /// A part's width and height.
    pub node: (f64, f64),
    /// Between columns, and between the rows of a column.
    pub gap: (f64, f64),
    /// How many letters of a name fit in a line.
    pub letters: usize,
    /// How many lines a name may have.
    pub lines: usize,
}

/// Room for the lines that go round a column, left and right of all.
const MARGIN: (f64, f64) = (30.0, 8.0);
/// Between two bands.
const BAND_GAP: f64 = 48.0;

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Which stretch of the river, from above.
    pub band: usize,
    /// Which column of it, from the left.
    pub column: usize,
    /// Which part of the column, from above.
    pub row: usize,
    pub x: f64,
    pub y: f64,
}

/// A map with its parts in place.
pub(super) struct Layout<'m> {
    pub places: HashMap<&'m str, Place>,
    pub width: f64,
    pub height: f64,
}

pub(super) fn arrange(map: &ServiceMap, shape: Shape) -> Layout<'_> {
    let columns = columns(map);
    let mut tops = Vec::new();
    let mut y = MARGIN.1;
    for band in columns.chunks(shape.columns) {
        let rows = band.iter().map(Vec::len).max().unwrap_or(0) as f64;
        tops.push(y);
        y += rows * (shape.node.1 + shape.gap.1) - shape.gap.1 + BAND_GAP;
    }
    let mut places = HashMap::new();
    for (depth, names) in columns.iter().enumerate() {
        let (band, step) = (depth / shape.columns, depth % shape.columns);
        let column = match band % 2 {
            0 => step,
            _ => shape.columns - 1 - step,
        };
        for (row, name) in names.iter().enumerate() {
            let x = MARGIN.0 + column as f64 * (shape.node.0 + shape.gap.0);
            let y = tops[band] + row as f64 * (shape.node.1 + shape.gap.1);
            let place = Place {
                band,
                column,
                row,
                x,
                y,
            };
            places.insert(*name, place);
        }
    }
    let widest = columns.len().min(shape.columns) as f64;
    Layout {
        places,
        width: 2.0 * MARGIN.0 + widest * (shape.node.0 + shape.gap.0) - shape.gap.0,
        height: y - BAND_GAP + MARGIN.1,
    }
}

/// The parts by the least number of calls that lead to each from one that nobody calls. What leads furthest stands first in
/// its column, so that the main way through the system is a straight line.
fn columns(map: &ServiceMap) -> Vec<Vec<&str>> {
    let depths = depths(map);
    let mut columns: Vec<Vec<&str>> = Vec::new();
    for node in &map.nodes {
        let depth = depths.get(node.name.as_str()).copied().unwrap_or(0);
        if columns.len() <= depth {
            columns.resize(depth + 1, Vec::new());
        }
        columns[depth].push(&node.name);
    }
    for column in &mut columns {
        column.sort_by_cached_key(|name| std::cmp::Reverse(reach(map, name)));
    }
    columns
}

/// A part that only circles lead to stands with those that nobody calls.
fn depths(map: &ServiceMap) -> HashMap<&str, usize> {
    let is_called = |name: &str| map.edges.iter().any(|edge| edge.to == name && edge.from != name);
    let mut depths: HashMap<&str, usize> = HashMap::new();
    for node in map.nodes.iter().filter(|node| !is_called(&node.name)) {
        depths.insert(&node.name, 0);
    }
    // Each round reaches at least one part more, or is the last.
    for _ in &map.nodes {
        for edge in &map.edges {
            let Some(from) = depths.get(edge.from.as_str()).copied() else {
                continue;
            };
            let to = depths.entry(&edge.to).or_insert(usize::MAX);
            *to = (*to).min(from + 1);
        }
    }
    depths
}

/// How many parts calls lead to from here.
fn reach(map: &ServiceMap, name: &str) -> usize {
    let mut seen = HashSet::from([name]);
    let mut open = vec![name];
    while let Some(here) = open.pop() {
        for edge in map.edges.iter().filter(|edge| edge.from == here) {
            if seen.insert(&edge.to) {
                open.push(&edge.to);
            }
        }
    }
    seen.len()
}
