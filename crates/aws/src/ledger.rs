//! The simulated payment gateway's books, in a table of their own: they belong to the gateway.
//!
//! Two items a charge, written together: the charge under its idempotency key, and the key under the payment's id.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::{Currency, Timestamp};
use ports::StoreError;
use ports::payment::{ChargeOutcome, GatewayLedger, LedgerEntry};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader, text};
use crate::store::{Store, call};
use crate::transact::{Refusal, Transacted, n, s};

const CHARGED: &str = "CHARGED";
const DECLINED: &str = "DECLINED";
const REFUNDED: &str = "REFUNDED";

/// How many endings a payment id is given when it is in use. It has 18 digits that follow from the key.
const MAX_ENDINGS: u32 = 10;

impl GatewayLedger for Store {
    async fn record_charge(&self, entry: LedgerEntry) -> Result<LedgerEntry, StoreError> {
        let drawn = entry.payment_id.clone();
        let mut entry = entry;
        for ending in 2..=MAX_ENDINGS {
            let writes = vec![self.insert_charge(&entry)?, self.insert_payment(&entry)?];
            match self.transact(writes).await? {
                Transacted::Done => return Ok(entry),
                Transacted::Refused(refusals) => match refusals.first() {
                    Some(Refusal::Condition(Some(standing))) => {
                        return Ok(Recorded::read(standing)?.entry);
                    }
                    Some(Refusal::Condition(None)) => return Err(StoreError::Busy),
                    Some(Refusal::None) | None => entry.payment_id = format!("{drawn}-{ending}"),
                },
            }
        }
        Err(StoreError::Full(format!(
            "every ending of payment id {drawn} is in use"
        )))
    }

    async fn find_entry(&self, idempotency_key: String) -> Result<Option<LedgerEntry>, StoreError> {
        Ok(self
            .find_recorded(&idempotency_key)
            .await?
            .map(|found| found.entry))
    }

    async fn record_refund(&self, payment_id: String, at: Timestamp) -> Result<bool, StoreError> {
        let Some(pointer) = self.payment_item(payment_key(&payment_id)).await? else {
            return Ok(false);
        };
        let key = text(&pointer, "chargeKey").ok_or_else(|| Damaged::new("chargeKey", "of a payment"))?;
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::PaymentsTable)?)
            .key("id", s(charge_key(key)))
            .update_expression("SET outcome = :refunded, refundedAt = if_not_exists(refundedAt, :at)")
            .condition_expression("outcome IN (:charged, :refunded)")
            .expression_attribute_values(":charged", s(CHARGED))
            .expression_attribute_values(":refunded", s(REFUNDED))
            .expression_attribute_values(":at", s(at.to_string()));
        match call("dynamodb", "UpdateItem", request.send()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                Some(_) | None => Err(store_error(error)),
            },
        }
    }
}

/// An entry with what the port doesn't tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) entry: LedgerEntry,
    pub(crate) refunded_at: Option<Timestamp>,
}

impl Recorded {
    fn read(item: &Attributes) -> Result<Self, Damaged> {
        let reader = Reader { item, of: "a charge" };
        let currency: Currency = reader.parsed("currency")?;
        let outcome = match reader.required("outcome")? {
            CHARGED => ChargeOutcome::Charged,
            DECLINED => ChargeOutcome::Declined(reader.optional("reason").unwrap_or_default()),
            REFUNDED => ChargeOutcome::Refunded,
            _ => return Err(reader.damaged("outcome")),
        };
        let entry = LedgerEntry {
            idempotency_key: reader.required("idempotencyKey")?.to_owned(),
            payment_id: reader.required("paymentId")?.to_owned(),
            order_id: reader.parsed("orderId")?,
            amount: reader.amount("amount", currency)?,
            currency,
            outcome,
            at: reader.parsed("at")?,
        };
        let refunded_at = reader.optional("refundedAt");
        Ok(Self {
            entry,
            refunded_at: refunded_at.map(|_| reader.parsed("refundedAt")).transpose()?,
        })
    }
}

impl Store {
    /// The entry with this key.
    pub(crate) async fn find_recorded(&self, idempotency_key: &str) -> Result<Option<Recorded>, StoreError> {
        let item = self.payment_item(charge_key(idempotency_key)).await?;
        Ok(item.as_ref().map(Recorded::read).transpose()?)
    }

    async fn payment_item(&self, id: String) -> Result<Option<Attributes>, StoreError> {
        let request = self
            .dynamodb()
            .get_item()
            .table_name(self.name(Variable::PaymentsTable)?)
            .key("id", s(id))
            .consistent_read(true);
        let answer = call("dynamodb", "GetItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(answer.item)
    }

    fn insert_charge(&self, entry: &LedgerEntry) -> Result<TransactWriteItem, StoreError> {
        let (outcome, reason) = match &entry.outcome {
            ChargeOutcome::Charged => (CHARGED, None),
            ChargeOutcome::Declined(reason) => (DECLINED, Some(reason)),
            ChargeOutcome::Refunded => (REFUNDED, None),
        };
        let put = Put::builder()
            .table_name(self.name(Variable::PaymentsTable)?)
            .item("id", s(charge_key(&entry.idempotency_key)))
            .item("idempotencyKey", s(&entry.idempotency_key))
            .item("paymentId", s(&entry.payment_id))
            .item("orderId", s(entry.order_id.to_string()))
            .item("amount", n(entry.amount))
            .item("currency", s(entry.currency.as_str()))
            .item("outcome", s(outcome))
            .item("at", s(entry.at.to_string()))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match reason {
            Some(reason) => put.item("reason", s(reason)),
            None => put,
        };
        let put = put.build().map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn insert_payment(&self, entry: &LedgerEntry) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.name(Variable::PaymentsTable)?)
            .item("id", s(payment_key(&entry.payment_id)))
            .item("chargeKey", s(&entry.idempotency_key))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn charge_key(idempotency_key: &str) -> String {
    format!("charge#{idempotency_key}")
}

fn payment_key(payment_id: &str) -> String {
    format!("payment#{payment_id}")
}
