//! The periods that quotas count in, by UTC calendar.

use domain::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ports::access::{QuotaPeriod, Usage};

/// The use of `used` requests in the period that `now` lies in.
pub(super) fn usage(period: QuotaPeriod, now: Timestamp, used: u64) -> Usage {
    usage_from(period, first_day(period, now), used)
}

/// The use of `used` requests in the period that begins on `day`.
pub(super) fn usage_from(period: QuotaPeriod, day: Day, used: u64) -> Usage {
    let start = day.date();
    let length = match period {
        QuotaPeriod::Day => 1.day(),
        QuotaPeriod::Week => 1.week(),
        QuotaPeriod::Month => 1.month(),
    };
    Usage {
        used,
        period_start: midnight(start),
        resets_at: midnight(start.saturating_add(length)),
    }
}

/// The first day of the period that `now` lies in.
pub(super) fn first_day(period: QuotaPeriod, now: Timestamp) -> Day {
    match period {
        QuotaPeriod::Day => Day::of(now),
        QuotaPeriod::Week => {
            let day = Day::of(now);
            // Day 0, 1970-01-01, was a Thursday: four days after a Sunday.
            Day(day.0.saturating_sub((day.0 + 4) % 7))
        }
        QuotaPeriod::Month => Day::of(midnight(Day::of(now).date().first_of_month())),
    }
}

/// A day, counted from 1970-01-01. Days before and after what the counter's 20 bits hold (the year 4840) are moved to
/// their edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) u64);

impl Day {
    pub(super) const MAX: u64 = (1 << 20) - 1;

    /// The day of a moment, in UTC.
    pub(super) fn of(time: Timestamp) -> Self {
        let days = time.as_ms().div_euclid(86_400_000);
        Self(u64::try_from(days).unwrap_or(0).min(Self::MAX))
    }

    /// Its first moment.
    pub(super) fn start(self) -> Timestamp {
        Timestamp::from_ms(i64::try_from(self.0.saturating_mul(86_400_000)).unwrap_or(i64::MAX))
    }

    fn date(self) -> Date {
        TimeZone::UTC.to_datetime(self.start().to_jiff()).date()
    }
}

fn midnight(date: Date) -> Timestamp {
    // UTC has no gaps, so the fallback is for dates outside of what a time can be.
    TimeZone::UTC
        .to_timestamp(date.at(0, 0, 0, 0))
        .map_or(Timestamp::from_ms(i64::MAX), Timestamp::from_jiff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_at_midnight_on_sunday_and_on_the_first() {
        let check = |period, now: &str, start: &str, end: &str| {
            let usage = usage(period, now.parse().unwrap(), 3);
            let shown = (
                usage.used,
                usage.period_start.to_string(),
                usage.resets_at.to_string(),
            );
            assert_eq!(
                shown,
                (
                    3,
                    format!("{start}T00:00:00.000Z"),
                    format!("{end}T00:00:00.000Z")
                ),
                "{now}"
            );
        };
        check(
            QuotaPeriod::Day,
            "2026-02-28T23:59:59.999Z",
            "2026-02-28",
            "2026-03-01",
        );
        check(
            QuotaPeriod::Week,
            "2026-01-17T23:59:59.999Z",
            "2026-01-11",
            "2026-01-18",
        );
        check(
            QuotaPeriod::Week,
            "2026-01-18T00:00:00Z",
            "2026-01-18",
            "2026-01-25",
        );
        check(
            QuotaPeriod::Month,
            "2024-02-29T12:00:00Z",
            "2024-02-01",
            "2024-03-01",
        );
        check(
            QuotaPeriod::Month,
            "2025-12-31T23:59:59.999Z",
            "2025-12-01",
            "2026-01-01",
        );
        check(
            QuotaPeriod::Month,
            "1970-01-01T00:00:00Z",
            "1970-01-01",
            "1970-02-01",
        );
    }

    #[test]
    fn every_period_begins_where_the_one_before_ends() {
        for period in [QuotaPeriod::Day, QuotaPeriod::Week, QuotaPeriod::Month] {
            let mut now: Timestamp = "2023-12-01T00:00:00Z".parse().unwrap();
            for _ in 0..500 {
                let here = usage(period, now, 0);
                assert!(
                    here.period_start <= now && now < here.resets_at,
                    "{now} in {here:?}"
                );
                assert_eq!(usage(period, here.resets_at, 0).period_start, here.resets_at);
                now = Timestamp::from_ms(now.as_ms() + 86_400_000);
            }
        }
    }
}
