//! Orders as items of the table.
//!
//! An item has an attribute for each member of the order as the API shows it, under the same name, so that the workflow's
//! expressions and the stream's readers find what they look for. `metadata` is kept as JSON text: DynamoDB's numbers end
//! at 38 digits, a client's don't. Its numbers also lose their trailing zeros, so amounts get their currency's decimals
//! back when they are read.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Amount, Currency, CustomerId, Order, OrderId, OrderLine, OrderState, OrderStatus, PlacedOrder, ProductId,
    Quantity,
};
use rust_decimal::Decimal;

use crate::error::Damaged;
use crate::transact::{n, s};

/// An item.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The order's key.
pub(crate) fn order_key(id: OrderId) -> Attributes {
    Attributes::from([
        ("orderId".to_owned(), s(id.to_string())),
        ("createdAt".to_owned(), s(id.created_at().to_string())),
    ])
}

/// The item of an order that was placed just now.
pub(crate) fn placed_item(order: &PlacedOrder) -> Attributes {
    let mut item = order_key(order.order_id);
    let mut set = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    set("customerId", s(order.customer_id.as_str()));
    set("totalAmount", n(order.total_amount));
    set("currency", s(order.currency.as_str()));
    set(
        "items",
        AttributeValue::L(order.items.iter().map(line_attribute).collect()),
    );
    set("traceId", s(&order.trace_id));
    set("status", s(OrderStatus::Pending.as_str()));
    set("updatedAt", s(order.created_at.to_string()));
    if let Some(email) = &order.customer_email {
        set("customerEmail", s(email));
    }
    if let Some(phone) = &order.customer_phone {
        set("customerPhone", s(phone));
    }
    if let Some(metadata) = &order.metadata {
        // A map always serialises.
        set("metadata", s(serde_json::to_string(metadata).unwrap_or_default()));
    }
    item
}

fn line_attribute(line: &OrderLine) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("productId".to_owned(), s(line.product_id.as_str())),
        ("quantity".to_owned(), n(line.quantity.get())),
        ("price".to_owned(), n(line.price)),
    ]))
}

/// The order of an item.
pub(crate) fn read_order(item: &Attributes) -> Result<Order, Damaged> {
    let id = text(item, "orderId").unwrap_or("an order without an id");
    let reader = Reader { item, of: id };
    let currency: Currency = reader.parsed("currency")?;
    let order_id: OrderId = reader.parsed("orderId")?;
    Ok(Order {
        placed: Arc::new(PlacedOrder {
            order_id,
            customer_id: CustomerId::new(reader.required("customerId")?)
                .map_err(|_| reader.damaged("customerId"))?,
            total_amount: reader.amount("totalAmount", currency)?,
            currency,
            created_at: order_id.created_at(),
            items: reader.lines(currency)?,
            customer_email: reader.optional("customerEmail"),
            customer_phone: reader.optional("customerPhone"),
            metadata: reader.metadata()?,
            trace_id: reader.optional("traceId").unwrap_or_default(),
        }),
        state: OrderState {
            status: reader.parsed("status")?,
            updated_at: reader.parsed("updatedAt")?,
            payment_id: reader.optional("paymentId"),
            failure_reason: reader.optional("failureReason"),
            attention: reader.optional("attention"),
        },
    })
}

/// Reads one item's attributes.
pub(crate) struct Reader<'a> {
    /// The item.
    pub(crate) item: &'a Attributes,
    /// What to call it in an error.
    pub(crate) of: &'a str,
}

impl<'a> Reader<'a> {
    pub(crate) fn damaged(&self, what: &'static str) -> Damaged {
        Damaged::new(what, format!("of {}", self.of))
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&'a str, Damaged> {
        text(self.item, name).ok_or_else(|| self.damaged(name))
    }

    pub(crate) fn optional(&self, name: &str) -> Option<String> {
        text(self.item, name).map(str::to_owned)
    }

    pub(crate) fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, Damaged> {
        self.required(name)?.parse().map_err(|_| self.damaged(name))
    }

