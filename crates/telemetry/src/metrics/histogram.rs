//! Cells that count: a counter, a histogram, a gauge. Each knows its total and what came since it was last taken.

use std::sync::atomic::{AtomicU64, Ordering};

use ports::metrics::{BOUNDS, Distribution};

/// A number with a fraction that many threads add to.
#[derive(Debug)]
struct AtomicF64(AtomicU64);

impl AtomicF64 {
    const fn new(value: f64) -> Self {
        Self(AtomicU64::new(value.to_bits()))
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, value: f64) -> f64 {
        f64::from_bits(self.0.swap(value.to_bits(), Ordering::Relaxed))
    }

    fn update(&self, change: impl Fn(f64) -> f64) {
        let add = |bits| Some(change(f64::from_bits(bits)).to_bits());
        // It only fails when the closure says None, which it doesn't.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// The least and the greatest since they were last taken.
#[derive(Debug)]
struct Extremes {
    min: AtomicF64,
    max: AtomicF64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self {
            min: AtomicF64::new(f64::INFINITY),
            max: AtomicF64::new(f64::NEG_INFINITY),
        }
    }
}

impl Extremes {
    fn note(&self, value: f64) {
        // Most values are neither, and then nothing is written.
        if value < self.min.get() {
            self.min.update(|min| min.min(value));
        }
        if value > self.max.get() {
            self.max.update(|max| max.max(value));
        }
    }

    fn read(&self, reset: bool) -> (f64, f64) {
        if reset {
            (self.min.set(f64::INFINITY), self.max.set(f64::NEG_INFINITY))
        } else {
            (self.min.get(), self.max.get())
        }
    }
}

/// What was there when the cell was last taken.
#[derive(Debug, Default)]
pub(super) struct Taken {
    sum: f64,
    buckets: Vec<u64>,
}

/// How often which values were observed.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum: AtomicF64,
    extremes: Extremes,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            sum: AtomicF64::new(0.0),
            extremes: Extremes::default(),
        }
    }
}

impl Histogram {
    /// Counts the value. What is no number is left out.
    pub(super) fn observe(&self, value: f64) {
        if value.is_finite() {
            self.buckets[Distribution::bucket(value)].fetch_add(1, Ordering::Relaxed);
            self.sum.update(|sum| sum + value);
            self.extremes.note(value);
        }
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
        self.sum.get()
    }

    /// What came since it was last taken.
    pub(super) fn since(&self, taken: &mut Taken, take: bool) -> Distribution {
        let now: Vec<u64> = self.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
        let sum = self.sum.get();
        let before = |at: usize| taken.buckets.get(at).copied().unwrap_or(0);
        let buckets: Vec<u64> = now.iter().enumerate().map(|(at, n)| n - before(at)).collect();
        let count = buckets.iter().sum();
        let (min, max) = self.extremes.read(take);
        let values = Distribution {
            count,
            sum: sum - taken.sum,
            min: if min.is_finite() { min } else { 0.0 },
            max: if max.is_finite() { max } else { 0.0 },
            buckets,
        };
        if take {
            *taken = Taken { sum, buckets: now };
        }
        values
    }
}

/// How high something stands.
#[derive(Debug)]
pub(super) struct Gauge {
    last: AtomicF64,
    count: AtomicU64,
    sum: AtomicF64,
    extremes: Extremes,
}

impl Default for Gauge {
    fn default() -> Self {
        Self {
            last: AtomicF64::new(0.0),
            count: AtomicU64::new(0),
            sum: AtomicF64::new(0.0),
            extremes: Extremes::default(),
        }
    }
}

impl Gauge {
    pub(super) fn set(&self, value: f64) {
        if value.is_finite() {
            self.last.set(value);
            self.count.fetch_add(1, Ordering::Relaxed);
            self.sum.update(|sum| sum + value);
            self.extremes.note(value);
        }
    }

    pub(super) fn last(&self) -> f64 {
        self.last.get()
    }

    pub(super) fn since(&self, take: bool) -> Distribution {
        let (count, sum) = if take {
            (self.count.swap(0, Ordering::Relaxed), self.sum.set(0.0))
        } else {
            (self.count.load(Ordering::Relaxed), self.sum.get())
        };
        let (min, max) = self.extremes.read(take);
        Distribution {
            count,
            sum,
            min: if min.is_finite() { min } else { 0.0 },
            max: if max.is_finite() { max } else { 0.0 },
            buckets: Vec::new(),
        }
    }
}
