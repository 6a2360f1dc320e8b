//! Stock: taken for an order, and given back.

use std::future::Future;

use domain::{OrderId, OrderLine, ProductId};

use crate::StoreError;

/// Why the stock was not taken. None of it was.
#[derive(Debug, thiserror::Error)]
pub enum TakeStockError {
    /// Fewer in stock than ordered.
    #[error("{product_id}: {requested} ordered, {available} in stock")]
    OutOfStock {
        /// Which product.
        product_id: ProductId,
        /// How many were ordered.
        requested: u32,
        /// How many there are.
        available: u32,
    },
    /// Not in the catalogue any more.
    #[error("there is no product {0}")]
    UnknownProduct(ProductId),
    /// The stock of this order was given back already; it must not be taken again.
    #[error("the stock of order {0} was released already")]
    Released(OrderId),
    /// The store failed.
    #[error("could not take stock for order {id}")]
    Store {
        /// The order.
        id: OrderId,
        /// Why.
        source: StoreError,
    },
}

/// What a release found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The stock is back on the shelf.
    Now,
    /// It was given back before.
    Before,
    /// Nothing had been taken; from now on nothing can be for this order.
    NothingTaken,
}

/// Takes stock and gives it back, once per order whatever is repeated.
pub trait Inventory: Send + Sync {
    /// Takes every line's quantity, all or nothing. A repeat for the same order succeeds without taking more.
    fn take_stock(
        &self,
        order: OrderId,
        lines: &[OrderLine],
    ) -> impl Future<Output = Result<(), TakeStockError>> + Send;

    /// Gives back what was taken for the order. A repeat changes nothing.
    fn release_stock(&self, order: OrderId) -> impl Future<Output = Result<Released, StoreError>> + Send;
}
