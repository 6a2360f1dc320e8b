//! The process killed after each commit of an order's way: what was not committed is gone, and the next start goes on.

use embedded::Faults;
use testkit::{Shop, ShopError};

use crate::support::Scenario;

#[tokio::test]
async fn an_order_survives_a_kill_after_any_commit() {
    for scenario in Scenario::ALL {
        let mut commits = 0;
        while !survives_a_kill_after(scenario, commits).await {
            commits += 1;
        }
        // At least: the samples, the shelf, the order, its receipt, its beginning, the payment's entry, and its outcome.
        assert!(commits > 7, "{scenario:?} was over after {commits} commits");
    }
}

/// Plays the scenario, kills the shop after that many commits, and goes on in a new one. Returns whether it ended by itself
/// before the kill.
async fn survives_a_kill_after(scenario: Scenario, commits: u64) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let killed_at = Faults::halting_after(commits);
    let mut placed = None;
    let ended = match Shop::open(dir.path(), &scenario.options(killed_at)).await {
        Err(_) => false,
        Ok(shop) => {
            let result: Result<(), ShopError> = async {
                placed = Some(scenario.place(&shop).await?);
                shop.settled().await
            }
            .await;
            shop.close().await;
            result.is_ok()
        }
    };
    let options = scenario.options(Faults::default());
    let shop = Shop::open(dir.path(), &options).await.unwrap();
    let id = match placed {
        Some(id) => id,
        // Killed before it was answered: the client doesn't know, and asks again. Its first order may be there, and is
        // an order like any other then; only the shelf is filled once.
        None => scenario.place_on_filled_shelf(&shop).await.unwrap(),
    };
    let order = shop.ended(id).await.unwrap();
    shop.settled().await.unwrap();
    shop.close().await;
    scenario.audit(dir.path(), &[id]);
    assert_eq!(
        order.state.status,
        scenario.ends_as(),
        "{scenario:?}, killed after {commits} commits"
    );
    assert_eq!(
        order.state.attention, None,
        "{scenario:?}, killed after {commits} commits"
    );
    ended
}
