//! An order as a stream record's image, made from its row without a detour over JSON.

use std::collections::HashMap;

use domain::{OrderLine, PlacedOrder};
use serde_dynamo::{AttributeValue, Item};
use serde_json::{Map, Value};

use super::{DamagedRow, OrderRow};
use crate::item::to_image_value;

/// The order's image. It holds what [`OrderRow::item`] holds.
pub(crate) fn to_image(row: &OrderRow) -> Result<Item, DamagedRow> {
    let PlacedOrder {
        order_id,
        customer_id,
        total_amount,
        currency,
        created_at,
        items,
        customer_email,
        customer_phone,
        metadata,
        trace_id,
    } = row.placed()?;
    let mut image = HashMap::with_capacity(16);
    let mut set = |name: &str, value: AttributeValue| image.insert(name.to_owned(), value);
    set("orderId", AttributeValue::S(order_id.to_string()));
    set("customerId", AttributeValue::S(customer_id.as_str().to_owned()));
    set("totalAmount", AttributeValue::N(total_amount.to_string()));
    set("currency", AttributeValue::S(currency.as_str().to_owned()));
    set("createdAt", AttributeValue::S(created_at.to_string()));
    set("items", AttributeValue::L(items.iter().map(line).collect()));
    if let Some(email) = customer_email {
        set("customerEmail", AttributeValue::S(email.clone()));
    }
    if let Some(phone) = customer_phone {
        set("customerPhone", AttributeValue::S(phone.clone()));
    }
    if let Some(metadata) = metadata {
        set("metadata", to_image_value(Value::Object(metadata.clone())));
    }
    set("traceId", AttributeValue::S(trace_id.clone()));
    set("status", AttributeValue::S(row.status.as_str().to_owned()));
    set("updatedAt", AttributeValue::S(row.updated_at.to_string()));
    if let Some(attributes) = &row.attributes {
        let attributes: Map<String, Value> =
            serde_json::from_str(attributes).map_err(|error| DamagedRow {
                key: row.key,
                problem: error.to_string(),
            })?;
        image.extend(
            attributes
                .into_iter()
                .map(|(name, value)| (name, to_image_value(value))),
        );
    }
    Ok(Item::from(image))
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
        for attributes in [None, Some(r#"{"paymentId":"PAY-1","weight":1.20}"#.to_owned())] {
            let row = OrderRow {
                key: order_key(id),
                id,
                status: OrderStatus::Completed,
                placed: Placed::from_json(placed.clone().into_bytes()),
                updated_at: Timestamp::from_ms(1_700_000_001_000),
                attributes,
            };
            let image = serde_json::to_value(to_image(&row).unwrap()).unwrap();
            assert_eq!(to_attributes(row.item().unwrap()), image);
        }
    }
}
