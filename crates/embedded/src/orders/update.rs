//! UpdateItem on the orders table, as the workflow asks for it.

use domain::{OrderStatus, Timestamp};
use serde_json::{Map, Value};

use super::{Changed, OrderRow, change_order};
use crate::expression::{Condition, Update};
use crate::item;
use crate::tx::Tx;

/// Attributes that make up the key or were placed; an update leaves them alone.
const FIXED: [&str; 6] = [
    "orderId",
    "createdAt",
    "customerId",
    "items",
    "totalAmount",
    "currency",
];

/// An update with its condition, ready to apply.
#[derive(Debug, Clone)]
pub(crate) struct UpdateItem {
    pub(crate) key: i64,
    /// The key as given; another order may have the same row number, and a condition decides what then happens.
    pub(crate) order_id: String,
    pub(crate) created_at: String,
    pub(crate) update: Update,
    pub(crate) condition: Option<Condition>,
    /// `:name` to AttributeValue.
    pub(crate) values: Map<String, Value>,
    pub(crate) at: Timestamp,
}

/// Why an update was not made, by DynamoDB's names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpdateRefused {
    /// `ConditionalCheckFailedException`
    #[error("The conditional request failed")]
    ConditionFailed,
    /// `ValidationException`
    #[error("{0}")]
    Invalid(String),
}

impl UpdateItem {
    /// Applies the update; a refusal has written nothing.
    pub(crate) fn apply(&self, tx: &mut Tx<'_>) -> rusqlite::Result<Result<(), UpdateRefused>> {
        let row = OrderRow::find_key(tx.connection(), self.key)?;
        let row = row.filter(|row| {
            row.id.to_string() == self.order_id && row.id.created_at().to_string() == self.created_at
        });
        Ok(match self.decide(row.as_ref()) {
            Ok((row, changed)) => {
                change_order(tx, row, &changed, self.at)?;
                Ok(())
            }
            Err(refused) => Err(refused),
        })
    }

    fn decide<'r>(&self, row: Option<&'r OrderRow>) -> Result<(&'r OrderRow, Changed), UpdateRefused> {
        let invalid = |error: &dyn std::fmt::Display| UpdateRefused::Invalid(error.to_string());
        let before = row
            .map(OrderRow::item)
            .transpose()
            .map_err(|e| invalid(&e))?
            .unwrap_or_default();
        if let Some(condition) = &self.condition
            && !condition.holds(&before, &self.values).map_err(|e| invalid(&e))?
        {
            return Err(UpdateRefused::ConditionFailed);
        }
        // DynamoDB would make a new item of the key alone; the orders table holds whole orders only.
        let row = row.ok_or_else(|| UpdateRefused::Invalid("there is no such order to update".into()))?;
        let mut after = before.clone();
        self.update
            .apply(&mut after, &self.values)
            .map_err(|e| invalid(&e))?;
        if let Some(name) = FIXED
            .into_iter()
            .find(|name| after.get(*name) != before.get(*name))
        {
            return Err(UpdateRefused::Invalid(format!(
                "{name} can't change after an order was placed"
            )));
        }
        Ok((row, changed(row, &before, after)?))
    }
}

/// What differs from what was placed, split into the row's columns.
fn changed(
    row: &OrderRow,
    before: &Map<String, Value>,
    after: Map<String, Value>,
) -> Result<Changed, UpdateRefused> {
    let text = |name: &str| after.get(name).and_then(Value::as_str).unwrap_or_default();
    let status: OrderStatus = text("status")
        .parse()
        .map_err(|error: domain::status::OrderStatusError| UpdateRefused::Invalid(error.to_string()))?;
    let updated_at: Timestamp =
        text("updatedAt")
            .parse()
            .map_err(|error: domain::time::TimestampError| {
                UpdateRefused::Invalid(format!("updatedAt: {error}"))
            })?;
    let needs_attention = after.contains_key("attention");
    let own = row.attributes();
    let is_own = |name: &str| own.contains_key(name) || !before.contains_key(name);
    let attributes: Map<String, Value> = after
        .into_iter()
        .filter(|(name, value)| {
            name != "status" && name != "updatedAt" && (is_own(name) || before.get(name) != Some(value))
        })
        .collect();
    let attributes = (!attributes.is_empty()).then(|| Value::Object(attributes).to_string());
    Ok(Changed {
        status,
        updated_at,
        attributes,
        needs_attention,
    })
}

/// The row number of a key given as DynamoDB has it, `{"orderId": {"S": …}, "createdAt": {"S": …}}`.
pub(crate) fn parse_key(key: &Value) -> Option<(i64, String, String)> {
    let text = |name: &str| {
        item::from_attribute_value(key.get(name)?)
            .ok()?
            .as_str()
            .map(str::to_owned)
    };
    let (order_id, created_at) = (text("orderId")?, text("createdAt")?);
    let key = order_id.parse().map_or(-1, super::order_key);
    Some((key, order_id, created_at))
}
