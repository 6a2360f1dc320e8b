//! Spans in the order of a waterfall: each after its parent, siblings by their beginning.

use std::collections::HashMap;

use ports::observability::Span;

/// When a span that isn't arranged yet begins, in microseconds.
fn started_us(span: &Span) -> i64 {
    let within = i64::try_from(span.offset_us).unwrap_or(0);
    span.started_at
        .as_ms()
        .saturating_mul(1_000)
        .saturating_add(within)
}

/// Arranges them. A span whose parent is not there hangs below the first of all, for what led to it is not known.
pub(super) fn arrange(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(started_us);
    let mut seen = std::collections::HashSet::new();
    spans.retain(|span| seen.insert(span.span_id.clone()));
    let Some(first_us) = spans.first().map(started_us) else {
        return spans;
    };
    for span in &mut spans {
        span.offset_us = u64::try_from(started_us(span) - first_us).unwrap_or(0);
    }
    let ids: HashMap<&str, usize> = spans
        .iter()
        .enumerate()
        .map(|(at, span)| (span.span_id.as_str(), at))
        .collect();
    let parent_of = |span: &Span| {
        span.parent_id
            .as_deref()
            .and_then(|parent| ids.get(parent))
            .copied()
    };
    let parents: Vec<Option<usize>> = spans.iter().map(parent_of).collect();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, parent) in parents.iter().enumerate().skip(1) {
        // Parents that lead round in a circle, which only a caller's ids can make, are none.
        let parent = parent.filter(|_| leads_up(&parents, at)).unwrap_or(0);
        children.entry(parent).or_default().push(at);
    }
    let mut order = Vec::with_capacity(spans.len());
    let mut open = vec![(0, 0)];
    while let Some((at, depth)) = open.pop() {
        order.push((at, depth));
        let below = children.get(&at).into_iter().flatten().rev();
        open.extend(below.map(|child| (*child, depth + 1)));
    }
    let mut slots: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let arranged = order.into_iter().filter_map(|(at, depth)| {
        let span = slots.get_mut(at)?.take()?;
        Some(Span { depth, ..span })
    });
    arranged.collect()
}

/// Whether going from parent to parent comes to an end.
fn leads_up(parents: &[Option<usize>], from: usize) -> bool {
    let mut at = from;
    for _ in 0..parents.len() {
        // The first of all is everybody's ancestor, whatever it says itself.
        match parents.get(at).copied().flatten() {
            Some(parent) if at != 0 => at = parent,
            Some(_) | None => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use ports::observability::{SpanKind, SpanOutcome};

    use super::*;

    fn at(id: &str, parent: Option<&str>, started_ms: i64) -> Span {
        Span {
            span_id: id.to_owned(),
            parent_id: parent.map(str::to_owned),
            depth: 9,
            name: id.to_owned(),
            service: "s".to_owned(),
            kind: SpanKind::Internal,
            started_at: Timestamp::from_ms(started_ms),
            offset_us: 7,
            duration_us: 1,
            outcome: SpanOutcome::Ok,
            error: None,
            attributes: Vec::new(),
        }
    }

    #[test]
    fn each_span_stands_after_its_parent() {
        let spans = vec![
            at("c", Some("b"), 30),
            at("lost", Some("nowhere"), 50),
            at("d", Some("a"), 25),
            at("b", Some("a"), 20),
            at("a", Some("the caller's"), 10),
            at("b", Some("a"), 20),
        ];
        let arranged: Vec<_> = arrange(spans)
            .into_iter()
            .map(|s| (s.span_id, s.depth, s.offset_us))
            .collect();
        let right = [
            ("a", 0, 0),
            ("b", 1, 10_000),
            ("c", 2, 20_000),
            ("d", 1, 15_000),
            ("lost", 1, 40_000),
        ];
        assert_eq!(
            arranged,
            right.map(|(id, depth, offset)| (id.to_owned(), depth, offset))
        );
    }

    #[test]
    fn a_circle_ends() {
        let arranged = arrange(vec![at("a", Some("b"), 1), at("b", Some("a"), 1)]);
        assert_eq!(arranged.len(), 2);
    }
}
