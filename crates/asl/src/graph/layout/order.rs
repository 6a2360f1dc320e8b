//! Who stands left of whom in each layer: repeatedly each item moves to the mean of its neighbours above or below, and
//! the order with the fewest crossings is kept.

use super::chain::Grid;

/// How often the layers are gone through. Small pictures get all the care; large ones must end.
const SWEEPS: usize = 16;
const LARGE: usize = 3_000;

pub(super) fn order(grid: &mut Grid) {
    let neighbours = Neighbours::of(grid);
    put_beside(grid);
    let mut best = (crossings(grid, &neighbours), grid.layers.clone());
    let sweeps = if grid.items.len() > LARGE { 2 } else { SWEEPS };
    for sweep in 0..sweeps {
        if best.0 == 0 {
            break;
        }
        let downwards = sweep % 2 == 0;
        let count = grid.layers.len();
        for step in 1..count {
            let layer = if downwards { step } else { count - 1 - step };
            sort_layer(grid, layer, &neighbours, downwards);
        }
        put_beside(grid);
        let found = crossings(grid, &neighbours);
        if found < best.0 {
            best = (found, grid.layers.clone());
        }
    }
    grid.layers = best.1;
}

/// What each item is connected with, above and below.
struct Neighbours {
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

impl Neighbours {
    fn of(grid: &Grid) -> Self {
        let mut above = vec![Vec::new(); grid.items.len()];
        let mut below = vec![Vec::new(); grid.items.len()];
        for (upper, lower, _) in &grid.pairs {
            above[*lower].push(*upper);
            below[*upper].push(*lower);
        }
        Self { above, below }
    }
}

fn positions(grid: &Grid) -> Vec<usize> {
    let mut positions = vec![0; grid.items.len()];
    for layer in &grid.layers {
        for (position, item) in layer.iter().enumerate() {
            positions[*item] = position;
        }
    }
    positions
}

#[expect(clippy::cast_precision_loss, reason = "positions are small")]
fn sort_layer(grid: &mut Grid, layer: usize, neighbours: &Neighbours, downwards: bool) {
    let positions = positions(grid);
    let mean = |item: usize| {
        let fixed = if downwards {
            &neighbours.above[item]
        } else {
            &neighbours.below[item]
        };
        if fixed.is_empty() {
            return positions[item] as f64;
        }
        fixed.iter().map(|other| positions[*other] as f64).sum::<f64>() / fixed.len() as f64
    };
    let mut keyed: Vec<(f64, usize)> = grid.layers[layer]
        .iter()
        .map(|item| (mean(*item), *item))
        .collect();
    keyed.sort_by(|left, right| left.0.total_cmp(&right.0));
    grid.layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
}

/// Puts the points that lines upwards start and end with right of their boxes, and those in between outside.
fn put_beside(grid: &mut Grid) {
    for layer in &mut grid.layers {
        layer.sort_by_key(|item| grid.items[*item].is_outside);
        let is_beside = |item: &usize| grid.items[*item].beside.is_some();
        let mut beside: Vec<usize> = layer.iter().copied().filter(is_beside).collect();
        // Longer lines were led first; the shortest goes next to the box.
        beside.sort_unstable();
        layer.retain(|item| !is_beside(item));
        for item in beside {
            let owner = layer
                .iter()
                .position(|other| grid.items[item].beside == Some(*other));
            layer.insert(owner.map_or(layer.len(), |owner| owner + 1), item);
        }
    }
}

/// How many pairs of connections cross.
fn crossings(grid: &Grid, neighbours: &Neighbours) -> usize {
    let positions = positions(grid);
    grid.layers
        .iter()
        .map(|layer| {
            let mut ends = Vec::new();
            for item in layer {
                let mut below: Vec<usize> = neighbours.below[*item]
                    .iter()
                    .map(|other| positions[*other])
                    .collect();
                below.sort_unstable();
                ends.extend(below);
            }
            inversions(&mut ends)
        })
        .sum()
}

/// How many pairs stand in the wrong order; sorts them on the way.
fn inversions(values: &mut [usize]) -> usize {
    if values.len() < 2 {
        return 0;
    }
    let middle = values.len() / 2;
    let (left, right) = values.split_at_mut(middle);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut i, mut j) = (0, 0);
    while i < left.len() || j < right.len() {
        if j == right.len() || (i < left.len() && left[i] <= right[j]) {
            merged.push(left[i]);
            i += 1;
        } else {
            merged.push(right[j]);
            count += left.len() - i;
            j += 1;
        }
    }
    values.copy_from_slice(&merged);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_are_counted() {
        assert_eq!(inversions(&mut [1, 2, 3]), 0);
        assert_eq!(inversions(&mut [3, 2, 1]), 3);
        assert_eq!(inversions(&mut [2, 1, 2, 1]), 3);
    }
}
