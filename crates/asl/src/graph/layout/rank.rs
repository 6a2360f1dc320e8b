//! Which layer each box is in: as far down as the longest way to it, lines that would close a circle left aside.

use super::Link;

/// The layers of the boxes, and which lines go upwards.
pub(super) struct Ranks {
    pub(super) layers: Vec<usize>,
    pub(super) is_back: Vec<bool>,
}

pub(super) fn rank(boxes: usize, links: &[Link], first: Option<usize>, last: Option<usize>) -> Ranks {
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    for (index, link) in links.iter().enumerate() {
        outgoing[link.from].push(index);
    }
    let mut is_back = vec![false; links.len()];
    let finished = finish_order(boxes, links, &outgoing, first, &mut is_back);
    let mut layers = vec![0_usize; boxes];
    // Boxes finish after all that they lead to, so the reverse is an order in which every line points forward.
    for from in finished.into_iter().rev() {
        for index in &outgoing[from] {
            let link = &links[*index];
            if !is_back[*index] {
                let steps = if link.label.is_some() { 2 } else { 1 };
                layers[link.to] = layers[link.to].max(layers[from] + steps);
            }
        }
    }
    if let Some(last) = last {
        let below = layers
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != last)
            .map(|(_, layer)| layer + 1);
        layers[last] = below.max().unwrap_or(0);
    }
    Ranks { layers, is_back }
}

/// The boxes in the order that a depth-first search leaves them. Lines to a box that is still open close a circle.
fn finish_order(
    boxes: usize,
    links: &[Link],
    outgoing: &[Vec<usize>],
    first: Option<usize>,
    is_back: &mut [bool],
) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; boxes];
    let mut finished = Vec::with_capacity(boxes);
    for root in first.into_iter().chain(0..boxes) {
        if marks[root] != Mark::New {
            continue;
        }
        marks[root] = Mark::Open;
        let mut open = vec![(root, 0)];
        while let Some((node, next)) = open.last_mut() {
            match outgoing[*node].get(*next) {
                Some(index) => {
                    *next += 1;
                    let to = links[*index].to;
                    match marks[to] {
                        Mark::New => {
                            marks[to] = Mark::Open;
                            open.push((to, 0));
                        }
                        Mark::Open => is_back[*index] = true,
                        Mark::Done => {}
                    }
                }
                None => {
                    marks[*node] = Mark::Done;
                    finished.push(*node);
                    open.pop();
                }
            }
        }
    }
    finished
}
