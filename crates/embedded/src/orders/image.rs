//! An order as a stream's images show it, whole or one attribute alone, made from its row without a detour over JSON.

use std::collections::HashMap;

use domain::OrderLine;
use serde_dynamo::{AttributeValue, Item};
use serde_json::Value;

use super::update::is_fixed;
use super::{DamagedRow, OrderRow};
use crate::item::to_image_value;

/// What an order may have been placed with, and how it stands.
const ATTRIBUTES: [&str; 12] = [
    "orderId",
    "customerId",
    "totalAmount",
    "currency",
    "createdAt",
    "items",
    "customerEmail",
    "customerPhone",
    "metadata",
    "traceId",
    "status",
    "updatedAt",
];

impl OrderRow {
    /// The order's image. It holds what [`OrderRow::item`] holds.
    pub(crate) fn image(&self) -> Result<Item, DamagedRow> {
        let mut image = Item::default();
        for name in ATTRIBUTES {
            if let Some(value) = self.own_attribute(name)? {
                image.insert(name.to_owned(), value);
            }
        }
        let set = self.attributes()?.into_iter();
        image.extend(set.map(|(name, value)| (name, to_image_value(value))));
        Ok(image)
    }

    /// One attribute of [`OrderRow::image`].
    pub(crate) fn image_attribute(&self, name: &str) -> Result<Option<AttributeValue>, DamagedRow> {
        let is_column = matches!(name, "status" | "updatedAt");
        // Only what may have been set since is worth the look. A name that JSON writes in another way has a backslash there.
        if !is_column
            && !is_fixed(name)
            && self
                .attributes
                .as_deref()
                .is_some_and(|set| set.contains(name) || set.contains('\\'))
            && let Some(value) = self.attributes()?.remove(name)
        {
            return Ok(Some(to_image_value(value)));
        }
        self.own_attribute(name)
    }

    /// What was placed under this name, or stands in a column of its own.
    fn own_attribute(&self, name: &str) -> Result<Option<AttributeValue>, DamagedRow> {
        let placed = self.placed()?;
        let text = |text: &str| Some(AttributeValue::S(text.to_owned()));
        Ok(match name {
            "orderId" => Some(AttributeValue::S(placed.order_id.to_string())),
            "customerId" => text(placed.customer_id.as_str()),
            "totalAmount" => Some(AttributeValue::N(placed.total_amount.to_string())),
            "currency" => text(placed.currency.as_str()),
            "createdAt" => Some(AttributeValue::S(placed.created_at.to_string())),
            "items" => Some(AttributeValue::L(placed.items.iter().map(line).collect())),
            "customerEmail" => placed.customer_email.as_deref().and_then(text),
            "customerPhone" => placed.customer_phone.as_deref().and_then(text),
            "metadata" => {
                let metadata = placed.metadata.as_ref();
                metadata.map(|metadata| to_image_value(Value::Object(metadata.clone())))
            }
            "traceId" => text(&placed.trace_id),
            "status" => text(self.status.as_str()),
            "updatedAt" => Some(AttributeValue::S(self.updated_at.to_string())),
            _ => None,
        })
    }
}

fn line(line: &OrderLine) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        (
            "productId".to_owned(),
            AttributeValue::S(line.product_id.as_str().to_owned()),
        ),
        (
            "quantity".to_owned(),
            AttributeValue::N(line.quantity.get().to_string()),
        ),
        ("price".to_owned(), AttributeValue::N(line.price.to_string())),
    ]))
}

#[cfg(test)]
mod tests {
    use domain::{OrderId, OrderStatus, Timestamp};

    use super::*;
    use crate::item::to_attributes;
    use crate::orders::{Placed, order_key};

    #[test]
    fn an_image_holds_what_the_item_holds() {
        let id = OrderId::from_parts(1_700_000_000_123, 4, 5);
        let placed = format!(
            concat!(
                r#"{{"orderId":"{}","customerId":"C-1","totalAmount":59.980,"currency":"USD","createdAt":"{}","#,
                r#""items":[{{"productId":"P-1","quantity":2,"price":29.990}}],"customerEmail":"a@b.c","#,
                r#""customerPhone":"+4915112345","metadata":{{"gift":true,"note":null,"n":1.50,"l":["x"]}},"#,
                r#""traceId":"0123456789abcdef0123456789abcdef"}}"#
            ),
            id,
            id.created_at()
        );
        for attributes in [
            None,
            Some(r#"{"paymentId":"PAY-1","weight":1.20,"customerPhone":"+49"}"#.to_owned()),
            Some(r#"{"an \"odd\" name":true}"#.to_owned()),
        ] {
            let row = OrderRow {
                key: order_key(id),
                id,
                status: OrderStatus::Completed,
                placed: Placed::from_json(placed.clone().into_bytes()),
                updated_at: Timestamp::from_ms(1_700_000_001_000),
                attributes,
            };
            let image = row.image().unwrap();
            let told = serde_json::to_value(&image).unwrap();
            assert_eq!(to_attributes(row.item().unwrap()), told);
            for name in image.keys().map(String::as_str).chain(["unknown"]) {
                assert_eq!(
                    row.image_attribute(name).unwrap().as_ref(),
                    image.get(name),
                    "{name}"
                );
            }
        }
    }
}
