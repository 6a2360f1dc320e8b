//! Payments that fail in every way the simulated gateway knows.

use connectors::{FailureKind, FailureWeights, Rate, SimulatedSettings};
use domain::OrderStatus;
use embedded::Faults;
use testkit::{Audit, Shop, ShopOptions};

use crate::support::Scenario;

async fn sixty_orders(payments: SimulatedSettings) -> Vec<OrderStatus> {
    let dir = tempfile::tempdir().unwrap();
    let options = ShopOptions {
        payments,
        ..Scenario::Completes.options(Faults::default())
    };
    let shop = Shop::open(dir.path(), &options).await.unwrap();
    shop.stock("SHELF", 50).await.unwrap();
    let mut placed = Vec::new();
    for _ in 0..60 {
        placed.push(shop.place("SHELF", 1).await.unwrap());
    }
    let mut statuses = Vec::new();
    for id in &placed {
        statuses.push(shop.ended(*id).await.unwrap().state.status);
    }
    shop.settled().await.unwrap();
    shop.close().await;
    let violations = Audit::open(dir.path())
        .unwrap()
        .violations(&placed, &[("SHELF", 50)])
        .unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
    statuses
}

#[tokio::test]
async fn whatever_way_payments_fail_nobody_is_charged_twice_or_for_nothing() {
    let kinds = [
        FailureKind::Declined,
        FailureKind::Error,
        FailureKind::TimeoutBeforeCharge,
        FailureKind::TimeoutAfterCharge,
    ];
    for kind in kinds {
        let payments = SimulatedSettings {
            success_rate: Rate::new(0.5).unwrap(),
            failures: FailureWeights::only(kind),
            seed: 7,
            ..SimulatedSettings::default()
        };
        let statuses = sixty_orders(payments).await;
        assert!(statuses.contains(&OrderStatus::Completed), "{kind:?}");
    }
}

#[tokio::test]
async fn a_refund_that_keeps_failing_needs_attention() {
    let payments = SimulatedSettings {
        success_rate: Rate::ALWAYS,
        refund_failure_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    };
    let scenario = Scenario::OutOfStock;
    let (order, _) = scenario
        .play(&ShopOptions {
            payments,
            ..scenario.options(Faults::default())
        })
        .await;
    assert_eq!(order.state.status, OrderStatus::Processing);
    assert!(order.state.attention.is_some(), "{order:?}");
}
