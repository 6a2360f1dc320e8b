//! The body of a new order: from a file, or from items priced by the catalogue.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use serde_json::{Map, Number, Value, json};

use crate::client::{Client, path::encode};
use crate::failure::Failure;

/// A product and how many of it, as `PRODUCT=QUANTITY` or `PRODUCT` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    product_id: String,
    quantity: u32,
}

impl FromStr for Item {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (product_id, quantity) = text.rsplit_once('=').unwrap_or((text, "1"));
        let quantity = quantity
            .parse()
            .map_err(|_| format!("{quantity:?} is no quantity; write PROD-001=2"))?;
        if product_id.is_empty() {
            return Err("the product is missing; write PROD-001=2".to_owned());
        }
        Ok(Self {
            product_id: product_id.to_owned(),
            quantity,
        })
    }
}

/// Reads the body in `file`, or on standard input for `-`. What it says is the server's to judge.
pub fn from_file(file: &Path) -> Result<Value, Failure> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text).map(|_| ())
    } else {
        fs::read_to_string(file).map(|content| text = content)
    };
    read.map_err(|e| Failure::usage(format!("could not read {}: {e}", file.display())))?;
    serde_json::from_str(&text).map_err(|e| Failure::usage(format!("{} is not JSON: {e}", file.display())))
}

/// Makes the body for these items at the catalogue's prices and in its currency.
pub fn from_items(client: &Client, customer: &str, items: &[Item]) -> Result<Value, Failure> {
    let mut lines = Vec::with_capacity(items.len());
    let mut body = Map::new();
    for item in items {
        let product: Value = client.get(&format!("/products/{}", encode(&item.product_id)))?;
        let price = product.get("price").cloned().unwrap_or(Value::Null);
        let quantity = Number::from(item.quantity);
        lines.push(json!({ "productId": item.product_id, "quantity": quantity, "price": price }));
        if let Some(currency) = product.get("currency") {
            // A product in another currency than the first is refused by the server, which says which.
            body.entry("currency").or_insert_with(|| currency.clone());
        }
    }
    body.insert("customerId".to_owned(), customer.into());
    body.insert("items".to_owned(), lines.into());
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_product_and_how_many() {
        let item = |product_id: &str, quantity| Item {
            product_id: product_id.to_owned(),
            quantity,
        };
        assert_eq!("PROD-001=2".parse(), Ok(item("PROD-001", 2)));
        assert_eq!("PROD-001".parse(), Ok(item("PROD-001", 1)));
        assert_eq!("a=b=3".parse(), Ok(item("a=b", 3)));
        for wrong in ["PROD-001=", "PROD-001=x", "PROD-001=-1", "PROD-001=1.5", "=2", ""] {
            assert!(wrong.parse::<Item>().is_err(), "{wrong}");
        }
    }
}
