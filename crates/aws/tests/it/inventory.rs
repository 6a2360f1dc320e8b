//! Stock: of orders that are longer than one transaction, and of products that many want at once.

use std::sync::Arc;

use aws::{EmbeddedMetrics, Store};
use connectors::{SimulatedGateway, SimulatedSettings};
use domain::{Currency, OrderId, OrderLine, Product, ProductId, Quantity};
use functions::OrderProcessing;
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::inventory::{Inventory, Released, TakeStockError};
use ports::orders::PlaceOrder;
use serde_json::json;

use crate::front::Front;
use crate::support::{Resources, order};

/// Lines of one piece each, for products that are there with this much stock.
async fn lines(store: &Store, of: OrderId, stock: impl Fn(usize) -> u32) -> Vec<OrderLine> {
    let mut lines = Vec::new();
    for number in 0..100 {
        let price = "1.00".parse().unwrap();
        let product_id = ProductId::new(format!("P-{of}-{number:03}")).unwrap();
        let product = Product {
            product_id: product_id.clone(),
            name: String::new(),
            price,
            currency: Currency::USD,
            stock: stock(number),
        };
        store.put_product(product).await.unwrap();
        lines.push(OrderLine {
            product_id,
            quantity: Quantity::new(1).unwrap(),
            price,
        });
    }
    lines
}

async fn left(store: &Store, lines: &[OrderLine]) -> Vec<u32> {
    let ids = lines.iter().map(|line| line.product_id.clone()).collect();
    let products = store.get_products(ids).await.unwrap();
    products
        .into_iter()
        .map(|product| product.unwrap().stock)
        .collect()
}

#[tokio::test]
async fn a_hundred_lines_are_taken_once_and_given_back_once() {
    let store = Resources::shared().await.store();
    let order = store.next_order_id();
    let lines = lines(&store, order, |_| 5).await;
    store.take_stock(order, &lines).await.unwrap();
    store.take_stock(order, &lines).await.unwrap();
    assert_eq!(left(&store, &lines).await, vec![4; 100]);
    assert_eq!(store.release_stock(order).await.unwrap(), Released::Now);
    assert_eq!(store.release_stock(order).await.unwrap(), Released::Before);
    assert_eq!(left(&store, &lines).await, vec![5; 100]);
    let again = store.take_stock(order, &lines).await;
    assert!(matches!(again, Err(TakeStockError::Released(_))), "{again:?}");
}

#[tokio::test]
async fn the_hundredth_line_out_of_stock_leaves_nothing_taken() {
    let store = Resources::shared().await.store();
    let order = store.next_order_id();
    let lines = lines(&store, order, |number| u32::from(number != 99)).await;
    let refused = store.take_stock(order, &lines).await;
    let Err(TakeStockError::OutOfStock {
        product_id,
        requested: 1,
        available: 0,
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(product_id, lines[99].product_id);
    let mut expected = vec![1; 100];
    expected[99] = 0;
    assert_eq!(left(&store, &lines).await, expected);
    assert_eq!(store.release_stock(order).await.unwrap(), Released::NothingTaken);
}

/// What DynamoDB answers to a transaction that another one met at the second of its items.
const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]}"#;

#[tokio::test]
async fn a_product_that_many_want_is_waited_for() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    front.refuse_at("DynamoDB_20120810.TransactWriteItems", 7, 400, CONFLICT);
    store.take_stock(order.order_id, &order.items).await.unwrap();
    assert_eq!(front.refused(), 7);
    let product = store.get_products(vec![order.items[0].product_id.clone()]).await;
    assert_eq!(product.unwrap()[0].as_ref().unwrap().stock, 8);
}

#[tokio::test]
async fn a_product_that_stays_crowded_is_busy_for_the_workflow_and_nothing_is_taken() {
    let resources = Resources::shared().await;
    let front = Front::start(resources).await;
    let store = resources.store_with(&[], &front.address);
    let order = order(&store).await;
    let id = order.order_id;
    store.place_order(order.clone().into(), None).await.unwrap();
    let gateway = SimulatedGateway::new(
        Arc::clone(&store),
        Arc::clone(&store),
        SimulatedSettings::default(),
    );
    let metrics = Arc::new(EmbeddedMetrics::new(None));
    let function = OrderProcessing::new(Arc::clone(&store), Arc::new(gateway), metrics);
    let task = json!({ "action": "updateInventory", "orderId": id, "createdAt": order.created_at });
    front.refuse_at("DynamoDB_20120810.TransactWriteItems", u32::MAX, 400, CONFLICT);
    let error = function.run_task(&task).await.unwrap_err();
    assert_eq!(error.error_type, "StockBusy", "{error}");
    assert_eq!(front.refused(), 11, "one try and ten more");
    front.pass();
    let product = store.get_products(vec![order.items[0].product_id.clone()]).await;
    assert_eq!(product.unwrap()[0].as_ref().unwrap().stock, 10);
    assert_eq!(function.run_task(&task).await.unwrap()["status"], "success");
}
