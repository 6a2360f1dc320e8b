//! A histogram with fixed buckets: one set that serves milliseconds and amounts of money alike.

use std::sync::atomic::{AtomicU64, Ordering};

/// The buckets' upper bounds. Above the last there is one more, without a bound.
pub(super) const BOUNDS: [f64; 18] = [
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0,
    10_000.0, 30_000.0, 100_000.0,
];

/// How often which values were observed.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    /// The bits of an f64, for there are no atomic floats.
    sum_bits: AtomicU64,
}

impl Histogram {
    /// Counts the value. What is no number is left out.
    pub(super) fn observe(&self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let bucket = BOUNDS.partition_point(|bound| *bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // It only fails when the closure says None, which it doesn't.
        let _ = self
            .sum_bits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How many values were observed up to each bound, and in all at the end.
    pub(super) fn cumulative(&self) -> [u64; BOUNDS.len() + 1] {
        let mut total = 0;
        std::array::from_fn(|bucket| {
            total += self.buckets[bucket].load(Ordering::Relaxed);
            total
        })
    }

    pub(super) fn sum(&self) -> f64 {
        f64::from_bits(self.sum_bits.load(Ordering::Relaxed))
    }
}
