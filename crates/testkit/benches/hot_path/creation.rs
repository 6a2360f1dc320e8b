//! The order creation function alone: reading and checking the request, and making the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use domain::{Currency, OrderId, PlacedOrder, Placement, Product, ProductId};
use functions::OrderCreation;
use ports::StoreError;
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::function::Handler;
use ports::orders::{Idempotency, PlaceOrder, PlaceOrderError, Placed};
use telemetry::Registry;

use crate::support::{assert_created, block_on, context, invocation, log_to};

/// A store that keeps nothing, so that the function alone is counted, and sells mugs.
struct Nothing {
    mug: Product,
    ids: AtomicU16,
}

impl PlaceOrder for Nothing {
    async fn place_order(
        &self,
        placement: Placement,
        _: Option<Idempotency>,
    ) -> Result<Placed, PlaceOrderError> {
        // As a store does, which keeps it.
        placement.json().unwrap();
        Ok(Placed::Created(Arc::clone(placement.order())))
    }

    async fn find_placed(
        &self,
        _: OrderId,
        _: Idempotency,
    ) -> Result<Option<Arc<PlacedOrder>>, PlaceOrderError> {
        Ok(None)
    }
}

impl Catalogue for Nothing {
    async fn get_products(&self, ids: Vec<ProductId>) -> Result<Vec<Option<Product>>, StoreError> {
        Ok(ids
            .iter()
            .map(|id| (*id == self.mug.product_id).then(|| self.mug.clone()))
            .collect())
    }

    async fn list_products(&self, _: Option<ProductId>, _: u32) -> Result<Vec<Product>, StoreError> {
        Ok(vec![self.mug.clone()])
    }

    async fn put_product(&self, _: Product) -> Result<bool, StoreError> {
        Ok(false)
    }
}

impl OrderIds for Nothing {
    fn next_order_id(&self) -> OrderId {
        OrderId::from_parts(1_768_469_400_123, self.ids.fetch_add(1, Ordering::Relaxed), 0)
    }
}

/// Answers so many requests.
pub fn run(times: u32) {
    let dir = tempfile::tempdir().unwrap();
    log_to(dir.path());
    let store = Arc::new(Nothing {
        mug: Product {
            product_id: ProductId::new("MUG").unwrap(),
            name: "Mug".to_owned(),
            price: "10.00".parse().unwrap(),
            currency: Currency::USD,
            stock: 10,
        },
        ids: AtomicU16::new(0),
    });
    let create = Arc::new(OrderCreation::new(
        Arc::clone(&store),
        store,
        Arc::new(Registry::new()),
    ));
    block_on(async {
        for _ in 0..times {
            assert_created(&Arc::clone(&create).call(invocation(), context()).await.unwrap());
        }
    });
}
