//! What one change of an order adds to the figures.

use std::borrow::Cow;

use domain::{Amount, Currency, OrderStatus, Timestamp};
use ports::analytics::{HourDelta, RecordFigures, SequenceNumber};
use ports::stream::{Image, TableChange};
use serde_dynamo::AttributeValue;

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
pub(super) fn record_figures(change: &dyn TableChange) -> Result<Option<RecordFigures>, RecordError> {
    let delta = match change.event_name() {
        "INSERT" => Some(placed(change)?),
        "MODIFY" => changed(change)?,
        _ => None,
    };
    let Some(delta) = delta else { return Ok(None) };
    Ok(Some(RecordFigures {
        sequence_number: sequence_number(change)?,
        delta,
    }))
}

fn placed(change: &dyn TableChange) -> Result<HourDelta, RecordError> {
    Ok(HourDelta {
        placed: 1,
        placed_value: total_amount(change)?,
        ..hour(change)?
    })
}

fn changed(change: &dyn TableChange) -> Result<Option<HourDelta>, RecordError> {
    let (before, after) = (status(change, Image::Old)?, status(change, Image::New)?);
    let nothing = hour(change)?;
    let mut delta = nothing.clone();
    let is_paid = |image| change.attribute(image, "paymentId").is_some();
    let was_paid_before = is_paid(Image::Old);
    let is_paid_now = is_paid(Image::New);
    if is_paid_now && !was_paid_before {
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
                if text(change, Image::New, "failureReason").as_deref() == Some(PAYMENT_FAILED) {
                    delta.payments_failed += 1;
                } else if !is_paid_now {
                    // Any other failure comes after the payment, whose id is written only on completion.
                    delta.payments_succeeded += 1;
                }
            }
        }
    }
    Ok((delta != nothing).then_some(delta))
}

/// Nothing yet, for the hour and currency of the order.
fn hour(change: &dyn TableChange) -> Result<HourDelta, RecordError> {
    let created_at: Timestamp = parsed(change, Image::New, "createdAt")?;
    let ms = created_at.as_ms();
    let hour = Timestamp::from_ms(ms - ms.rem_euclid(HOUR_MS));
    let currency: Currency = parsed(change, Image::New, "currency")?;
    Ok(HourDelta::new(hour, currency))
}

/// The record's place in the stream.
fn sequence_number(change: &dyn TableChange) -> Result<SequenceNumber, RecordError> {
    let text = change.sequence_number();
    text.as_deref()
        .and_then(|text| SequenceNumber::new(text).ok())
        .ok_or_else(|| RecordError::SequenceNumber(text.map(Cow::into_owned)))
}

fn status(change: &dyn TableChange, image: Image) -> Result<OrderStatus, RecordError> {
    parsed(change, image, "status")
}

fn text<'c>(change: &'c dyn TableChange, image: Image, name: &str) -> Option<Cow<'c, str>> {
    match change.attribute(image, name)? {
        Cow::Borrowed(AttributeValue::S(text)) => Some(Cow::Borrowed(text)),
        Cow::Owned(AttributeValue::S(text)) => Some(Cow::Owned(text)),
        Cow::Borrowed(_) | Cow::Owned(_) => None,
    }
}

fn parsed<T: std::str::FromStr>(
    change: &dyn TableChange,
    image: Image,
    name: &'static str,
) -> Result<T, RecordError> {
    text(change, image, name)
        .and_then(|text| text.parse().ok())
        .ok_or(RecordError::Attribute(name))
}

fn total_amount(change: &dyn TableChange) -> Result<Amount, RecordError> {
    let wrong = || RecordError::Attribute("totalAmount");
    match change.attribute(Image::New, "totalAmount").as_deref() {
        Some(AttributeValue::N(text)) => text.parse().map_err(|_| wrong()),
        Some(_) | None => Err(wrong()),
    }
}
