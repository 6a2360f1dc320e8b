//! Orders cancelled at each point of their way: what they took is given back, and their customer is told once.

use std::path::Path;

use connectors::{Rate, SimulatedSettings};
use domain::{Order, OrderId, OrderStatus};
use ports::catalogue::Catalogue;
use ports::operations::Operations;
use ports::orders::{CancelOrder, CancelOrderError, OrderQueries};
use ports::payment::{ChargeOutcome, GatewayLedger};
use testkit::{Audit, Shop, ShopOptions};

use crate::by_hand::{Point, Stops, clock, options, real_functions};

const SHELF: &str = "SHELF";
const STOCK: u32 = 10;

fn always_paid() -> SimulatedSettings {
    SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    }
}

async fn cancel(shop: &Shop, order: OrderId) -> Result<Order, CancelOrderError> {
    shop.engine.cancel_order(order, "Changed my mind".into()).await
}

/// What the customer was told by mail.
async fn told(shop: &Shop) -> Vec<String> {
    let mails = shop.engine.list_outbox(100).await.unwrap();
    let status = |subject: &str| subject.rsplit(' ').next().unwrap().to_owned();
    let mut told: Vec<String> = mails.iter().map(|mail| status(&mail.subject)).collect();
    told.sort();
    told
}

async fn charge(shop: &Shop, order: OrderId) -> Option<ChargeOutcome> {
    let entry = shop.engine.find_entry(format!("{order}:pay")).await.unwrap();
    entry.map(|entry| entry.outcome)
}

async fn stock(shop: &Shop) -> u32 {
    let products = shop
        .engine
        .get_products(vec![domain::ProductId::new(SHELF).unwrap()])
        .await;
    products.unwrap().remove(0).unwrap().stock
}

/// Cancelled it stays, its customer was told just this, nothing is kept, and nothing else is wrong in the books.
async fn check_cancelled(shop: Shop, dir: &Path, order: OrderId, mails: &[&str]) {
    let now = shop.engine.get_order(order).await.unwrap().unwrap();
    assert_eq!(now.state.status, OrderStatus::Cancelled);
    assert_eq!(now.state.failure_reason.as_deref(), Some("Changed my mind"));
    assert_eq!(now.state.attention, None);
    assert_eq!(stock(&shop).await, STOCK);
    assert_eq!(told(&shop).await, mails);
    shop.close().await;
    let violations = Audit::open(dir)
        .unwrap()
        .violations(&[order], &[(SHELF, i64::from(STOCK))]);
    assert_eq!(violations.unwrap(), []);
}

#[tokio::test]
async fn a_pending_order_is_cancelled_before_anything_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let options = ShopOptions {
        payments: always_paid(),
        ..options(&clock(), None)
    };
    let shop = Shop::open_idle(dir.path(), &options).await.unwrap();
    shop.stock(SHELF, STOCK).await.unwrap();
    let order = shop.place(SHELF, 2).await.unwrap();
    let cancelled = cancel(&shop, order).await.unwrap();
    assert_eq!(cancelled.state.status, OrderStatus::Cancelled);
    shop.start(&options).await.unwrap();
    shop.settled().await.unwrap();
    assert_eq!(charge(&shop, order).await, None);
    assert_eq!(shop.engine.list_executions(None, None, 10).await.unwrap(), []);
    check_cancelled(shop, dir.path(), order, &["CANCELLED"]).await;
}

#[tokio::test]
async fn an_order_cancelled_while_a_function_works_on_it_is_given_back_all_that_it_took() {
    for (action, point) in [
        ("processPayment", Point::Before),
        ("processPayment", Point::After),
        ("updateInventory", Point::Before),
        ("updateInventory", Point::After),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let shop = Shop::open_idle(dir.path(), &options(&clock(), None))
            .await
            .unwrap();
        shop.stock(SHELF, STOCK).await.unwrap();
        let mut functions = real_functions(&shop, always_paid());
        let processing = functions.remove("order-processing").unwrap();
        let (processing, mut stops) = Stops::at(processing, action, point);
        functions.insert("order-processing".into(), processing);
        shop.engine.start(functions).await.unwrap();

        let order = shop.place(SHELF, 2).await.unwrap();
        let go_on = stops.recv().await.unwrap();
        cancel(&shop, order).await.unwrap();
        go_on.send(()).unwrap();
        shop.settled().await.unwrap();

        let (outcome, mails) = match (action, point) {
            ("processPayment", Point::Before) => (None, &["CANCELLED", "PROCESSING"][..]),
            _ => (
                Some(ChargeOutcome::Refunded),
                &["CANCELLED", "PROCESSING", "REFUNDED"][..],
            ),
        };
        assert_eq!(charge(&shop, order).await, outcome, "{action} {point:?}");
        check_cancelled(shop, dir.path(), order, mails).await;
    }
}

#[tokio::test]
async fn an_order_that_has_ended_is_not_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let options = ShopOptions {
        payments: always_paid(),
        ..options(&clock(), None)
    };
    let shop = Shop::open(dir.path(), &options).await.unwrap();
    shop.stock(SHELF, STOCK).await.unwrap();
    // One after the other: which of two orders under way takes the stock is nobody's to say.
    let completed = shop.place(SHELF, 2).await.unwrap();
    shop.settled().await.unwrap();
    let failed = shop.place(SHELF, STOCK).await.unwrap();
    shop.settled().await.unwrap();
    let before = told(&shop).await;
    for (order, status) in [(completed, OrderStatus::Completed), (failed, OrderStatus::Failed)] {
        let refused = cancel(&shop, order).await;
        assert!(
            matches!(refused, Err(CancelOrderError::Ended(ended)) if ended == status),
            "{refused:?}"
        );
        assert_eq!(
            shop.engine.get_order(order).await.unwrap().unwrap().state.status,
            status
        );
    }
    let unknown = shop.order(SHELF, 1).await.unwrap().order_id;
    let refused = cancel(&shop, unknown).await;
    assert!(
        matches!(refused, Err(CancelOrderError::NotFound(id)) if id == unknown),
        "{refused:?}"
    );
    shop.settled().await.unwrap();
    assert_eq!(told(&shop).await, before);
}

#[tokio::test]
async fn an_order_is_cancelled_once() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&clock(), None);
    let shop = Shop::open_idle(dir.path(), &options).await.unwrap();
    shop.stock(SHELF, STOCK).await.unwrap();
    let order = shop.place(SHELF, 2).await.unwrap();
    cancel(&shop, order).await.unwrap();
    let again = cancel(&shop, order).await;
    assert!(
        matches!(again, Err(CancelOrderError::Ended(OrderStatus::Cancelled))),
        "{again:?}"
    );
    shop.start(&options).await.unwrap();
    shop.settled().await.unwrap();
    check_cancelled(shop, dir.path(), order, &["CANCELLED"]).await;
}
