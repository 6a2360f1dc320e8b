//! Transactions of DynamoDB: all of up to 100 writes or none, each on its condition.
//!
//! A transaction that another one got in the way of is tried again here, for the SDK doesn't do that; each try has a token
//! of its own, and the SDK's repeats of one try share it, so that a lost answer does nothing twice.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, TransactWriteItem};
use ports::StoreError;

use crate::Store;
use crate::backoff::Backoff;
use crate::error::{is_throttle, store_error};
use crate::item::Attributes;
use crate::store::call;

/// The most writes of one transaction.
pub(crate) const MAX_WRITES: usize = 100;

/// For a transaction that a client waits for: 0.8 s on average, 1.6 s at most.
const HASTY: Backoff = Backoff::new(5, 50, 800);

/// For one at items that many orders are at, such as a product that all want: 4.8 s on average, 9.6 s at most. With the
/// calls themselves that is within the 30 s that a function has.
const PATIENT: Backoff = Backoff::new(10, 50, 1_600);

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// All of it was written.
    Done,
    /// None of it was, for at least one condition did not hold. One entry for each write, in order.
    Refused(Vec<Refusal>),
}

/// What stood against one write.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing.
    None,
    /// Its condition did not hold; the item as it stands, if there is one.
    Condition(Option<Attributes>),
}

impl Refusal {
    /// Whether the write's condition did not hold.
    pub(crate) fn is_condition(&self) -> bool {
        matches!(self, Self::Condition(_))
    }
}

impl Store {
    /// Does all of `writes` or none.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when others kept getting in the way, or the table throttled.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Transacted, StoreError> {
        self.transact_within(writes, HASTY).await
    }

    /// The same at items that many are at: it waits longer for its turn.
    ///
    /// # Errors
    /// As [`Self::transact`].
    pub(crate) async fn transact_patiently(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Transacted, StoreError> {
        self.transact_within(writes, PATIENT).await
    }

    async fn transact_within(
        &self,
        writes: Vec<TransactWriteItem>,
        mut backoff: Backoff,
    ) -> Result<Transacted, StoreError> {
        loop {
            let request = self
                .dynamodb()
                .transact_write_items()
                .set_transact_items(Some(writes.clone()));
            let Err(error) = call("dynamodb", "TransactWriteItems", request.send()).await else {
                return Ok(Transacted::Done);
            };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancelled.cancellation_reasons().to_vec()
                }
                Some(_) | None => return Err(store_error(error)),
            };
            let codes = || reasons.iter().filter_map(CancellationReason::code);
            if codes().any(|code| code == "ConditionalCheckFailed") {
                return Ok(Transacted::Refused(reasons.into_iter().map(refusal).collect()));
            }
            if !codes().any(may_pass) {
                return Err(store_error(error));
            }
            if !backoff.wait().await {
                return Err(StoreError::Busy);
            }
        }
    }
}

/// Whether the reason is one that goes away: another transaction at the same item, or too many requests.
fn may_pass(code: &str) -> bool {
    code == "TransactionConflict"
        || code == "ThrottlingError"
        || is_throttle(Some(code))
        || code == "ProvisionedThroughputExceeded"
}

fn refusal(reason: CancellationReason) -> Refusal {
    if reason.code() == Some("ConditionalCheckFailed") {
        Refusal::Condition(reason.item.filter(|item| !item.is_empty()))
    } else {
        Refusal::None
    }
}

/// A text as an attribute.
pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number as an attribute.
#[expect(
    clippy::needless_pass_by_value,
    reason = "numbers are copied, and so written as they stand"
)]
pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
