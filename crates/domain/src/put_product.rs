//! Writing a product of the catalogue: from the bytes of a request to a [`Product`].

use serde_json::value::RawValue;

use crate::fault::{Fault, FaultCode, Faults, Pointer};
use crate::json::{optional, read_body, read_number, read_text, required};
use crate::place_order::{read_currency, read_price};
use crate::{Currency, Product, ProductId};

/// The longest name of a product, in characters.
pub const MAX_NAME_CHARS: usize = 200;

/// The most that can be in stock of one product.
pub const MAX_STOCK: u32 = 1_000_000_000;

const FIELDS: [&str; 5] = ["productId", "name", "price", "currency", "stock"];

/// Reads the body of `PUT /products/{productId}`. The body may repeat the path's id, and must not name another.
///
/// # Errors
/// Every fault of the body at once, at least one.
pub fn parse_product(id: ProductId, body: &[u8]) -> Result<Product, Vec<Fault>> {
    let mut faults = Faults::default();
    match read_product(id, body, &mut faults) {
        Some(product) if faults.is_empty() => Ok(product),
        Some(_) | None => Err(faults.into_vec()),
    }
}

fn read_product(id: ProductId, body: &[u8], faults: &mut Faults) -> Option<Product> {
    let at = Pointer::Root;
    let [repeated, name, price, currency, stock] = read_body(body, FIELDS, faults)?;
    if let Some(raw) = optional(repeated) {
        check_id(&id, raw, at.member("productId"), faults);
    }
    let name = match optional(name) {
        Some(raw) => read_name(raw, at.member("name"), faults),
        None => Some(String::new()),
    };
    let currency = match optional(currency) {
        Some(raw) => read_currency(raw, at.member("currency"), faults),
        None => Some(Currency::USD),
    };
    let price = read_price(price, at.member("price"), currency, faults);
    let stock = read_stock(stock, at.member("stock"), faults);
    Some(Product {
        product_id: id,
        name: name?,
        price: price?,
        currency: currency?,
        stock: stock?,
    })
}

fn check_id(id: &ProductId, raw: &RawValue, at: Pointer<'_>, faults: &mut Faults) {
    if let Some(text) = read_text(raw, at, faults)
        && text != id.as_str()
    {
        let detail = format!("productId must be that of the path, {id}, or be left out");
        faults.add(at, FaultCode::BadFormat, detail);
    }
}

fn read_name(raw: &RawValue, at: Pointer<'_>, faults: &mut Faults) -> Option<String> {
    let name = read_text(raw, at, faults)?;
    if name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        let detail = format!("name must have at most {MAX_NAME_CHARS} characters and no control character");
        faults.add(at, FaultCode::BadFormat, detail);
        return None;
    }
    Some(name.into_owned())
}

fn read_stock(raw: Option<&RawValue>, at: Pointer<'_>, faults: &mut Faults) -> Option<u32> {
    let text = read_number(required(raw, at, faults)?, at, faults)?;
    let stock = text.parse().ok().filter(|stock| *stock <= MAX_STOCK);
    if stock.is_none() {
        let detail = format!("stock must be a whole number from 0 to {MAX_STOCK}");
        faults.add(at, FaultCode::OutOfRange, detail);
    }
    stock
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::parse_product;
    use crate::ProductId;

    fn check(body: &str, expected: &Expect) {
        let shown = match parse_product(ProductId::new("PROD-001").unwrap(), body.as_bytes()) {
            Ok(product) => serde_json::to_string(&product).unwrap(),
            Err(faults) => faults
                .iter()
                .map(|f| format!("[{}] {:?}: {}\n", f.pointer, f.code, f.detail))
                .collect(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn takes_a_product() {
        check(
            r#"{"name":"Mug","price":29.99,"stock":7}"#,
            &expect![[r#"{"productId":"PROD-001","name":"Mug","price":29.99,"currency":"USD","stock":7}"#]],
        );
        check(
            r#"{"productId":"PROD-001","price":1200,"currency":"JPY","stock":0}"#,
            &expect![[r#"{"productId":"PROD-001","name":"","price":1200,"currency":"JPY","stock":0}"#]],
        );
    }

    #[test]
    fn tells_every_fault() {
        check(
            r#"{"productId":"PROD-002","name":"a\u0007","price":1.5,"currency":"JPY","stock":-1,"colour":"red"}"#,
            &expect![[r#"
                [/colour] UnknownField: unknown field: colour; known here: productId, name, price, currency, stock
                [/productId] BadFormat: productId must be that of the path, PROD-001, or be left out
                [/name] BadFormat: name must have at most 200 characters and no control character
                [/price] TooManyDecimals: JPY has 0 decimals; 1.5 has more
                [/stock] OutOfRange: stock must be a whole number from 0 to 1000000000
            "#]],
        );
        check(
            "{}",
            &expect![[r#"
                [/price] MissingField: Missing required field: price
                [/stock] MissingField: Missing required field: stock
            "#]],
        );
        check(
            "",
            &expect![[r#"
                [] MalformedJson: the body is empty; send a JSON object
            "#]],
        );
    }
}
