//! The catalogue of products.

use std::future::Future;

use domain::{Product, ProductId};

use crate::StoreError;

/// Reads and writes products.
pub trait Catalogue: Send + Sync {
    /// The products of these ids, in the same order; `None` for one that doesn't exist.
    fn get_products(
        &self,
        ids: Vec<ProductId>,
    ) -> impl Future<Output = Result<Vec<Option<Product>>, StoreError>> + Send;

    /// At most `limit` products by id, after `after`.
    fn list_products(
        &self,
        after: Option<ProductId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Product>, StoreError>> + Send;

    /// Writes the product whole; when it returns, it is durable and later calls see it. `true` when it is new.
    fn put_product(&self, product: Product) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
