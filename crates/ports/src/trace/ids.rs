//! Ids of traces and spans, and the sampling decision that a trace's id carries.

use std::fmt;
use std::num::NonZeroU64;

/// The value of each hexadecimal digit; all bits set for bytes that are none.
const HEX_DIGITS: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The digits of a number, `N` of them from the lowest. The formatter takes six times as long, and each line of the log has
/// such an id.
fn hex<const N: usize>(number: u128) -> [u8; N] {
    let mut text = [0; N];
    for (at, digit) in text.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[((number >> (4 * at)) & 0xf) as usize];
    }
    text
}

/// A trace's id: 16 bytes, written as 32 lowercase hexadecimal digits. The first 8 digits of one that we make are the time
/// in seconds, as X-Ray asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

impl TraceId {
    /// What OpenTelemetry calls a trace's randomness: the last 56 bits of its id.
    const RANDOMNESS: u128 = (1 << 56) - 1;
    /// From here up a trace is sampled: the upper 5 % ("TraceState: Probability Sampling", whose threshold this is).
    const THRESHOLD: u128 = (1 << 56) / 100 * 95;

    /// Reads 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
        // Read many times an order, so without a branch for each digit: one that is none shows in the upper bits at the end.
        let mut seen = 0;
        let mut half = |digits: &[u8]| {
            digits.iter().fold(0_u64, |number, digit| {
                let value = HEX_DIGITS[usize::from(*digit)];
                seen |= value;
                (number << 4) | u64::from(value & 0xf)
            })
        };
        let (high, low) = (half(&digits[..16]), half(&digits[16..]));
        (seen <= 0xf).then_some(Self((u128::from(high) << 64) | u128::from(low)))
    }

    /// Whether it is one of the 5 % that are sampled. The id says so by itself: every part comes to the same decision
    /// without being told, today and after a restart.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.0 & Self::RANDOMNESS >= Self::THRESHOLD
    }

    /// The same id with its randomness moved up to where it is sampled.
    #[must_use]
    pub fn sampled(self) -> Self {
        if self.is_sampled() {
            return self;
        }
        let span = Self::RANDOMNESS - Self::THRESHOLD + 1;
        let randomness = Self::THRESHOLD + (self.0 & Self::RANDOMNESS) % span;
        Self(self.0 & !Self::RANDOMNESS | randomness)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&hex::<32>(self.0)).unwrap_or_default())
    }
}

/// A span's id: 8 bytes, not zero, written as 16 lowercase hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub NonZeroU64);

impl SpanId {
    /// The id with these bits; zero, which means none, becomes one.
    #[must_use]
    pub const fn new(bits: u64) -> Self {
        match NonZeroU64::new(bits) {
            Some(bits) => Self(bits),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// The id of the span that `part` of the system makes for `key` in this trace. Who knows the three knows the id.
    #[must_use]
    pub fn of(trace: TraceId, part: &str, key: &[u8]) -> Self {
        // A hash of our own, for it is the same on every machine and in every release.
        let mut hash = fold(FIRST ^ trace.0 as u64, (trace.0 >> 64) as u64 ^ FACTOR);
        for text in [part.as_bytes(), key] {
            hash = fold(hash ^ text.len() as u64, FACTOR);
            for bytes in text.chunks(8) {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                hash = fold(hash ^ u64::from_le_bytes(word), FACTOR);
            }
        }
        Self::new(hash)
    }
}

/// Where a hash begins, and what it goes on with: bits of pi, which are as good as any.
const FIRST: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0x1319_8a2e_0370_7345;

/// Both halves of the product, so that each bit of one number touches many of the other.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&hex::<16>(self.0.get().into())).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trace_in_twenty_is_sampled() {
        // Evenly spread over the randomness.
        let step = (1_u128 << 56) / 10_000;
        let sampled = (0..10_000_u128)
            .filter(|n| TraceId(n * step).is_sampled())
            .count();
        assert!((499..=501).contains(&sampled), "{sampled}");
    }

    #[test]
    fn a_trace_that_is_made_sampled_keeps_its_time() {
        let id = TraceId::parse("65a51f78000000030000000000000004").unwrap();
        assert!(!id.is_sampled());
        assert!(id.sampled().is_sampled());
        assert!(id.sampled().to_string().starts_with("65a51f7800000003"));
        assert_eq!(id.sampled().sampled(), id.sampled());
    }

    #[test]
    fn ids_are_read_and_written_alike() {
        let text = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(TraceId::parse(text).unwrap().to_string(), text);
        for wrong in [
            "",
            "4bf9",
            "4bf92f3577b34da6a3ce929d0e0e473g",
            "+bf92f3577b34da6a3ce929d0e0e4736",
        ] {
            assert_eq!(TraceId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(SpanId::new(0), SpanId::new(1));
        assert_eq!(SpanId::new(0xfedc_ba98_7654_3210).to_string(), "fedcba9876543210");
        assert_eq!(SpanId::new(0xa0).to_string(), "00000000000000a0");
    }

    #[test]
    fn span_ids_differ_by_trace_part_and_key() {
        let (a, b) = (TraceId(1), TraceId(2));
        let ids = [
            SpanId::of(a, "queue", b"1"),
            SpanId::of(b, "queue", b"1"),
            SpanId::of(a, "topic", b"1"),
            SpanId::of(a, "queue", b"2"),
            SpanId::of(a, "queue1", b""),
        ];
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}
