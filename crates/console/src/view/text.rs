//! Numbers, times and money as a person reads them.

use domain::{Amount, Currency, Timestamp};

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// Digits in groups of three, with whatever follows a decimal point left alone.
fn grouped(number: &str) -> String {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut text = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// `1,234.50 USD`, with the decimals that the currency has.
pub(crate) fn money(amount: Amount, currency: Currency) -> String {
    let mut decimal = amount.decimal();
    decimal.rescale(currency.decimals().max(amount.scale()));
    format!("{} {currency}", grouped(&decimal.to_string()))
}

/// How long: `0 ms`, `47 ms`, `3.2 s`, `5 min`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn duration_ms(ms: i64) -> String {
    let ms = ms.max(0);
    let (s, min, h) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{s}.{} s", ms % 1_000 / 100),
        10_000..60_000 => format!("{s} s"),
        60_000..3_600_000 => format!("{min} min"),
        3_600_000..86_400_000 => with_rest(h, "h", min % 60, "min"),
        _ => with_rest(h / 24, "d", h % 24, "h"),
    }
}

fn with_rest(number: i64, unit: &str, rest: i64, rest_unit: &str) -> String {
    if rest == 0 {
        format!("{number} {unit}")
    } else {
        format!("{number} {unit} {rest} {rest_unit}")
    }
}

/// How long ago, or in how long: `just now`, `12 s ago`, `in 3 min`. The page's script writes the same.
pub(crate) fn since(at: Timestamp, now: Timestamp) -> String {
    let ms = now.as_ms() - at.as_ms();
    let size = match ms.abs() {
        0..1_000 => return "just now".to_owned(),
        s @ 1_000..60_000 => format!("{} s", s / 1_000),
        min @ 60_000..3_600_000 => format!("{} min", min / 60_000),
        h @ 3_600_000..86_400_000 => format!("{} h", h / 3_600_000),
        d => format!("{} d", d / 86_400_000),
    };
    if ms < 0 {
        format!("in {size}")
    } else {
        format!("{size} ago")
    }
}

/// `2026-11-22 16:50:20.615 UTC`.
pub(crate) fn absolute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.trim_end_matches('Z').replacen('T', " ", 1))
}

/// `512 B`, `3.4 KiB`.
pub(crate) fn bytes(count: usize) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{}.{} KiB", count / 1_024, count % 1_024 * 10 / 1_024),
        _ => format!("{}.{} MiB", count / 1_048_576, count % 1_048_576 * 10 / 1_048_576),
    }
}

/// The two ends of an order's id: its time and its random tail, which tell orders apart.
pub(crate) fn short_id(id: &str) -> String {
    let letters = id.chars().count();
    if letters <= 16 {
        return id.to_owned();
    }
    let head: String = id.chars().take(8).collect();
    let tail: String = id.chars().skip(letters - 6).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::{absolute, bytes, count, duration_ms, grouped, short_id, since};

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!(grouped("-1234.5678"), "-1,234.5678");
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        for (ms, text) in [
            (-5, "0 ms"),
            (47, "47 ms"),
            (3_250, "3.2 s"),
            (59_999, "59 s"),
            (300_000, "5 min"),
            (7_500_000, "2 h 5 min"),
            (86_400_000, "1 d"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration_ms(ms), text);
        }
    }

    #[test]
    fn times_are_told_from_now() {
        let now = Timestamp::from_ms(1_800_000_000_000);
        for (ms, text) in [
            (0, "just now"),
            (12_000, "12 s ago"),
            (-180_000, "in 3 min"),
            (90_000_000, "1 d ago"),
        ] {
            assert_eq!(since(Timestamp::from_ms(now.as_ms() - ms), now), text);
        }
        assert_eq!(absolute(now), "2027-01-15 08:00:00.000 UTC");
    }

    #[test]
    fn sizes_and_ids_are_short() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(3_500), "3.4 KiB");
        assert_eq!(
            short_id("01a2042a-7347-7000-8067-267b8081be8f"),
            "01a2042a…81be8f"
        );
        assert_eq!(short_id("CUST-001"), "CUST-001");
    }
}
