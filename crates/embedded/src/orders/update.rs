//! UpdateItem on the orders table, as the workflow asks for it.

use std::sync::Arc;

use asl::value::Object;
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

/// Whether an attribute is as it was placed for good.
pub(super) fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name)
}

/// An update with its condition, ready to apply.
#[derive(Debug, Clone)]
pub(crate) struct UpdateItem {
    pub(crate) key: i64,
    /// The key as given; another order may have the same row number, and a condition decides what then happens.
    pub(crate) order_id: String,
    pub(crate) created_at: String,
    pub(crate) update: Arc<Update>,
    pub(crate) condition: Option<Arc<Condition>>,
    /// `:name` to AttributeValue.
    pub(crate) values: Object,
    pub(crate) at: Timestamp,
    /// What it comes to if the order is still as it was looked at; then the writer has nothing to compute.
    pub(crate) ahead: Option<(Arc<OrderRow>, Changed)>,
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
        if let Some((row, changed)) = &self.ahead
            && change_order(tx, row, changed, self.at)?.is_some()
        {
            return Ok(Ok(()));
        }
        let row = OrderRow::find_key(tx.connection(), self.key)?.map(Arc::new);
        Ok(match self.decide(row.filter(|row| self.is_of(row))) {
            Ok((row, changed)) => {
                // The row was read in this very transaction, so it is as it was read.
                change_order(tx, &row, &changed, self.at)?;
                Ok(())
            }
            Err(refused) => Err(refused),
        })
    }

    /// Works out what the update comes to if the order stays as `row` says. A refusal is left to the writer, who sees
    /// the order as it is then.
    pub(crate) fn look_ahead(&mut self, row: Option<Arc<OrderRow>>) {
        let row = row.filter(|row| self.is_of(row));
        self.ahead = row.and_then(|row| self.decide(Some(row)).ok());
    }

    /// The attributes that decide what comes of it.
    fn attributes(&self) -> impl Iterator<Item = &str> {
        let condition = self.condition.iter().map(|condition| condition.placeholders());
        condition
            .chain([self.update.placeholders()])
            .flat_map(|used| used.attributes.iter().map(String::as_str))
            .chain(["status", "updatedAt"])
    }

    fn is_of(&self, row: &OrderRow) -> bool {
        row.id.to_string() == self.order_id && row.id.created_at().to_string() == self.created_at
    }

    fn decide(&self, row: Option<Arc<OrderRow>>) -> Result<(Arc<OrderRow>, Changed), UpdateRefused> {
        let invalid = |error: &dyn std::fmt::Display| UpdateRefused::Invalid(error.to_string());
        let before = row
            .as_deref()
            .map(|row| row.attributes_of(self.attributes()))
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
        // Nothing else of it can have changed.
        if let Some(name) = self
            .update
            .targets()
            .find(|name| is_fixed(name) && after.get(*name) != before.get(*name))
        {
            return Err(UpdateRefused::Invalid(format!(
                "{name} can't change after an order was placed"
            )));
        }
        let changed = changed(&row, &before, after)?;
        Ok((row, changed))
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
    let own = row
        .attributes()
        .map_err(|damage| UpdateRefused::Invalid(damage.to_string()))?;
    if let Some(name) = before
        .keys()
        .find(|name| !after.contains_key(*name) && !own.contains_key(*name))
    {
        return Err(UpdateRefused::Invalid(format!(
            "{name} was placed with the order and can't be removed"
        )));
    }
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
pub(crate) fn parse_key(key: &asl::Value) -> Option<(i64, String, String)> {
    let text = |name: &str| item::text_of(key.get(name)?).map(str::to_owned);
    let (order_id, created_at) = (text("orderId")?, text("createdAt")?);
    let key = order_id.parse().map_or(-1, super::order_key);
    Some((key, order_id, created_at))
}
