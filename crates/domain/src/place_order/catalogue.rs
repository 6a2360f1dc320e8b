//! An order's lines against the catalogue: a client can't choose its own price.

use crate::fault::{Fault, FaultCode, Faults, Pointer};
use crate::place_order::PlaceOrderRequest;
use crate::{Currency, OrderLine, Product};

/// Checks each line against its product; `products` are those of the lines, in the same order.
///
/// # Errors
/// Every fault at once: a product that doesn't exist, a price or a currency that is not the catalogue's.
pub fn check_against_catalogue(
    request: &PlaceOrderRequest,
    products: &[Option<Product>],
) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    let items = Pointer::Member(&Pointer::Root, "items");
    for (index, line) in request.items().iter().enumerate() {
        let product = products.get(index).and_then(Option::as_ref);
        check_line(
            line,
            product,
            request.currency(),
            items.element(index),
            &mut faults,
        );
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.into_vec())
    }
}

fn check_line(
    line: &OrderLine,
    product: Option<&Product>,
    currency: Currency,
    at: Pointer<'_>,
    faults: &mut Faults,
) {
    let Some(product) = product.filter(|p| p.product_id == line.product_id) else {
        let detail = format!(
            "there is no product {}; GET /products lists those there are",
            line.product_id
        );
        faults.add(at.member("productId"), FaultCode::UnknownProduct, detail);
        return;
    };
    let id = &product.product_id;
    if product.currency != currency {
        let detail = format!("{id} is sold in {}, not in {currency}", product.currency);
        faults.add(at.member("price"), FaultCode::CurrencyMismatch, detail);
    } else if product.price != line.price {
        let detail = format!("{id} costs {} {currency}, not {}", product.price, line.price);
        faults.add(at.member("price"), FaultCode::PriceMismatch, detail);
    }
}
