//! Orders and products that no other case has.

use std::sync::Arc;

use domain::{
    Amount, Currency, CustomerId, OrderId, OrderLine, PlacedOrder, Placement, Product, ProductId, Quantity,
    Timestamp,
};
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::orders::{PlaceOrder, Placed};

use super::Broken;

fn sample<T, E: std::fmt::Display>(made: Result<T, E>) -> Result<T, Broken> {
    made.map_err(|error| Broken::Sample(error.to_string()))
}

/// The backend's time now, as its ids tell it.
pub fn now(ids: &impl OrderIds) -> Timestamp {
    ids.next_order_id().created_at()
}

/// An amount of money.
pub fn amount(text: &str) -> Result<Amount, Broken> {
    sample(text.parse())
}

/// A customer of nobody else.
pub fn customer(ids: &impl OrderIds) -> Result<CustomerId, Broken> {
    sample(CustomerId::new(format!("CUST-{}", ids.next_order_id())))
}

/// The id of a product that isn't there yet; `place` orders those of one case.
pub fn product_id(ids: &impl OrderIds, place: u32) -> Result<ProductId, Broken> {
    sample(ProductId::new(format!("P-{}-{place}", ids.next_order_id())))
}

/// A product that is on the shelf with this much stock.
pub async fn product<B: Catalogue + OrderIds>(backend: &B, stock: u32) -> Result<Product, Broken> {
    let product = Product {
        product_id: product_id(backend, 0)?,
        name: "Käsehobel “groß” 🧀".to_owned(),
        price: amount("29.99")?,
        currency: Currency::USD,
        stock,
    };
    backend.put_product(product.clone()).await?;
    Ok(product)
}

/// A line of an order.
pub fn line(product: &Product, quantity: u32) -> Result<OrderLine, Broken> {
    Ok(OrderLine {
        product_id: product.product_id.clone(),
        quantity: sample(Quantity::new(quantity))?,
        price: product.price,
    })
}

/// An order that could be placed, of a customer who has no other.
pub fn order(ids: &impl OrderIds) -> Result<PlacedOrder, Broken> {
    order_with_id(ids, ids.next_order_id())
}

fn order_with_id(ids: &impl OrderIds, order_id: OrderId) -> Result<PlacedOrder, Broken> {
    let price = amount("29.99")?;
    Ok(PlacedOrder {
        order_id,
        customer_id: customer(ids)?,
        total_amount: sample(price.times(2))?,
        currency: Currency::USD,
        created_at: order_id.created_at(),
        items: vec![OrderLine {
            product_id: sample(ProductId::new("PROD-001"))?,
            quantity: sample(Quantity::new(2))?,
            price,
        }],
        customer_email: Some("customer@example.com".to_owned()),
        customer_phone: Some("+4915112345678".to_owned()),
        metadata: None,
        trace_id: "0123456789abcdef0123456789abcdef".to_owned(),
    })
}

/// An order of this customer, whose id and time are of this moment.
pub fn order_of(ids: &impl OrderIds, customer: &CustomerId) -> Result<PlacedOrder, Broken> {
    Ok(PlacedOrder {
        customer_id: customer.clone(),
        ..order(ids)?
    })
}

/// An order of this customer that was created `ms` milliseconds after `start`.
pub fn order_at(
    ids: &impl OrderIds,
    customer: &CustomerId,
    start: Timestamp,
    ms: u64,
) -> Result<PlacedOrder, Broken> {
    let fresh = ids.next_order_id();
    let start = u64::try_from(start.as_ms()).unwrap_or_default();
    let id = OrderId::from_parts(start + ms, fresh.counter(), fresh.as_uuid().as_u64_pair().1);
    Ok(PlacedOrder {
        customer_id: customer.clone(),
        ..order_with_id(ids, id)?
    })
}

/// Places an order that is new.
pub async fn placed<B: PlaceOrder + OrderIds>(backend: &B) -> Result<Arc<PlacedOrder>, Broken> {
    place(backend, order(backend)?).await
}

/// Places this order, which is new.
pub async fn place<B: PlaceOrder>(
    backend: &B,
    order: impl Into<Placement>,
) -> Result<Arc<PlacedOrder>, Broken> {
    match backend.place_order(order.into(), None).await? {
        Placed::Created(order) => Ok(order),
        Placed::Replayed(order) => Err(Broken::Promise {
            promise: "an order without an idempotency key is new",
            found: format!("found {order:?}"),
        }),
    }
}
