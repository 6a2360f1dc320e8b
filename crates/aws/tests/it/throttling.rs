//! A table that throttles: tried again, and said to be busy when that doesn't help.

use domain::ProductId;
use ports::StoreError;
use ports::catalogue::Catalogue;
use ports::orders::{OrderQueries, PlaceOrder};

use crate::front::Front;
use crate::support::{Resources, order};

const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#;

#[tokio::test]
async fn a_throttled_table_is_asked_again() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    front.refuse(2, 400, THROTTLED);
    store.place_order(order.clone(), None).await.unwrap();
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
    let error = store.place_order(order.clone(), None).await.unwrap_err();
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
        store.place_order(order.clone(), None).await.unwrap();
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
