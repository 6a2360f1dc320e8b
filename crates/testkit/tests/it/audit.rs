//! The audit itself: what it must find, in books that are changed by hand.

use domain::OrderId;
use embedded::Faults;
use ports::orders::{PlaceOrder, Placed};
use rusqlite::Connection;
use testkit::{Audit, Shop, Violation};

use crate::support::Scenario;

/// A closed shop with one completed order, whose customer wants to be told by mail and by text message.
async fn closed_shop() -> (tempfile::TempDir, OrderId) {
    let dir = tempfile::tempdir().unwrap();
    let shop = Shop::open(dir.path(), &Scenario::Completes.options(Faults::default()))
        .await
        .unwrap();
    shop.stock("SHELF", 50).await.unwrap();
    let mut order = shop.order("SHELF", 2).await.unwrap();
    order.customer_phone = Some("+14155550123".into());
    let Placed::Created(order) = shop.engine.place_order(order.into(), None).await.unwrap() else {
        panic!("a new order is no replay")
    };
    shop.ended(order.order_id).await.unwrap();
    shop.settled().await.unwrap();
    shop.close().await;
    (dir, order.order_id)
}

fn violations(dir: &tempfile::TempDir, id: OrderId) -> Vec<Violation> {
    Audit::open(dir.path())
        .unwrap()
        .violations(&[id], &[("SHELF", 50)])
        .unwrap()
}

#[tokio::test]
async fn a_customer_who_was_not_told_is_found_whatever_the_channel() {
    let (dir, id) = closed_shop().await;
    assert_eq!(violations(&dir, id), []);
    let books = Connection::open(dir.path().join("ordermill.db")).unwrap();
    for (channel, status) in [
        ("sms", "COMPLETED"),
        ("email", "COMPLETED"),
        ("sms", "PROCESSING"),
    ] {
        let key = format!("{id}:{status}:{channel}");
        let change = |to: &str, from: &str| {
            let changed = books.execute("UPDATE outbox SET key = ?1 WHERE key = ?2", (to, from));
            assert_eq!(changed.unwrap(), 1, "{from}");
        };
        change("nobody", &key);
        let order = id.to_string();
        assert_eq!(
            violations(&dir, id),
            [Violation::NotTold {
                order,
                channel,
                status
            }]
        );
        change(&key, "nobody");
    }
}
