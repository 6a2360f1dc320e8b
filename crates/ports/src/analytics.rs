//! The materialised view that analytics keeps of the change stream.

use std::future::Future;

use domain::{Amount, Currency, Timestamp};

use crate::StoreError;

/// What one batch of stream records adds to one hour and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourDelta {
    /// Start of the hour in which the orders were created.
    pub hour: Timestamp,
    /// Currency of the values.
    pub currency: Currency,
    /// Orders placed.
    pub placed: u64,
    /// Their total value.
    pub placed_value: Amount,
    /// Orders completed.
    pub completed: u64,
    /// Orders failed.
    pub failed: u64,
    /// Orders cancelled.
    pub cancelled: u64,
    /// Payments taken.
    pub payments_succeeded: u64,
    /// Payments declined or failed.
    pub payments_failed: u64,
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
    /// Completed of placed, 0 to 1, four decimals; `None` when none was placed.
    pub conversion_rate: Option<serde_json::Number>,
    /// Payments taken of payments tried, 0 to 1, four decimals; `None` when none was tried.
    pub payment_success_rate: Option<serde_json::Number>,
}

/// Keeps the view.
pub trait AnalyticsView: Send + Sync {
    /// Adds the deltas of the stream records up to `sequence_number`, all or nothing. A batch whose last sequence number was
    /// added before changes nothing, so a redelivery doesn't count twice.
    fn add_figures(
        &self,
        shard: String,
        sequence_number: u64,
        deltas: Vec<HourDelta>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The figures of the hours in `[from, to)`, newest first.
    fn read_figures(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<Vec<HourFigures>, StoreError>> + Send;
}
