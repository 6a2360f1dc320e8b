//! How far back one looks, and how long a period is then.

use domain::Timestamp;

use crate::view::Periods;

/// A stretch of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Hour,
    Day,
    Fortnight,
    Year,
}

impl Span {
    pub(super) const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Fortnight, Self::Year];

    /// What the address has for it; anything else is an hour.
    pub(super) fn read(text: Option<&str>) -> Self {
        let is_meant = |span: &Self| span.value() == text;
        Self::ALL.into_iter().find(is_meant).unwrap_or(Self::Hour)
    }

    pub(super) fn value(self) -> Option<&'static str> {
        match self {
            Self::Hour => None,
            Self::Day => Some("1d"),
            Self::Fortnight => Some("14d"),
            Self::Year => Some("1y"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hour => "1 hour",
            Self::Day => "1 day",
            Self::Fortnight => "14 days",
            Self::Year => "1 year",
        }
    }

    /// A value is of this.
    pub(super) fn each(self) -> &'static str {
        match self {
            Self::Hour => "each minute",
            Self::Day => "each half-hour",
            Self::Fortnight => "each six hours",
            Self::Year => "each week",
        }
    }

    /// One period more than the span, so that a whole span lies before the period that is under way; and so that what is
    /// read is what the history keeps for longer than the span, which is coarser and less.
    pub(super) fn periods(self, now: Timestamp) -> Periods {
        let (seconds, count) = match self {
            Self::Hour => (60, 61),
            Self::Day => (1_800, 49),
            Self::Fortnight => (21_600, 57),
            Self::Year => (604_800, 53),
        };
        let ms = i64::from(seconds) * 1_000;
        let this = now.as_ms().div_euclid(ms) * ms;
        Periods {
            from: Timestamp::from_ms(this - ms * (i64::try_from(count).unwrap_or(0) - 1)),
            seconds,
            count,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::Span;

    #[test]
    fn a_whole_span_lies_before_the_period_under_way() {
        let now = Timestamp::from_ms(1_800_000_030_000);
        for (span, days) in [(Span::Day, 1), (Span::Fortnight, 14), (Span::Year, 364)] {
            let periods = span.periods(now);
            let last = periods.at(periods.count - 1);
            assert!(last <= now && periods.number(now) == Some(periods.count - 1));
            assert_eq!(last.as_ms() - periods.from.as_ms(), days * 86_400_000);
            assert_eq!(Span::read(span.value()), span);
        }
        assert_eq!(Span::read(Some("nonsense")), Span::Hour);
    }
}
