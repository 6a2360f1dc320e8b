//! What one change of an order adds to the figures.

use domain::{Amount, Currency, OrderStatus, Timestamp};
use ports::analytics::{HourDelta, RecordFigures, SequenceNumber};
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
}

/// What the record adds; `None` for nothing. A removal says nothing: retention removes orders, customers don't.
pub(super) fn record_figures(record: &EventRecord) -> Result<Option<RecordFigures>, RecordError> {
    let new = &record.change.new_image;
    let delta = match record.event_name.as_str() {
        "INSERT" => Some(placed(new)?),
        "MODIFY" => changed(&record.change.old_image, new)?,
        _ => None,
    };
    let Some(delta) = delta else { return Ok(None) };
    Ok(Some(RecordFigures {
        sequence_number: sequence_number(record)?,
        delta,
    }))
}

fn placed(new: &Item) -> Result<HourDelta, RecordError> {
    Ok(HourDelta {
        placed: 1,
        placed_value: total_amount(new)?,
        ..hour(new)?
    })
}

fn changed(old: &Item, new: &Item) -> Result<Option<HourDelta>, RecordError> {
    let (before, after) = (status(old)?, status(new)?);
    let nothing = hour(new)?;
    let mut delta = nothing.clone();
    let paid = |image| text(image, "paymentId").is_some();
    if paid(new) && !paid(old) {
        delta.payments_succeeded += 1;
    }
    if before != after {
        // A completion whose answer was lost is compensated: it was none.
        if before == OrderStatus::Completed {
            delta.completed -= 1;
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
    }
    Ok((delta != nothing).then_some(delta))
}

/// Nothing yet, for the hour and currency of the order.
fn hour(image: &Item) -> Result<HourDelta, RecordError> {
    let created_at: Timestamp = parsed(image, "createdAt")?;
    let ms = created_at.as_ms();
    let hour = Timestamp::from_ms(ms - ms.rem_euclid(HOUR_MS));
    Ok(HourDelta::new(hour, parsed::<Currency>(image, "currency")?))
}

/// The record's place in the stream.
fn sequence_number(record: &EventRecord) -> Result<SequenceNumber, RecordError> {
    let text = record.change.sequence_number.as_deref();
    text.and_then(|text| SequenceNumber::new(text).ok())
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
