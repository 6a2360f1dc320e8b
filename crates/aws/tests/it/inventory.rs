//! Stock of orders that are longer than one transaction.

use domain::{Currency, OrderId, OrderLine, Product, ProductId, Quantity};
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::inventory::{Inventory, Released, TakeStockError};

use aws::Store;

use crate::support::Resources;

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
    store.take_stock(order, lines.clone()).await.unwrap();
    store.take_stock(order, lines.clone()).await.unwrap();
    assert_eq!(left(&store, &lines).await, vec![4; 100]);
    assert_eq!(store.release_stock(order).await.unwrap(), Released::Now);
    assert_eq!(store.release_stock(order).await.unwrap(), Released::Before);
    assert_eq!(left(&store, &lines).await, vec![5; 100]);
    let again = store.take_stock(order, lines).await;
    assert!(matches!(again, Err(TakeStockError::Released(_))), "{again:?}");
}

#[tokio::test]
async fn the_hundredth_line_out_of_stock_leaves_nothing_taken() {
    let store = Resources::shared().await.store();
    let order = store.next_order_id();
    let lines = lines(&store, order, |number| u32::from(number != 99)).await;
    let refused = store.take_stock(order, lines.clone()).await;
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
