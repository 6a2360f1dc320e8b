//! Orders that a person has to look at.

use std::sync::Arc;

use domain::{OrderId, Timestamp};
use serde_json::Value;

use super::{Changed, OrderRow, change_order, order_key};
use crate::tx::Tx;

/// Says on the order why it needs attention, unless it has ended or says so already. Returns whether it was said now.
pub(crate) fn need_attention(
    tx: &mut Tx<'_>,
    key: i64,
    reason: &str,
    at: Timestamp,
) -> rusqlite::Result<bool> {
    let Some(row) = OrderRow::find_key(tx.connection(), key)?.map(Arc::new) else {
        return Ok(false);
    };
    let mut attributes = row.attributes()?;
    if row.status.is_final() || attributes.contains_key("attention") {
        return Ok(false);
    }
    attributes.insert("attention".into(), reason.into());
    let changed = Changed {
        status: row.status,
        updated_at: at,
        attributes: Some(Value::Object(attributes).to_string()),
        needs_attention: true,
    };
    Ok(change_order(tx, &row, &changed, at)?.is_some())
}

/// Says it on the order that a message is about, for the message is gone and nobody handled it: an order that waited for
/// it would wait for ever. A body that names no order at its top says nothing about one.
pub(crate) fn need_attention_of_message(
    tx: &mut Tx<'_>,
    body: &str,
    reason: &str,
    at: Timestamp,
) -> rusqlite::Result<bool> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let order: Option<OrderId> = body
        .get("orderId")
        .and_then(Value::as_str)
        .and_then(|id| id.parse().ok());
    match order {
        Some(order) => need_attention(tx, order_key(order), reason, at),
        None => Ok(false),
    }
}
