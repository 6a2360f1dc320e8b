//! What the ports promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws::{CustomerMessages, Delivery, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{OrderId, PlacedOrder};
use ports::feed::ChangeLog;
use ports::orders::PlaceOrder;
use testkit::conformance::by_hand::Hands;
use testkit::conformance::{Broken, Outcome};

use crate::feed::record;
use crate::support::{Resources, order, set};

/// One set of tables for all cases: each makes orders and products of its own.
async fn backend() -> Arc<Store> {
    Resources::shared().await.store()
}

testkit::conformance!(backend);

/// Tables of its own, without the functions that work on them.
struct Aws {
    resources: Resources,
    store: Arc<Store>,
    messages: CustomerMessages,
    fed: AtomicU64,
}

async fn hands() -> Box<Aws> {
    let resources = Resources::make().await;
    let store = resources.store();
    Box::new(Aws {
        messages: CustomerMessages::new(Arc::clone(&store), Delivery::default()),
        store,
        resources,
        fed: AtomicU64::new(0),
    })
}

impl Hands for Aws {
    type Backend = Store;
    type Sender = CustomerMessages;

    fn backend(&self) -> &Store {
        &self.store
    }

    fn sender(&self) -> &CustomerMessages {
        &self.messages
    }

    /// As `order-feed` does with the table's stream.
    async fn feed(&self, order: &PlacedOrder) -> Outcome {
        let number = self.fed.fetch_add(1, Ordering::Relaxed);
        Ok(self.store.append_changes(vec![record(number, order)]).await?)
    }

    /// As the workflow's `MarkNeedsAttention` does.
    async fn strand(&self) -> Result<OrderId, Broken> {
        let order = order(&self.store).await;
        let id = order.order_id;
        self.store.place_order(order.into(), None).await?;
        let why = AttributeValue::S("RefundUnavailable".to_owned());
        set(&self.resources, id, "attention", why).await;
        Ok(id)
    }
}

testkit::conformance_by_hand!(hands);
