//! Transactions of DynamoDB: all of up to 100 writes or none, each on its condition.
//!
//! A transaction that another one got in the way of is tried again here, for the SDK doesn't do that; each try has a token
//! of its own, and the SDK's repeats of one try share it, so that a lost answer does nothing twice.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, TransactWriteItem};
use ports::StoreError;

use crate::Store;
use crate::error::{is_throttle, store_error};
use crate::item::Attributes;
use crate::store::call;

/// The most writes of one transaction.
pub(crate) const MAX_WRITES: usize = 100;

/// How often a transaction is tried that others got in the way of.
const MAX_TRIES: u32 = 6;

/// The longest wait before the second try; it doubles from there.
const FIRST_WAIT_MS: u64 = 25;

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
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Transacted, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
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
            if tries == MAX_TRIES {
                return Err(StoreError::Busy);
            }
            let most_ms = FIRST_WAIT_MS << tries;
            tokio::time::sleep(Duration::from_millis(rand::random_range(1..=most_ms))).await;
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
