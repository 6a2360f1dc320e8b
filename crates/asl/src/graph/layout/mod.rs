//! Places for boxes and lines, in layers from top to bottom (after Sugiyama): `rank` says which layer each box is in,
//! `chain` leads lines that pass layers through them, `order` says who stands left of whom, `place` how far.
//!
//! Lines of one sort to one box join on their way, so that a handler that ten states lead to has one line into it.
//! Work is bounded: beyond [`MAX_DUMMIES`] points in between, lines go straight.

mod chain;
mod order;
mod place;
mod rank;

use super::model::Line;

/// How many points in between all lines of one machine may have together.
const MAX_DUMMIES: usize = 20_000;

/// A box to be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A line to be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) line: Line,
    /// The size of its label, if it has one.
    pub(super) label: Option<Size>,
}

/// A placed box, by its upper left corner.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    fn of(size: Size) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            width: size.width,
            height: size.height,
        }
    }

    pub(super) fn centre(&self) -> f64 {
        self.x + self.width / 2.0
    }

    pub(super) fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }

    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// How a line runs.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// The places that it passes between its two boxes, each a whole layer high, in its own direction; the label's is
    /// among them. A line upwards passes at the left of its places.
    pub(super) passes: Vec<Rect>,
    /// How many of `passes` it has for itself; after those it has joined another line.
    pub(super) own: usize,
    /// Whether it goes upwards or back to its own box, by the right sides of its boxes.
    pub(super) is_back: bool,
}

/// A machine with everything in its place.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The boxes, in the order they were given.
    pub(super) boxes: Vec<Rect>,
    /// Where the layer of each box begins and ends. Above and below its box a line runs straight there.
    pub(super) bands: Vec<(f64, f64)>,
    /// The labels of lines, in the order of the lines.
    pub(super) labels: Vec<Option<Rect>>,
    /// The lines, in the order they were given.
    pub(super) routes: Vec<Route>,
}

/// Places boxes and lines. `first` is the box that everything starts from, if there is one.
pub(super) fn arrange(sizes: &[Size], links: &[Link], first: Option<usize>, last: Option<usize>) -> Layout {
    let ranks = rank::rank(sizes.len(), links, first, last);
    let mut grid = chain::build(sizes, links, &ranks);
    order::order(&mut grid);
    place::place(&mut grid);
    finish(&grid, sizes.len(), links)
}

fn finish(grid: &chain::Grid, boxes: usize, links: &[Link]) -> Layout {
    let rect = |item: usize| grid.items[item].rect;
    let width = grid
        .items
        .iter()
        .map(|item| item.rect.right())
        .fold(0.0, f64::max);
    let height = grid
        .items
        .iter()
        .map(|item| item.rect.bottom())
        .fold(0.0, f64::max);
    let pass = |item: usize| {
        let (top, bottom) = grid.items[item].band;
        Rect {
            y: top,
            height: bottom - top,
            ..rect(item)
        }
    };
    let routes = grid.chains.iter().map(|chain| Route {
        passes: chain.items.iter().map(|item| pass(*item)).collect(),
        own: chain.own,
        is_back: chain.is_back,
    });
    let labels = links.iter().zip(&grid.chains).map(|(link, chain)| {
        let size = link.label?;
        let beside = chain.items.first().filter(|_| chain.is_back).map(|first| Rect {
            x: rect(*first).x + chain::SIDE,
            y: rect(link.from).middle() - size.height,
            ..Rect::of(size)
        });
        beside.or_else(|| chain.label.map(rect))
    });
    Layout {
        width,
        height,
        boxes: (0..boxes).map(rect).collect(),
        bands: (0..boxes).map(|item| grid.items[item].band).collect(),
        labels: labels.collect(),
        routes: routes.collect(),
    }
}
