//! The materialised view that analytics keeps of the change stream.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use domain::{Amount, Currency, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Number;

use crate::StoreError;

/// Decimals of a rate.
const RATE_DECIMALS: u32 = 4;

/// A record's place in its shard of the stream: 1 to [`SequenceNumber::MAX_DIGITS`] digits, which grow with each record.
///
/// DynamoDB Streams gives 21 digits and more, so no number of this machine's holds them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SequenceNumber(String);

/// The text is no sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sequence number is 1 to 40 digits")]
pub struct SequenceNumberError;

impl SequenceNumber {
    /// The longest that DynamoDB Streams documents.
    pub const MAX_DIGITS: usize = 40;

    /// Checks and takes a text; zeros in front say nothing and are dropped.
    ///
    /// # Errors
    /// [`SequenceNumberError`] for anything but digits, none or too many.
    pub fn new(text: &str) -> Result<Self, SequenceNumberError> {
        let digits = (1..=Self::MAX_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(SequenceNumberError);
        }
        let significant = text.trim_start_matches('0');
        Ok(Self(
            if significant.is_empty() { "0" } else { significant }.to_owned(),
        ))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u64> for SequenceNumber {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SequenceNumber {
    /// As numbers: without zeros in front the longer one is the greater.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What changes add to the figures of one hour and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourDelta {
    /// Start of the hour in which the orders were created.
    pub hour: Timestamp,
    /// Currency of the values.
    pub currency: Currency,
    /// Orders placed. Like all counts here it may be negative: what was counted may turn out otherwise.
    pub placed: i64,
    /// Their total value.
    pub placed_value: Amount,
    /// Orders completed.
    pub completed: i64,
    /// Orders failed.
    pub failed: i64,
    /// Orders cancelled.
    pub cancelled: i64,
    /// Payments taken.
    pub payments_succeeded: i64,
    /// Payments declined or failed.
    pub payments_failed: i64,
}

impl HourDelta {
    /// Nothing yet.
    #[must_use]
    pub fn new(hour: Timestamp, currency: Currency) -> Self {
        Self {
            hour,
            currency,
            placed: 0,
            placed_value: Amount::ZERO,
            completed: 0,
            failed: 0,
            cancelled: 0,
            payments_succeeded: 0,
            payments_failed: 0,
        }
    }
}

/// One delta for each hour and currency, by hour; two where the values are too large for one amount.
#[must_use]
pub fn sum_by_hour(deltas: impl IntoIterator<Item = HourDelta>) -> Vec<HourDelta> {
    let mut sums = BTreeMap::<(Timestamp, Currency), HourDelta>::new();
    let mut full = Vec::new();
    for delta in deltas {
        let sum = sums
            .entry((delta.hour, delta.currency))
            .or_insert_with(|| HourDelta::new(delta.hour, delta.currency));
        match sum.placed_value.plus(delta.placed_value) {
            Ok(value) => sum.placed_value = value,
            Err(_) => {
                full.push(std::mem::replace(sum, delta));
                continue;
            }
        }
        sum.placed += delta.placed;
        sum.completed += delta.completed;
        sum.failed += delta.failed;
        sum.cancelled += delta.cancelled;
        sum.payments_succeeded += delta.payments_succeeded;
        sum.payments_failed += delta.payments_failed;
    }
    full.into_iter().chain(sums.into_values()).collect()
}

/// What one record of the stream adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFigures {
    /// The record's place in its shard.
    pub sequence_number: SequenceNumber,
    /// What it adds.
    pub delta: HourDelta,
}

/// The sums of one hour and currency, from which its figures follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourTotals {
    /// Start of the hour.
    pub hour: Timestamp,
    /// Currency of the values.
    pub currency: Currency,
    /// Orders placed in this hour.
    pub placed: u64,
    /// Their total value; it may be more than one [`Amount`] holds.
    pub placed_value: Decimal,
    /// Of these, how many were completed.
    pub completed: u64,
    /// Payments taken.
    pub payments_succeeded: u64,
    /// Payments declined or failed.
    pub payments_failed: u64,
}

impl HourTotals {
    /// The figures.
    #[must_use]
    pub fn figures(&self) -> HourFigures {
        let tried = self.payments_succeeded.saturating_add(self.payments_failed);
        HourFigures {
            hour: self.hour,
            currency: self.currency,
            orders: self.placed,
            average_order_value: average(self.placed_value, self.placed, self.currency),
            completion_rate: rate(self.completed, self.placed),
            paid_rate: rate(self.payments_succeeded, tried),
        }
    }
}

/// The mean, rounded half to even to the currency's decimals; zero of nothing.
fn average(value: Decimal, count: u64, currency: Currency) -> Amount {
    let mean = value.checked_div(Decimal::from(count)).unwrap_or_default();
    let mut mean = mean.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointNearestEven);
    mean.rescale(currency.decimals());
    // A mean of amounts is no larger than the largest of them, so it is an amount.
    Amount::new(mean).unwrap_or(Amount::MAX)
}

