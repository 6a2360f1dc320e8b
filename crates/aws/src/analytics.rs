//! The business figures: one item for each hour and currency, and a mark for each record of the stream that was added.
//!
//! Lambda doesn't say which shard of the stream a batch is from, so a record is known by its own number. Its mark and what it
//! adds are one transaction: a batch that comes again, whole or cut another way, adds what has no mark yet. Marks go after
//! two days; the stream itself keeps its records for one.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::{Currency, Timestamp};
use ports::StoreError;
use ports::analytics::{
    AnalyticsView, HourDelta, HourFigures, HourTotals, RecordFigures, SequenceNumber, sum_by_hour,
};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::feed::table_key;
use crate::item::{Attributes, Reader, number, text};
use crate::store::{Store, call};
use crate::time::{epoch_s, now};
use crate::transact::{MAX_WRITES, Refusal, Transacted, n, s};

/// Partition of the figures.
const FIGURES: &str = "figures";

/// Each record of a transaction writes its mark and at most one hour of its own.
const MAX_RECORDS: usize = MAX_WRITES / 2;

/// For how long a mark is kept.
const MARK_KEPT_S: i64 = 2 * 24 * 3_600;

impl AnalyticsView for Store {
    async fn add_figures(&self, shard: String, records: Vec<RecordFigures>) -> Result<(), StoreError> {
        for records in records.chunks(MAX_RECORDS) {
            let mut left: Vec<&RecordFigures> = records.iter().collect();
            while !left.is_empty() {
                let deltas = sum_by_hour(left.iter().map(|record| record.delta.clone()));
                let mut writes = Vec::with_capacity(left.len() + deltas.len());
                for record in &left {
                    writes.push(self.mark("figures", &shard, &record.sequence_number)?);
                }
                for delta in &deltas {
                    writes.push(self.add_delta(delta)?);
                }
                match self.transact(writes).await? {
                    Transacted::Done => break,
                    Transacted::Refused(refusals) => {
                        let mut added = refusals.iter().map(Refusal::is_condition);
                        let before = left.len();
                        left.retain(|_| !added.next().unwrap_or(false));
                        if left.len() == before {
                            return Err(StoreError::Busy);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn read_figures(&self, from: Timestamp, to: Timestamp) -> Result<Vec<HourFigures>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let mut figures = Vec::new();
        let mut start_key = None;
        loop {
            let request = self
                .dynamodb()
                .query()
                .table_name(self.name(Variable::AnalyticsTable)?)
                // A figure's key goes on after its hour, so the hour `to` itself is beyond the range.
                .key_condition_expression("pk = :figures AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":figures", s(FIGURES))
                .expression_attribute_values(":from", s(from.to_string()))
                .expression_attribute_values(":to", s(to.to_string()))
                .set_exclusive_start_key(start_key);
            let answer = call("dynamodb", "Query", request.send())
                .await
                .map_err(store_error)?;
            for item in answer.items() {
                figures.push(read_totals(item)?.figures());
            }
            start_key = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start_key.is_none() {
                break;
            }
        }
        figures.sort_by_key(|hour| (std::cmp::Reverse(hour.hour), hour.currency));
        Ok(figures)
    }
}

impl Store {
    /// Marks a record of the stream as taken up by one of its readers, on condition that it was not.
    pub(crate) fn mark(
        &self,
        reader: &str,
        shard: &str,
        record: &SequenceNumber,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.name(Variable::AnalyticsTable)?)
            .set_item(Some(table_key(format!("mark#{reader}#{shard}#{record}"), "mark")))
            .item("expiresAt", n(epoch_s(now()) + MARK_KEPT_S))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn add_delta(&self, delta: &HourDelta) -> Result<TransactWriteItem, StoreError> {
        let key = table_key(FIGURES, format!("{}#{}", delta.hour, delta.currency));
        let update = Update::builder()
            .table_name(self.name(Variable::AnalyticsTable)?)
            .set_key(Some(key))
            .update_expression(
                "ADD placed :placed, placedValue :value, completed :completed, failed :failed, \
                 cancelled :cancelled, paymentsSucceeded :succeeded, paymentsFailed :paymentsFailed",
            )
            .expression_attribute_values(":placed", n(delta.placed))
            .expression_attribute_values(":value", n(delta.placed_value))
            .expression_attribute_values(":completed", n(delta.completed))
            .expression_attribute_values(":failed", n(delta.failed))
            .expression_attribute_values(":cancelled", n(delta.cancelled))
            .expression_attribute_values(":succeeded", n(delta.payments_succeeded))
            .expression_attribute_values(":paymentsFailed", n(delta.payments_failed))
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

fn read_totals(item: &Attributes) -> Result<HourTotals, Damaged> {
    let reader = Reader {
        item,
        of: "an hour's figures",
    };
    let key = text(item, "sk").and_then(|key| key.split_once('#'));
    let (hour, currency) = key.ok_or_else(|| reader.damaged("sk"))?;
    // A count below zero would be a fault of the stream; it is shown as none.
    let count = |name: &'static str| {
        reader
            .number::<i64>(name)
            .map(|count| u64::try_from(count).unwrap_or(0))
    };
    Ok(HourTotals {
        hour: hour.parse().map_err(|_| reader.damaged("sk"))?,
        currency: currency.parse::<Currency>().map_err(|_| reader.damaged("sk"))?,
        placed: count("placed")?,
        placed_value: number(item, "placedValue")
            .and_then(crate::item::read_decimal)
            .ok_or_else(|| reader.damaged("placedValue"))?,
        completed: count("completed")?,
        payments_succeeded: count("paymentsSucceeded")?,
        payments_failed: count("paymentsFailed")?,
    })
}
