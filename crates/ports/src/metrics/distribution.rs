//! The values of a span of time, as far as statistics need them.

use serde::{Deserialize, Serialize};

/// The upper bounds of a histogram's buckets, five a decade, for milliseconds and amounts of money alike; above the last
/// there is one bucket more, without a bound. A percentile told from them is off by a quarter at the most.
pub const BOUNDS: [f64; 31] = [
    0.1, 0.16, 0.25, 0.4, 0.63, 1.0, 1.6, 2.5, 4.0, 6.3, 10.0, 16.0, 25.0, 40.0, 63.0, 100.0, 160.0, 250.0,
    400.0, 630.0, 1_000.0, 1_600.0, 2_500.0, 4_000.0, 6_300.0, 10_000.0, 16_000.0, 25_000.0, 40_000.0,
    63_000.0, 100_000.0,
];

/// Values that were counted or observed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The least; 0 without any.
    pub min: f64,
    /// The greatest; 0 without any.
    pub max: f64,
    /// How many fell into each bucket of [`BOUNDS`]; empty for what isn't a histogram.
    pub buckets: Vec<u64>,
}

impl Distribution {
    /// So many times one: what a counter counted.
    #[must_use]
    pub fn of_count(count: u64) -> Self {
        let one = if count > 0 { 1.0 } else { 0.0 };
        Self {
            count,
            sum: count as f64,
            min: one,
            max: one,
            buckets: Vec::new(),
        }
    }

    /// A single value.
    #[must_use]
    pub fn of_value(value: f64) -> Self {
        Self {
            count: 1,
            sum: value,
            min: value,
            max: value,
            buckets: Vec::new(),
        }
    }

    /// The bucket that a value falls into.
    #[must_use]
    pub fn bucket(value: f64) -> usize {
        BOUNDS.partition_point(|bound| *bound < value)
    }

    /// Adds the values of another.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let is_first = self.count == 0;
        self.min = if is_first {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.max = if is_first {
            other.max
        } else {
            self.max.max(other.max)
        };
        self.count += other.count;
        self.sum += other.sum;
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *bucket += more;
        }
    }

    /// Their mean; `None` without any.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// What `percent` of them, 0 to 100, don't exceed: evenly spread within its bucket, and never beyond the least and the
    /// greatest. `None` without any.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = (percent / 100.0).clamp(0.0, 1.0) * self.count as f64;
        let mut below = 0.0;
        for (at, &bucket) in self.buckets.iter().enumerate() {
            let within = bucket as f64;
            if within > 0.0 && below + within >= wanted {
                let lower = at.checked_sub(1).map_or(0.0, |before| BOUNDS[before]);
                let upper = BOUNDS.get(at).copied().unwrap_or(self.max);
                let value = lower + (upper - lower) * ((wanted - below) / within);
                return Some(value.clamp(self.min, self.max.max(self.min)));
            }
            below += within;
        }
        Some(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Distribution {
        let mut all = Distribution::default();
        for &value in values {
            let mut one = Distribution::of_value(value);
            one.buckets = vec![0; BOUNDS.len() + 1];
            one.buckets[Distribution::bucket(value)] = 1;
            all.merge(&one);
        }
        all
    }

    #[test]
    fn percentiles_are_close_to_the_values() {
        let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
        let all = of(&values);
        for percent in [1.0, 10.0, 50.0, 90.0, 99.0, 99.9] {
            let (is, right) = (all.percentile(percent).unwrap(), percent * 10.0);
            assert!((is - right).abs() <= right * 0.25, "p{percent}: {is} for {right}");
        }
        assert_eq!(all.percentile(100.0), Some(1_000.0));
        assert_eq!(of(&[7.0]).percentile(99.0), Some(7.0));
        assert_eq!(of(&[1e9]).percentile(50.0), Some(1e9));
        assert_eq!(of(&[]).percentile(50.0), None);
    }

    #[test]
    fn merging_is_as_good_as_counting_together() {
        let (a, b) = (of(&[1.0, 5.0]), of(&[0.2, 300.0]));
        let mut merged = a.clone();
        merged.merge(&b);
        assert_eq!(merged, of(&[1.0, 5.0, 0.2, 300.0]));
        merged.merge(&Distribution::default());
        assert_eq!(merged.average(), Some(306.2 / 4.0));
        assert_eq!((merged.min, merged.max, merged.count), (0.2, 300.0, 4));
    }
}
