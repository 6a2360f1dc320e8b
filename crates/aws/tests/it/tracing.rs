//! The trace of an order goes with its message, its news and its execution.

use domain::OrderStatus;
use ports::orders::{CancelOrder, PlaceOrder};
use ports::processing::{BeginOrder, BeginProcessing};

use crate::front::Front;
use crate::support::{Resources, order};

#[tokio::test]
async fn what_is_published_about_an_order_names_the_orders_trace() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let trace = Some("Root=1-01234567-89abcdef0123456789abcdef;Sampled=0".to_owned());

    let processed = order(&store).await;
    store.place_order(processed.clone(), None).await.unwrap();
    let begin = BeginOrder {
        order_id: processed.order_id,
        created_at: processed.created_at,
        trace_id: processed.trace_id.clone(),
    };
    for begun in store.begin_processing(vec![begin]).await {
        begun.unwrap();
    }
    let cancelled = order(&store).await;
    store.place_order(cancelled.clone(), None).await.unwrap();
    store
        .cancel_order(cancelled.order_id, "changed their mind".to_owned())
        .await
        .unwrap();

    let published = |status: OrderStatus| {
        let calls = front.called();
        let mut calls = calls.into_iter().filter(|call| {
            call.operation.contains("Action=Publish") && call.operation.contains(status.as_str())
        });
        let call = calls.next().expect("nothing was published");
        assert!(calls.next().is_none(), "published twice");
        call.trace
    };
    assert_eq!(published(OrderStatus::Processing), trace);
    assert_eq!(published(OrderStatus::Cancelled), trace);
}
