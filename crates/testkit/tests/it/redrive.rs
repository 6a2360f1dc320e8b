//! What failed for good is run again once its cause is gone: nobody pays twice, and nothing is taken twice.

use std::collections::HashMap;
use std::sync::Arc;

use connectors::{Rate, SimulatedSettings};
use domain::{OrderId, OrderStatus};
use embedded::{Engine, Faults};
use ports::function::{Context, FunctionError, Handler, Invocation, ReplyFuture};
use ports::operations::Operations;
use ports::orders::OrderQueries;
use ports::payment::{ChargeOutcome, GatewayLedger};
use testkit::{Handlers, Shop, ShopOptions};

use crate::support::Scenario;

async fn charge(shop: &Shop, order: OrderId) -> ChargeOutcome {
    let entry = shop.engine.find_entry(format!("{order}:pay")).await.unwrap();
    entry.unwrap().outcome
}

#[tokio::test]
async fn an_execution_whose_refund_failed_is_run_again_and_gives_the_money_back_once() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = Scenario::OutOfStock;
    let mended = scenario.options(Faults::default());
    let broken = ShopOptions {
        payments: SimulatedSettings {
            success_rate: Rate::ALWAYS,
            refund_failure_rate: Rate::ALWAYS,
            ..SimulatedSettings::default()
        },
        ..mended.clone()
    };
    let shop = Shop::open(dir.path(), &broken).await.unwrap();
    let order = scenario.place(&shop).await.unwrap();
    let waiting = shop.ended(order).await.unwrap();
    shop.settled().await.unwrap();
    assert_eq!(waiting.state.status, OrderStatus::Processing);
    assert!(waiting.state.attention.is_some());
    assert_eq!(charge(&shop, order).await, ChargeOutcome::Charged);
    let failed = shop.engine.get_execution(order.to_string()).await.unwrap();
    assert_eq!(failed.info.error.as_deref(), Some("NeedsAttention"));
    shop.close().await;

    let shop = Shop::open(dir.path(), &mended).await.unwrap();
    let again = shop.engine.redrive_execution(order.to_string()).await.unwrap();
    assert_eq!(again.name, order.to_string());
    shop.settled().await.unwrap();
    let ended = shop.engine.get_order(order).await.unwrap().unwrap();
    assert_eq!(
        (ended.state.status, ended.state.attention),
        (OrderStatus::Failed, None)
    );
    assert_eq!(charge(&shop, order).await, ChargeOutcome::Refunded);
    shop.close().await;
    // One charge, and its money given back.
    scenario.audit(dir.path(), &[order]);
}

/// A release that fails on every message.
struct Broken;

impl Handler for Broken {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        let error = FunctionError {
            error_type: "Broken".into(),
            message: "a release with a defect".into(),
        };
        Box::pin(async move { Err(error) })
    }
}

fn broken(_: &Engine) -> Handlers {
    HashMap::from([(
        "order-processing".to_owned(),
        Arc::new(Broken) as Arc<dyn Handler>,
    )])
}

#[tokio::test]
async fn orders_that_a_defect_made_dead_letters_complete_after_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = Scenario::Completes;
    let mended = scenario.options(Faults::default());
    let with_defect = ShopOptions {
        handlers: Some(broken),
        ..mended.clone()
    };
    let shop = Shop::open(dir.path(), &with_defect).await.unwrap();
    let order = scenario.place(&shop).await.unwrap();
    shop.settled().await.unwrap();
    let stuck = shop.engine.get_order(order).await.unwrap().unwrap();
    assert_eq!(stuck.state.status, OrderStatus::Pending);
    shop.close().await;
    // A dead letter is no silence: the books are in order.
    scenario.audit(dir.path(), &[order]);

    let shop = Shop::open(dir.path(), &mended).await.unwrap();
    shop.settled().await.unwrap();
    assert_eq!(shop.engine.get_order(order).await.unwrap().unwrap(), stuck);
    let moved = shop
        .engine
        .redrive_messages("OrderProcessingDLQ".into(), None)
        .await;
    assert_eq!(moved.unwrap(), 1);
    shop.settled().await.unwrap();
    let ended = shop.engine.get_order(order).await.unwrap().unwrap();
    assert_eq!(ended.state.status, OrderStatus::Completed);
    shop.close().await;
    scenario.audit(dir.path(), &[order]);
}
