//! The products that a new installation starts with, so that a first order can be placed at once.

use domain::{Amount, Currency, Product, ProductId};

/// Id, name, price, currency, stock. `PROD-001` has enough for any benchmark, `PROD-OUT` has none.
const SAMPLES: [(&str, &str, &str, &str, u32); 12] = [
    ("PROD-001", "Stoneware mug", "29.99", "USD", 1_000_000),
    ("PROD-002", "Linen tea towel", "12.50", "USD", 500),
    ("PROD-003", "Walnut serving board", "64.00", "USD", 120),
    ("PROD-004", "Cast iron tea pot", "89.95", "USD", 40),
    ("PROD-005", "Beeswax candle", "9.75", "USD", 800),
    ("PROD-006", "Wool throw", "139.00", "USD", 60),
    ("PROD-007", "Pocket notebook", "6.20", "USD", 2_000),
    ("PROD-008", "Brass pen", "45.00", "USD", 150),
    ("PROD-009", "Sencha, 100 g", "18.40", "USD", 300),
    ("PROD-EUR", "Enamel jug", "34.50", "EUR", 250),
    ("PROD-JPY", "Matcha whisk", "2800", "JPY", 90),
    ("PROD-OUT", "Sold-out print", "15.00", "USD", 0),
];

/// The sample products.
pub(super) fn sample_products() -> Vec<Product> {
    SAMPLES.into_iter().filter_map(sample_product).collect()
}

/// `None` for a sample that is no product; a test makes sure that there is none.
fn sample_product((id, name, price, currency, stock): (&str, &str, &str, &str, u32)) -> Option<Product> {
    Some(Product {
        product_id: ProductId::new(id).ok()?,
        name: name.to_owned(),
        price: price.parse::<Amount>().ok()?,
        currency: currency.parse::<Currency>().ok()?,
        stock,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_a_product_with_no_more_decimals_than_its_currency() {
        let products = sample_products();
        assert_eq!(products.len(), SAMPLES.len());
        for product in products {
            assert!(
                product.price.scale() <= product.currency.decimals(),
                "{}",
                product.product_id
            );
        }
    }
}
