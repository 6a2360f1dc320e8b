//! Where the words of the lines stand: by their line, and on no part and no other words. Words that find no such place are
//! left out; the table below the map has them all.

use super::layout::{Place, Shape};

/// About the width of a letter, half the height of a line of words, and what the rim around the words takes, in CSS pixels.
const LETTER: f64 = 6.4;
const HALF_LINE: f64 = 7.0;
const RIM: f64 = 2.0;
/// How far words may move from the middle of their line, tried in this order.
const STEPS: [f64; 5] = [0.0, -18.0, 18.0, -30.0, 30.0];

/// A rectangle by its edges.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// What is taken already.
pub(super) struct Labels {
    taken: Vec<Area>,
    width: f64,
}

impl Labels {
    /// Parts stand at `places` of a map that is `width` wide.
    pub(super) fn new<'p>(places: impl Iterator<Item = &'p Place>, shape: Shape, width: f64) -> Self {
        let area = |place: &Place| Area {
            left: place.x,
            right: place.x + shape.node.0,
            top: place.y,
            bottom: place.y + shape.node.1,
        };
        Self {
            taken: places.map(area).collect(),
            width,
        }
    }

    /// A place for `text` near `(x, y)`, the middle of its base line; `None` when there is none.
    pub(super) fn find(&mut self, text: &str, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let half = text.chars().count() as f64 * LETTER / 2.0 + RIM;
        // The letters stand on the base line: their middle is above it.
        let area = |step: f64| Area {
            left: x - half,
            right: x + half,
            top: y + step - 4.0 - HALF_LINE - RIM,
            bottom: y + step - 4.0 + HALF_LINE + RIM,
        };
        let is_free = |area: &Area| {
            area.left >= 0.0 && area.right <= self.width && !self.taken.iter().any(|other| other.meets(area))
        };
        let step = STEPS.into_iter().find(|step| is_free(&area(*step)))?;
        self.taken.push(area(step));
        Some((x, y + step))
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;
    use crate::view::map::NARROW;
    use crate::view::map::layout::Place;

    #[test]
    fn words_stand_on_no_part_and_on_no_other_words() {
        let place = Place {
            band: 0,
            column: 0,
            row: 0,
            x: 30.0,
            y: 8.0,
        };
        let mut labels = Labels::new([place].iter(), NARROW, 372.0);
        // In the middle of the part, and over the map's edge.
        assert_eq!(labels.find("12/s", (100.0, 45.0)), None);
        assert_eq!(labels.find("12/s", (370.0, 45.0)), None);
        let free = (230.0, 45.0);
        assert_eq!(labels.find("12/s", free), Some(free));
        assert_eq!(labels.find("0.5/min", free), Some((230.0, 27.0)));
    }
}
