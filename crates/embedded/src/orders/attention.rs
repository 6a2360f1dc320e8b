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
/// it would wait for ever. Not if the body that took its place, if any did, is about the same order. A body that names no
/// order at its top says nothing about one.
pub(crate) fn need_attention_of_message(
    tx: &mut Tx<'_>,
    body: &str,
    replaced_by: Option<&str>,
    reason: &str,
    at: Timestamp,
) -> rusqlite::Result<bool> {
    match order_of(body) {
        Some(order) if replaced_by.and_then(order_of) != Some(order) => {
            need_attention(tx, order_key(order), reason, at)
        }
        Some(_) | None => Ok(false),
    }
}

/// The order that a message's body names at its top.
fn order_of(body: &str) -> Option<OrderId> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body.get("orderId")?.as_str()?.parse().ok()
}
