//! Payments at a gateway that is not ours: charging, asking, refunding.

use std::future::Future;

use domain::{Amount, Currency, OrderId, Timestamp};

use crate::StoreError;

/// A charge to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRequest {
    /// Our own key: the gateway makes at most one charge for it, whatever is repeated. It begins with the order's id and a
    /// colon.
    pub idempotency_key: String,
    /// The order it is for.
    pub order_id: OrderId,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
}

/// A charge as the gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The gateway's id of the payment, such as `PAY-482913`.
    pub payment_id: String,
    /// What came of it.
    pub outcome: ChargeOutcome,
}

/// What came of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The money is taken.
    Charged,
    /// Refused for good, with the gateway's reason. No money moved.
    Declined(String),
    /// Charged first, and given back since.
    Refunded,
}

/// Why the gateway gave no outcome.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// It said that it failed and moved no money. To try again with the same key is safe.
    #[error("the payment gateway failed: {0}")]
    Unavailable(String),
    /// No answer in time: money may have moved or not. Ask with [`PaymentGateway::find_charge`] before anything else.
    #[error("the payment gateway did not answer in time")]
    Unknown,
    /// The payment to refund doesn't exist or can't be refunded.
    #[error("the payment gateway refused: {0}")]
    Refused(String),
}

/// A payment gateway. It holds its own ledger by idempotency key.
pub trait PaymentGateway: Send + Sync {
    /// Charges, or gives the outcome of the first charge with this key.
    fn charge(&self, request: ChargeRequest) -> impl Future<Output = Result<Charge, PaymentError>> + Send;

    /// The charge made with this key. `Ok(None)` says for certain that no charge with this key was made, and none
    /// from a call that has returned will be.
    fn find_charge(
        &self,
        idempotency_key: String,
    ) -> impl Future<Output = Result<Option<Charge>, PaymentError>> + Send;

    /// Gives the money of `payment_id` back. A repeat with the same key gives nothing more.
    fn refund(
        &self,
        idempotency_key: String,
        payment_id: String,
    ) -> impl Future<Output = Result<(), PaymentError>> + Send;
}

/// A line in the simulated gateway's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The caller's key: the order's id, a colon and what the charge is.
    pub idempotency_key: String,
    /// The gateway's id of the payment.
    pub payment_id: String,
    /// The order it is for.
    pub order_id: OrderId,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// What came of it.
    pub outcome: ChargeOutcome,
    /// When it was written.
    pub at: Timestamp,
}

/// Where the simulated gateway keeps its books. They belong to the gateway: it commits on its own, before it answers,
/// and never together with anything of ours.
pub trait GatewayLedger: Send + Sync {
    /// Writes the entry unless one with its key exists; returns the one that now stands.
    fn record_charge(
        &self,
        entry: LedgerEntry,
    ) -> impl Future<Output = Result<LedgerEntry, StoreError>> + Send;

    /// The entry with this key.
    fn find_entry(
        &self,
        idempotency_key: String,
    ) -> impl Future<Output = Result<Option<LedgerEntry>, StoreError>> + Send;

    /// Marks a charged payment refunded; `false` when there's no such payment or it was declined. A repeat is `true`.
    fn record_refund(
        &self,
        payment_id: String,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
