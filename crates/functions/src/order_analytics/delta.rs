//! What one change of an order adds to the figures.

use std::collections::BTreeMap;

use domain::money::AmountError;
use domain::{Amount, Currency, OrderStatus, Timestamp};
use ports::analytics::HourDelta;
use ports::function::aws_lambda_events::dynamodb::EventRecord;
use serde_dynamo::{AttributeValue, Item};

const HOUR_MS: i64 = 3_600_000;

/// What the workflow writes as `failureReason` when the payment was what failed.
const PAYMENT_FAILED: &str = "PaymentFailed";

/// Why a record is no change of an order.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("the image's {0} is missing or of another form")]
    Attribute(&'static str),
    #[error("the sequence number {0:?} is no number")]
    SequenceNumber(Option<String>),
    #[error("the batch's total can't be held")]
    Total(#[source] AmountError),
}

/// What a batch adds, by hour and currency.
#[derive(Debug, Default)]
pub(super) struct Deltas(BTreeMap<(Timestamp, Currency), HourDelta>);

impl Deltas {
    /// Adds what one record says. A removal says nothing: retention removes orders, customers don't.
    pub(super) fn add(&mut self, record: &EventRecord) -> Result<(), RecordError> {
        let new = &record.change.new_image;
        match record.event_name.as_str() {
            "INSERT" => self.add_placed(new),
            "MODIFY" => self.add_change(&record.change.old_image, new),
            _ => Ok(()),
        }
    }

    pub(super) fn into_vec(self) -> Vec<HourDelta> {
        self.0.into_values().collect()
    }

    fn add_placed(&mut self, new: &Item) -> Result<(), RecordError> {
        let total = total_amount(new)?;
        let delta = self.hour(new)?;
        delta.placed += 1;
        delta.placed_value = delta.placed_value.plus(total).map_err(RecordError::Total)?;
        Ok(())
    }

    fn add_change(&mut self, old: &Item, new: &Item) -> Result<(), RecordError> {
        let (before, after) = (status(old)?, status(new)?);
        let delta = self.hour(new)?;
        let paid = |image| text(image, "paymentId").is_some();
        if paid(new) && !paid(old) {
            delta.payments_succeeded += 1;
        }
        if before == after {
            return Ok(());
        }
        match after {
            OrderStatus::Pending | OrderStatus::Processing => {}
            OrderStatus::Completed => delta.completed += 1,
            OrderStatus::Cancelled => delta.cancelled += 1,
            OrderStatus::Failed => {
                delta.failed += 1;
                if text(new, "failureReason") == Some(PAYMENT_FAILED) {
                    delta.payments_failed += 1;
                } else if !paid(new) {
                    // Any other failure comes after the payment, whose id is written only on completion.
                    delta.payments_succeeded += 1;
                }
            }
        }
        Ok(())
    }

    fn hour(&mut self, image: &Item) -> Result<&mut HourDelta, RecordError> {
        let created_at: Timestamp = parsed(image, "createdAt")?;
        let currency: Currency = parsed(image, "currency")?;
        let ms = created_at.as_ms();
        let hour = Timestamp::from_ms(ms - ms.rem_euclid(HOUR_MS));
        Ok(self.0.entry((hour, currency)).or_insert_with(|| HourDelta {
            hour,
            currency,
            placed: 0,
            placed_value: Amount::ZERO,
            completed: 0,
            failed: 0,
            cancelled: 0,
            payments_succeeded: 0,
            payments_failed: 0,
        }))
    }
}

/// The record's place in the stream.
pub(super) fn sequence_number(record: &EventRecord) -> Result<u64, RecordError> {
    let text = record.change.sequence_number.as_deref();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| RecordError::SequenceNumber(record.change.sequence_number.clone()))
}

fn status(image: &Item) -> Result<OrderStatus, RecordError> {
    parsed(image, "status")
}

fn text<'a>(image: &'a Item, name: &str) -> Option<&'a str> {
    match image.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        Some(_) | None => None,
    }
}

fn parsed<T: std::str::FromStr>(image: &Item, name: &'static str) -> Result<T, RecordError> {
    text(image, name)
        .and_then(|text| text.parse().ok())
        .ok_or(RecordError::Attribute(name))
}

fn total_amount(image: &Item) -> Result<Amount, RecordError> {
    match image.get("totalAmount") {
        Some(AttributeValue::N(text)) => text.parse().map_err(|_| RecordError::Attribute("totalAmount")),
        Some(_) | None => Err(RecordError::Attribute("totalAmount")),
    }
}
