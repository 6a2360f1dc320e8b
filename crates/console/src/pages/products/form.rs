//! A product as a form has it: texts, with what is wrong beside each.

use domain::{Fault, Product, ProductId, put_product::parse_product};
use maud::{Markup, html};
use serde_json::{Map, Number, Value};

use crate::query::Fields;
use crate::view::icon;

/// The fields' texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    pub id: String,
    pub name: String,
    pub price: String,
    pub currency: String,
    pub stock: String,
}

impl Texts {
    pub(super) fn of(product: &Product) -> Self {
        let mut price = product.price.decimal();
        price.rescale(product.currency.decimals().max(product.price.scale()));
        Self {
            id: product.product_id.to_string(),
            name: product.name.clone(),
            price: price.to_string(),
            currency: product.currency.to_string(),
            stock: product.stock.to_string(),
        }
    }

    pub(super) fn read(form: &Fields, id: &str) -> Self {
        let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
        Self {
            id: id.to_owned(),
            name: text("name"),
            price: text("price"),
            currency: text("currency").to_uppercase(),
            stock: text("stock"),
        }
    }

    /// The product, by the rules of `PUT /products/{productId}`.
    pub(super) fn product(&self, id: ProductId) -> Result<Product, Vec<Fault>> {
        let number = |text: &str| match text.parse::<Number>() {
            Ok(number) => Value::Number(number),
            // What is no number is told so by the rules, in the words that they have for it.
            Err(_) => Value::String(text.to_owned()),
        };
        let body = Map::from_iter([
            ("name".to_owned(), Value::String(self.name.clone())),
            ("price".to_owned(), number(&self.price)),
            ("currency".to_owned(), Value::String(self.currency.clone())),
            ("stock".to_owned(), number(&self.stock)),
        ]);
        parse_product(id, Value::Object(body).to_string().as_bytes())
    }

    /// Names and values, to be sent along with the confirmation.
    pub(super) fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("productId", &self.id),
            ("name", &self.name),
            ("price", &self.price),
            ("currency", &self.currency),
            ("stock", &self.stock),
        ]
    }
}

/// The form's fields.
pub(super) fn inputs(texts: &Texts, is_new: bool, faults: &[Fault]) -> Markup {
    html! {
        @if is_new {
            (input("productId", "Product id", &texts.id, faults, "Letters, digits and -_.: such as PROD-004"))
        }
        (input("name", "Name", &texts.name, faults, "What customers read"))
        div.pair {
            (input("price", "Price of one", &texts.price, faults, "Exact, such as 29.99"))
            (input("currency", "Currency", &texts.currency, faults, "ISO 4217, such as USD"))
        }
        (input("stock", "Stock", &texts.stock, faults, "How many can still be sold"))
    }
}

fn input(name: &str, label: &str, value: &str, faults: &[Fault], help: &str) -> Markup {
    let fault = faults
        .iter()
        .find(|fault| fault.pointer.trim_start_matches('/') == name);
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(value) autocomplete="off" aria-describedby={ (name) "-help" }
                aria-invalid=[fault.map(|_| "true")] required[name != "name"]
                inputmode=[matches!(name, "price" | "stock").then_some("decimal")];
            p.help id={ (name) "-help" } {
                @match fault {
                    Some(fault) => span.error-text { (icon::warning()) (fault.detail) },
                    None => (help),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ProductId;

    use super::Texts;

    fn texts(price: &str, stock: &str) -> Texts {
        Texts {
            id: "P".into(),
            name: "Mug <b>".into(),
            price: price.into(),
            currency: "USD".into(),
            stock: stock.into(),
        }
    }

    #[test]
    fn a_product_is_read_exactly_and_faults_name_their_field() {
        let id = || ProductId::new("P").unwrap();
        let product = texts("29.90", "7").product(id()).unwrap();
        assert_eq!(Texts::of(&product), texts("29.90", "7"));
        let faults = texts("cheap", "-1").product(id()).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/price", "/stock"]);
    }
}