fn rate(part: u64, whole: u64) -> Option<Number> {
    let rate = Decimal::from(part).checked_div(Decimal::from(whole))?;
    let rate = rate.round_dp_with_strategy(RATE_DECIMALS, RoundingStrategy::MidpointNearestEven);
    rate.normalize().to_string().parse().ok()
}

/// A business metric (the seed's section 8): so many of a counter's outcomes in the hour, in per cent. The dashboard in
/// `template.yaml` reckons it on AWS by the same counter, so both engines show the same figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateMetric {
    /// The metric's name.
    pub name: &'static str,
    /// The counter, whose dimension `Status` is the outcome.
    pub counter: &'static str,
    /// The outcome that is wanted.
    pub good: &'static str,
    /// The other one. Outcomes that are neither decide nothing and don't count.
    pub bad: &'static str,
}

/// Orders placed of those asked for. Refused is what can't be an order; what the client sends again, or what failed on our
/// side and may be sent again, is neither.
pub const CONVERSION_RATE: RateMetric = RateMetric {
    name: "ConversionRate",
    counter: "OrdersCreated",
    good: "Success",
    bad: "Invalid",
};

/// Payments taken of those that the gateway decided. One that it gave no answer to is neither, and asked for again.
pub const PAYMENT_SUCCESS_RATE: RateMetric = RateMetric {
    name: "PaymentSuccessRate",
    counter: "Payments",
    good: "Success",
    bad: "Declined",
};

impl RateMetric {
    /// The rate in per cent; `None` of nothing. For charts; nothing is reckoned from it.
    #[must_use]
    pub fn percent(&self, good: f64, bad: f64) -> Option<f64> {
        let all = good + bad;
        (all > 0.0).then_some(100.0 * good / all)
    }
}

/// One hour of the view.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HourFigures {
    /// Start of the hour.
    pub hour: Timestamp,
    /// Currency of the values.
    pub currency: Currency,
    /// Orders placed in this hour.
    pub orders: u64,
    /// Mean of their totals, rounded half to even to the currency's decimals.
    pub average_order_value: Amount,
    /// Completed of placed, 0 to 1, four decimals; `None` when none was placed. Not [`CONVERSION_RATE`]: what was refused
    /// is no change of the table.
    pub completion_rate: Option<Number>,
    /// Orders paid of those whose payment was tried to the end, 0 to 1, four decimals; `None` when there is none. Not
    /// [`PAYMENT_SUCCESS_RATE`]: a gateway that never answered is part of this.
    pub paid_rate: Option<Number>,
}

/// Keeps the view.
pub trait AnalyticsView: Send + Sync {
    /// Adds what each record of the shard says. A record that was added before is left out, in whatever batches it is
    /// delivered again, so a redelivery doesn't count twice. A shard's records come in the order of their numbers.
    ///
    /// After an error some of the records may have been added; the same call again adds the rest.
    fn add_figures(
        &self,
        shard: String,
        records: Vec<RecordFigures>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The figures of the hours in `[from, to)`, newest first.
    fn read_figures(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<Vec<HourFigures>, StoreError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_are_ordered_as_numbers_however_long_they_are() {
        let number = |text: &str| SequenceNumber::new(text).unwrap();
        assert!(number("9") < number("10"));
        assert!(number("300000000000000499659") < number("300000000000000499660"));
        assert_eq!(number("007"), SequenceNumber::from(7));
        assert_eq!(number("000").as_str(), "0");
        for wrong in ["", "-1", "1.0", "x", &"1".repeat(41)] {
            assert!(SequenceNumber::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_too_large_for_one_amount_is_two() {
        let delta = |value: &str| HourDelta {
            placed: 1,
            placed_value: value.parse().unwrap(),
            ..HourDelta::new(Timestamp::from_ms(0), Currency::USD)
        };
        let sums = sum_by_hour([delta("1"), delta("2.50")]);
        assert_eq!(sums.len(), 1);
        assert_eq!(
            (sums[0].placed, sums[0].placed_value.to_string().as_str()),
            (2, "3.50")
        );
        let sums = sum_by_hour([delta("999999999999.9999"), delta("1")]);
        assert_eq!(sums.iter().map(|sum| sum.placed).collect::<Vec<_>>(), [1, 1]);
    }
}
