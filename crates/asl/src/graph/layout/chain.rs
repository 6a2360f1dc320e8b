//! Leads each line through the layers between its boxes: by its label, and by points that lines to the same box share.

use std::collections::HashMap;

use super::rank::Ranks;
use super::{Link, MAX_DUMMIES, Rect, Size};
use crate::graph::model::Line;

/// Something that takes room in a layer: a box, a label or a point that lines pass.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) layer: usize,
    pub(super) rect: Rect,
    /// Whether it is only a point; points should stand straight above each other.
    pub(super) is_point: bool,
    /// The box whose right side it must stand next to.
    pub(super) beside: Option<usize>,
    /// Whether it belongs to a line upwards, which goes round everything on the right.
    pub(super) is_outside: bool,
    /// Where its layer begins and ends.
    pub(super) band: (f64, f64),
}

/// A line, by the items that it passes between its boxes.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) items: Vec<usize>,
    pub(super) label: Option<usize>,
    pub(super) own: usize,
    pub(super) is_back: bool,
}

/// Everything to be placed.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) items: Vec<Item>,
    /// The items of each layer, from left to right.
    pub(super) layers: Vec<Vec<usize>>,
    /// The pairs of items in neighbouring layers that a line connects, upper first, and how much it should be straight.
    pub(super) pairs: Vec<(usize, usize, f64)>,
    /// By line.
    pub(super) chains: Vec<Chain>,
}

impl Grid {
    fn add(&mut self, layer: usize, size: Size, is_point: bool) -> usize {
        let rect = Rect::of(size);
        self.items.push(Item {
            layer,
            rect,
            is_point,
            beside: None,
            is_outside: false,
            band: (0.0, 0.0),
        });
        self.layers[layer].push(self.items.len() - 1);
        self.items.len() - 1
    }
}

/// The room that a line upwards takes beside its boxes.
pub(super) const SIDE: f64 = 20.0;

const POINT: Size = Size {
    width: 2.0,
    height: 0.0,
};

pub(super) fn build(sizes: &[Size], links: &[Link], ranks: &Ranks) -> Grid {
    let deepest = ranks.layers.iter().copied().max().unwrap_or(0);
    let mut grid = Grid {
        items: Vec::new(),
        layers: vec![Vec::new(); deepest + 1],
        pairs: Vec::new(),
        chains: links.iter().map(|_| Chain::default()).collect(),
    };
    for (index, size) in sizes.iter().enumerate() {
        grid.add(ranks.layers[index], *size, false);
    }
    let mut builder = Builder {
        grid,
        links,
        ranks,
        shared: HashMap::new(),
        left: MAX_DUMMIES,
    };
    // The longest lines first: the others join them.
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_key(|index| {
        std::cmp::Reverse(ranks.layers[links[*index].to].abs_diff(ranks.layers[links[*index].from]))
    });
    for index in order {
        builder.lead(index);
    }
    builder.grid
}

struct Builder<'l> {
    grid: Grid,
    links: &'l [Link],
    ranks: &'l Ranks,
    /// The points of lines by the box they lead to, their sort and their layer, each with the point after it.
    shared: HashMap<(usize, bool, usize), usize>,
    left: usize,
}

impl Builder<'_> {
    fn lead(&mut self, index: usize) {
        let link = self.links[index];
        let (upper, lower) = (self.ranks.layers[link.from], self.ranks.layers[link.to]);
        let points = upper.abs_diff(lower);
        if points >= self.left {
            return;
        }
        if self.ranks.is_back[index] || upper >= lower {
            self.lead_back(index, link, upper, lower);
        } else {
            self.lead_down(index, link, upper, lower);
        }
    }

    fn lead_down(&mut self, index: usize, link: Link, upper: usize, lower: usize) {
        let (mut chain, mut previous, mut layer) = (Chain::default(), link.from, upper + 1);
        if let Some(size) = link.label {
            let label = self.grid.add(layer, size, false);
            self.grid.pairs.push((previous, label, 2.0));
            (chain.label, previous, layer) = (Some(label), label, layer + 1);
            chain.items.push(label);
        }
        let is_catch = link.line == Line::Catch;
        let mut joined = false;
        for layer in layer..lower {
            let key = (link.to, is_catch, layer);
            let point = match self.shared.get(&key) {
                Some(point) => {
                    if !joined {
                        self.grid.pairs.push((previous, *point, 1.0));
                        // The point where two lines meet is the last that is this line's own.
                        chain.own = chain.items.len() + 1;
                    }
                    joined = true;
                    *point
                }
                None => {
                    let point = self.grid.add(layer, POINT, true);
                    self.left = self.left.saturating_sub(1);
                    self.shared.insert(key, point);
                    let straight = if self.grid.items[previous].is_point {
                        8.0
                    } else {
                        1.0
                    };
                    self.grid.pairs.push((previous, point, straight));
                    point
                }
            };
            chain.items.push(point);
            previous = point;
        }
        if !joined {
            chain.own = chain.items.len();
            let straight = if is_catch { 1.0 } else { 10.0 };
            self.grid.pairs.push((previous, link.to, straight));
        }
        self.grid.chains[index] = chain;
    }

    /// A line upwards, or from a box to itself, leaves its box to the right and comes back to its target's right. Its
    /// label stands where it begins.
    fn lead_back(&mut self, index: usize, link: Link, from: usize, to: usize) {
        let mut chain = Chain {
            is_back: true,
            ..Chain::default()
        };
        let mut previous = None;
        for layer in (from.min(to)..=from.max(to)).rev() {
            let label = link
                .label
                .filter(|_| layer == from)
                .map_or(0.0, |label| label.width);
            let point = self.grid.add(
                layer,
                Size {
                    width: SIDE + label,
                    height: 0.0,
                },
                true,
            );
            self.left = self.left.saturating_sub(1);
            if layer == from {
                self.grid.items[point].beside = Some(link.from);
            } else if layer == to {
                self.grid.items[point].beside = Some(link.to);
            } else {
                self.grid.items[point].is_outside = true;
            }
            if let Some(previous) = previous {
                self.grid.pairs.push((point, previous, 1.0));
            }
            chain.items.push(point);
            previous = Some(point);
        }
        chain.own = chain.items.len();
        self.grid.chains[index] = chain;
    }
}
