//! How far from the left and from the top everything stands. Within its layer's order each item wants to stand under
//! or over what it is connected with; the places nearest to these wishes that keep the distances are found exactly, by
//! pooling neighbours that want to be closer than they may.

use super::chain::Grid;

/// The room between two items of a layer, and between two layers.
const BESIDE: f64 = 28.0;
const BETWEEN: f64 = 34.0;
const SWEEPS: usize = 40;
const LARGE: usize = 3_000;

pub(super) fn place(grid: &mut Grid) {
    place_layers(grid);
    let mut near: Vec<Vec<(usize, f64, bool)>> = vec![Vec::new(); grid.items.len()];
    for (upper, lower, weight) in &grid.pairs {
        near[*lower].push((*upper, *weight, true));
        near[*upper].push((*lower, *weight, false));
    }
    for layer in 0..grid.layers.len() {
        let wishes = vec![(0.0, 1.0); grid.layers[layer].len()];
        settle(grid, layer, &wishes);
    }
    let sweeps = if grid.items.len() > LARGE { 4 } else { SWEEPS };
    for sweep in 0..sweeps {
        let count = grid.layers.len();
        for step in 0..count {
            let downwards = sweep % 2 == 0;
            let layer = if downwards { step } else { count - 1 - step };
            // First from one side at a time, in the end from both.
            let both = sweep + 4 >= sweeps;
            let wishes: Vec<(f64, f64)> = grid.layers[layer]
                .iter()
                .map(|item| {
                    let wanted = near[*item]
                        .iter()
                        .filter(|(.., is_above)| both || *is_above == downwards);
                    let (sum, weight) = wanted.fold((0.0, 0.0), |(sum, total), (other, weight, _)| {
                        (sum + weight * grid.items[*other].rect.centre(), total + weight)
                    });
                    // Where nothing pulls, it stays.
                    if weight > 0.0 {
                        (sum / weight, weight)
                    } else {
                        (grid.items[*item].rect.centre(), 0.05)
                    }
                })
                .collect();
            settle(grid, layer, &wishes);
        }
    }
    straighten(grid);
    let left = grid
        .items
        .iter()
        .map(|item| item.rect.x)
        .fold(f64::INFINITY, f64::min);
    for item in &mut grid.items {
        item.rect.x -= left;
    }
}

fn place_layers(grid: &mut Grid) {
    let mut y = 0.0;
    for layer in &grid.layers {
        let height = layer
            .iter()
            .map(|item| grid.items[*item].rect.height)
            .fold(0.0, f64::max);
        for item in layer {
            let item = &mut grid.items[*item];
            if item.is_point {
                // A point is a line through its whole layer.
                item.rect.height = height;
            }
            item.rect.y = y + (height - item.rect.height) / 2.0;
            item.band = (y, y + height);
        }
        y += height + BETWEEN;
    }
}

/// Items of a layer that stand as close as they may.
struct Pool {
    first: usize,
    /// The weighted sum of the wishes of all of them, as wishes of the first; and the weight.
    sum: f64,
    weight: f64,
}

/// Puts the items of a layer as near to the wished centres as their distances allow.
fn settle(grid: &mut Grid, layer: usize, wishes: &[(f64, f64)]) {
    let items = &grid.layers[layer];
    let mut offsets = Vec::with_capacity(items.len());
    let mut offset = 0.0;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            let previous = &grid.items[items[index - 1]];
            let item = &grid.items[*item];
            let room = if previous.is_point && item.is_point {
                BESIDE / 2.0
            } else {
                BESIDE
            };
            offset += (previous.rect.width + item.rect.width) / 2.0 + room;
        }
        offsets.push(offset);
    }
    let mut pools: Vec<Pool> = Vec::new();
    for (index, (wish, weight)) in wishes.iter().enumerate() {
        let mut pool = Pool {
            first: index,
            sum: (wish - offsets[index]) * weight,
            weight: *weight,
        };
        while let Some(before) = pools.pop_if(|before| before.sum / before.weight > pool.sum / pool.weight) {
            pool = Pool {
                first: before.first,
                sum: before.sum + pool.sum,
                weight: before.weight + pool.weight,
            };
        }
        pools.push(pool);
    }
    for (at, pool) in pools.iter().enumerate() {
        let end = pools.get(at + 1).map_or(items.len(), |next| next.first);
        for index in pool.first..end {
            let rect = &mut grid.items[items[index]].rect;
            rect.x = pool.sum / pool.weight + offsets[index] - rect.width / 2.0;
        }
    }
}

/// Lets each line run straight down for as many layers as there is room for, so that it bends seldom.
fn straighten(grid: &mut Grid) {
    let mut positions = vec![0; grid.items.len()];
    for layer in &grid.layers {
        for (position, item) in layer.iter().enumerate() {
            positions[*item] = position;
        }
    }
    for chain in 0..grid.chains.len() {
        let points: Vec<usize> = grid.chains[chain].items[..grid.chains[chain].own]
            .iter()
            .copied()
            .filter(|item| grid.items[*item].is_point)
            .collect();
        let mut run = 0;
        let mut room = (f64::NEG_INFINITY, f64::INFINITY);
        for (index, point) in points.iter().enumerate() {
            let own = free_room(grid, *point, positions[*point]);
            let common = (room.0.max(own.0), room.1.min(own.1));
            if common.0 > common.1 {
                align(grid, &points[run..index], room);
                (run, room) = (index, own);
            } else {
                room = common;
            }
        }
        align(grid, &points[run..], room);
    }
}

/// Between which centres an item can move without touching its neighbours.
fn free_room(grid: &Grid, item: usize, position: usize) -> (f64, f64) {
    let layer = &grid.layers[grid.items[item].layer];
    let half = grid.items[item].rect.width / 2.0;
    let room = |other: usize| {
        if grid.items[other].is_point {
            BESIDE / 2.0
        } else {
            BESIDE
        }
    };
    let left = position.checked_sub(1).map(|before| layer[before]);
    let right = layer.get(position + 1).copied();
    (
        left.map_or(f64::NEG_INFINITY, |left| {
            grid.items[left].rect.right() + room(left) + half
        }),
        right.map_or(f64::INFINITY, |right| {
            grid.items[right].rect.x - room(right) - half
        }),
    )
}

/// Puts points above each other, as near as possible to where they are.
#[expect(clippy::cast_precision_loss, reason = "a line passes few layers")]
fn align(grid: &mut Grid, points: &[usize], (least, most): (f64, f64)) {
    if points.is_empty() || least > most {
        return;
    }
    let sum: f64 = points.iter().map(|point| grid.items[*point].rect.centre()).sum();
    let centre = (sum / points.len() as f64).max(least).min(most);
    for point in points {
        let rect = &mut grid.items[*point].rect;
        rect.x = centre - rect.width / 2.0;
    }
}
