//! Orders from order creation to COMPLETED, with all that follows: the real engine, functions and workflow.

use ports::feed::LiveFeed;
use tokio::task::JoinSet;

use crate::support::{assert_created, block_on, context, idle_shop, invocation, log_to};

/// Orders that are under way together. They share commits, as they do under load.
const TOGETHER: u32 = 50;
/// Orders that are seen through first.
const WARM_UP: u32 = 1;

/// Sees so many orders through.
pub fn run(times: u32) {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        log_to(dir.path());
        let (shop, options) = idle_shop(dir.path()).await;
        shop.start(&options).await.unwrap();
        let create = shop.engine.lambda().function("order-creation").unwrap();
        let place = |orders: u32| {
            let mut placing = JoinSet::new();
            for _ in 0..orders {
                let create = create.clone();
                placing.spawn(async move { create.invoke(invocation(), context()).await });
            }
            placing.join_all()
        };
        // The first one tells how many changes each makes.
        place(WARM_UP)
            .await
            .into_iter()
            .for_each(|reply| assert_created(&reply.unwrap()));
        shop.settled().await.unwrap();
        let changes = shop.engine.latest_change();
        let mut left = times;
        let mut placed = u64::from(WARM_UP);
        while left > 0 {
            let orders = left.min(TOGETHER);
            for reply in place(orders).await {
                assert_created(&reply.unwrap());
            }
            placed += u64::from(orders);
            left -= orders;
            shop.engine.wait_for_change(placed * changes - 1).await;
        }
        shop.settled().await.unwrap();
        assert_eq!(shop.engine.latest_change(), placed * changes);
        shop.close().await;
    });
}
