//! Orders from order creation to COMPLETED, with all that follows: the real engine, functions and workflow.

use std::pin::pin;
use std::sync::Arc;

use embedded::Engine;
use ports::feed::LiveFeed;
use ports::trace::{Scope, Service, ServiceKind, SpanId, TraceId};
use tokio::task::JoinSet;

use crate::support::{assert_created, block_on, context, idle_shop_with, invocation, log_to};

/// Orders that are under way together. They share commits, as they do under load.
const TOGETHER: u32 = 50;
/// Orders that are seen through first.
const WARM_UP: u32 = 1;

/// Sees so many orders through.
pub fn run(times: u32) {
    see_through(times, false);
}

/// Sees so many orders through with their traces recorded. Like 95 of 100 they are not kept: their spans go to the ring.
pub fn run_traced(times: u32) {
    see_through(times, true);
}

/// What a request is served in: order creation's spans hang below it.
fn request(engine: &Engine) -> Scope {
    let trace = TraceId::parse(&context().trace_id).unwrap();
    Scope::new(
        Arc::clone(engine.recorder()),
        Service::new("orders-api", ServiceKind::Api),
        context().request_id,
        vec![(trace, SpanId::new(1))],
    )
}

fn see_through(times: u32, traces: bool) {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        log_to(dir.path());
        let (shop, options) = idle_shop_with(dir.path(), traces).await;
        shop.start(&options).await.unwrap();
        let create = shop.engine.lambda().function("order-creation").unwrap();
        let place = |orders: u32| {
            let mut placing = JoinSet::new();
            for _ in 0..orders {
                let (create, scope) = (create.clone(), request(&shop.engine));
                placing.spawn(async move { scope.run(pin!(create.invoke(invocation(), context()))).await });
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
