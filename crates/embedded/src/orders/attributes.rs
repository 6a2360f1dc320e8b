//! Some of an order's attributes, without taking the whole order apart.

use serde_json::{Map, Value};

use super::{DamagedRow, OrderRow};

impl OrderRow {
    /// The attributes with these names, as [`OrderRow::item`] has them, and all that were set since the order was placed;
    /// more of them when one is named that is costly to take out alone.
    pub(crate) fn attributes_of<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Map<String, Value>, DamagedRow> {
        let placed = self.placed()?;
        let mut some = self.attributes()?;
        for name in names {
            if some.contains_key(name) {
                continue;
            }
            let text: Option<String> = match name {
                "orderId" => Some(placed.order_id.to_string()),
                "customerId" => Some(placed.customer_id.as_str().to_owned()),
                "currency" => Some(placed.currency.as_str().to_owned()),
                "createdAt" => Some(placed.created_at.to_string()),
                "customerEmail" => placed.customer_email.clone(),
                "customerPhone" => placed.customer_phone.clone(),
                "traceId" => Some(placed.trace_id.clone()),
                "status" => Some(self.status.as_str().to_owned()),
                "updatedAt" => Some(self.updated_at.to_string()),
                "totalAmount" => {
                    let number = serde_json::to_value(placed.total_amount);
                    // An amount is always a JSON number.
                    some.insert(name.to_owned(), number.unwrap_or_default());
                    None
                }
                "items" | "metadata" => return self.item(),
                _ => None,
            };
            if let Some(text) = text {
                some.insert(name.to_owned(), text.into());
            }
        }
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use domain::{OrderId, OrderStatus, Timestamp};

    use super::*;
    use crate::orders::{Placed, order_key};

    #[test]
    fn each_attribute_is_as_the_item_has_it() {
        let id = OrderId::from_parts(1_700_000_000_123, 4, 5);
        let placed = format!(
            concat!(
                r#"{{"orderId":"{}","customerId":"C-1","totalAmount":59.980,"currency":"USD","createdAt":"{}","#,
                r#""items":[{{"productId":"P-1","quantity":2,"price":29.990}}],"customerEmail":"a@b.c","#,
                r#""customerPhone":"+4915112345","metadata":{{"gift":true}},"#,
                r#""traceId":"0123456789abcdef0123456789abcdef"}}"#
            ),
            id,
            id.created_at()
        );
        let row = OrderRow {
            key: order_key(id),
            id,
            status: OrderStatus::Completed,
            placed: Placed::from_json(placed.into_bytes()),
            updated_at: Timestamp::from_ms(1_700_000_001_000),
            attributes: Some(r#"{"paymentId":"PAY-1","customerPhone":"+49"}"#.to_owned()),
        };
        let item = row.item().unwrap();
        for name in item.keys().map(String::as_str).chain(["unknown"]) {
            let some = row.attributes_of([name].into_iter()).unwrap();
            assert_eq!(some.get(name), item.get(name), "{name}");
            assert_eq!(some.get("paymentId"), item.get("paymentId"), "with {name}");
        }
        assert_eq!(row.attributes_of(["status"].into_iter()).unwrap().len(), 3);
    }
}
