//! A table that throttles: tried again, and said to be busy when that doesn't help.

use std::sync::Arc;

use aws::{CustomerMessages, Delivery, Store};
use domain::{OrderStatus, PlacedOrder, ProductId};
use ports::StoreError;
use ports::catalogue::Catalogue;
use ports::clock::Clock;
use ports::inventory::{Inventory, TakeStockError};
use ports::notify::{Channel, Message, Sender};
use ports::orders::{OrderQueries, PlaceOrder};
use ports::payment::{ChargeOutcome, GatewayLedger, LedgerEntry};
use ports::processing::{BeginError, BeginOrder, BeginProcessing};

use crate::front::Front;
use crate::support::{Resources, order};

/// The writes of an order's way, each of which may meet a table that throttles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Begin,
    TakeStock,
    Charge,
    ClaimMessage,
}

impl Step {
    const ALL: [Self; 4] = [Self::Begin, Self::TakeStock, Self::Charge, Self::ClaimMessage];

    async fn run(self, store: &Arc<Store>, order: &PlacedOrder) -> Result<(), StoreError> {
        match self {
            Self::Begin => {
                let begin = BeginOrder {
                    order_id: order.order_id,
                    created_at: order.created_at,
                    trace_id: order.trace_id.clone(),
                    trace_header: None,
                };
                match store.begin_processing(vec![begin]).await.pop().unwrap() {
                    Ok(_) => Ok(()),
                    Err(BeginError::Store { source, .. }) => Err(source),
                    Err(error) => panic!("{error}"),
                }
            }
            Self::TakeStock => match store.take_stock(order.order_id, &order.items).await {
                Ok(()) => Ok(()),
                Err(TakeStockError::Store { source, .. }) => Err(source),
                Err(error) => panic!("{error}"),
            },
            Self::Charge => {
                let entry = LedgerEntry {
                    idempotency_key: format!("{}:pay", order.order_id),
                    payment_id: format!("PAY-{}", order.order_id),
                    order_id: order.order_id,
                    amount: order.total_amount,
                    currency: order.currency,
                    outcome: ChargeOutcome::Charged,
                    at: store.now(),
                };
                store.record_charge(entry).await.map(|_| ())
            }
            Self::ClaimMessage => {
                let on = Delivery {
                    mail_from: Some("shop@example.com".to_owned()),
                    sms: false,
                };
                let message = Message {
                    key: format!("{}:COMPLETED:email", order.order_id),
                    order_id: order.order_id,
                    channel: Channel::Email,
                    recipient: "customer@example.com".to_owned(),
                    subject: "Order".to_owned(),
                    body: "Complete.".to_owned(),
                    trace_id: order.trace_id.clone(),
                };
                CustomerMessages::new(Arc::clone(store), on)
                    .send(vec![message])
                    .await
            }
        }
    }

    /// How often it was done.
    async fn done(self, store: &Arc<Store>, front: &Front, order: &PlacedOrder) -> usize {
        match self {
            Self::Begin => {
                let stored = store.get_order(order.order_id).await.unwrap().unwrap();
                usize::from(stored.state.status == OrderStatus::Processing)
            }
            Self::TakeStock => {
                let ids = vec![order.items[0].product_id.clone()];
                let product = store.get_products(ids).await.unwrap().remove(0).unwrap();
                usize::try_from(10 - product.stock).unwrap() / 2
            }
            Self::Charge => {
                let key = format!("{}:pay", order.order_id);
                usize::from(store.find_entry(key).await.unwrap().is_some())
            }
            Self::ClaimMessage => {
                let called = front.called();
                let sent = called
                    .iter()
                    .filter(|call| call.operation.starts_with("/v2/email"));
                sent.count()
            }
        }
    }
}

const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#;

#[tokio::test]
async fn a_throttled_table_is_asked_again() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    front.refuse(2, 400, THROTTLED);
    store.place_order(order.clone().into(), None).await.unwrap();
    assert_eq!(front.refused(), 2);
    let stored = store.get_order(order.order_id).await.unwrap();
    assert_eq!(stored.unwrap().placed, order);
}

#[tokio::test]
async fn a_table_that_keeps_throttling_is_busy_and_has_nothing() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    front.refuse(u32::MAX, 400, THROTTLED);
    let error = store.get_order(order.order_id).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert_eq!(front.refused(), 4, "one try and three more");
    let error = store.place_order(order.clone().into(), None).await.unwrap_err();
    assert!(error.to_string().contains("could not store order"), "{error}");
    front.pass();
    assert!(store.get_order(order.order_id).await.unwrap().is_none());
}

#[tokio::test]
async fn keys_that_a_busy_table_left_out_are_asked_for_again() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let mut ids: Vec<ProductId> = Vec::new();
    for _ in 0..4 {
        ids.push(order(&store).await.items[0].product_id.clone());
    }
    let found = |products: Vec<Option<domain::Product>>| -> Vec<ProductId> {
        products.into_iter().flatten().map(|p| p.product_id).collect()
    };
    // Four keys, of which two are left, then one.
    front.leave_out(2);
    assert_eq!(found(store.get_products(ids.clone()).await.unwrap()), ids);
    assert_eq!(front.refused(), 2);
    // A table that never comes to the last ones is no table without them.
    front.leave_out(u32::MAX);
    let many: Vec<ProductId> = (0..64)
        .map(|n| ProductId::new(format!("NONE-{n}")).unwrap())
        .collect();
    let error = store.get_products(many).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert_eq!(front.refused(), 6, "one ask and five more, after waits that grow");
}

#[tokio::test]
async fn each_step_of_an_order_outlasts_a_throttled_table_or_has_done_nothing() {
    let resources = Resources::shared().await;
    resources.verify_address("shop@example.com").await;
    for step in Step::ALL {
        let front = Front::start(resources).await;
        let store = resources.store_with(&[], &front.address);
        let order = order(&store).await;
        store.place_order(order.clone().into(), None).await.unwrap();
        front.refuse_at("DynamoDB", u32::MAX, 400, THROTTLED);
        let error = step.run(&store, &order).await.unwrap_err();
        assert!(matches!(error, StoreError::Busy), "{step:?}: {error:?}");
        front.pass();
        assert_eq!(step.done(&store, &front, &order).await, 0, "{step:?}");

        front.refuse_at("DynamoDB", 2, 400, THROTTLED);
        step.run(&store, &order).await.unwrap();
        assert_eq!(front.refused(), 2, "{step:?}");
        // What called it may do so again.
        step.run(&store, &order).await.unwrap();
        assert_eq!(step.done(&store, &front, &order).await, 1, "{step:?}");
    }
}