    /// A whole number.
    pub(crate) fn number<T: FromStr>(&self, name: &'static str) -> Result<T, Damaged> {
        number(self.item, name)
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| self.damaged(name))
    }

    /// An amount, with the decimals that its currency has.
    pub(crate) fn amount(&self, name: &'static str, currency: Currency) -> Result<Amount, Damaged> {
        number(self.item, name)
            .and_then(|number| read_amount(number, currency))
            .ok_or_else(|| self.damaged(name))
    }

    fn lines(&self, currency: Currency) -> Result<Vec<OrderLine>, Damaged> {
        let Some(AttributeValue::L(lines)) = self.item.get("items") else {
            return Err(self.damaged("items"));
        };
        let line = |line: &AttributeValue| {
            let AttributeValue::M(line) = line else {
                return Err(self.damaged("items"));
            };
            let reader = Reader {
                item: line,
                of: self.of,
            };
            Ok(OrderLine {
                product_id: ProductId::new(reader.required("productId")?)
                    .map_err(|_| reader.damaged("productId"))?,
                quantity: Quantity::new(reader.number("quantity")?)
                    .map_err(|_| reader.damaged("quantity"))?,
                price: reader.amount("price", currency)?,
            })
        };
        lines.iter().map(line).collect()
    }

    fn metadata(&self) -> Result<Option<serde_json::Map<String, serde_json::Value>>, Damaged> {
        text(self.item, "metadata")
            .map(|json| serde_json::from_str(json).map_err(|_| self.damaged("metadata")))
            .transpose()
    }
}

pub(crate) fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub(crate) fn number<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_n().ok().map(String::as_str)
}

/// DynamoDB may write a large number with an exponent.
pub(crate) fn read_decimal(number: &str) -> Option<Decimal> {
    let exact = Decimal::from_str_exact(number);
    exact.or_else(|_| Decimal::from_scientific(number)).ok()
}

/// DynamoDB writes 10.00 as 10.
pub(crate) fn read_amount(number: &str, currency: Currency) -> Option<Amount> {
    let mut decimal = read_decimal(number)?;
    if decimal.scale() < currency.decimals() {
        decimal.rescale(currency.decimals());
    }
    Amount::new(decimal).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> PlacedOrder {
        let id = OrderId::from_parts(1_768_469_400_123, 7, 9);
        serde_json::from_str(&format!(
            r#"{{"orderId":"{id}","customerId":"CUST-001","totalAmount":20.00,"currency":"USD",
                "createdAt":"2026-01-15T09:30:00.123Z","customerEmail":"c@example.com",
                "items":[{{"productId":"P-1","quantity":2,"price":10.00}}],
                "metadata":{{"n":123456789012345678901234567890123456789.10,"none":null}},
                "traceId":"0123456789abcdef0123456789abcdef"}}"#
        ))
        .unwrap()
    }

    #[test]
    fn an_order_comes_back_as_it_was_placed() {
        let placed = order();
        let read = read_order(&placed_item(&placed)).unwrap();
        assert_eq!(*read.placed, placed);
        assert_eq!(read.state.status, OrderStatus::Pending);
    }

    #[test]
    fn amounts_get_back_the_zeros_that_the_table_drops() {
        for (number, currency, expected) in [
            ("20", "USD", "20.00"),
            ("20.5", "USD", "20.50"),
            ("20.5555", "USD", "20.5555"),
            ("20", "JPY", "20"),
            ("2E+1", "KWD", "20.000"),
        ] {
            let amount = read_amount(number, currency.parse().unwrap()).unwrap();
            assert_eq!(amount.to_string(), expected, "{number} {currency}");
        }
        assert!(read_amount("-1", Currency::USD).is_none());
        assert!(read_amount("x", Currency::USD).is_none());
    }

    #[test]
    fn a_damaged_item_says_what_is_wrong_with_which_order() {
        let mut item = placed_item(&order());
        item.remove("items");
        let error = read_order(&item).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("items of {} is missing or of another form", order().order_id)
        );
    }
}
