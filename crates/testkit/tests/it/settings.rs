//! A change in the template changes what the engine does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::OrderId;
use embedded::Engine;
use embedded::time::ManualTime;
use ports::access::{ApiKeys, Role, UsagePlan};
use ports::function::{Context, FunctionError, Handler, Invocation, ReplyFuture};
use ports::operations::{Operations, QueueMessage};
use template::System;
use testkit::{Shop, ShopOptions};
use tokio::sync::mpsc;

use crate::by_hand::{Call, clock, options, real_functions, taken};
use crate::support::Scenario;

/// Counts how often it is called and never succeeds.
struct NeverSucceeds;

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Handler for NeverSucceeds {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let error = FunctionError {
            error_type: "Poison".into(),
            message: "this message is poison".into(),
        };
        Box::pin(async move { Err(error) })
    }
}

fn never_processes(_: &Engine) -> HashMap<String, Arc<dyn Handler>> {
    HashMap::from([(
        "order-processing".to_owned(),
        Arc::new(NeverSucceeds) as Arc<dyn Handler>,
    )])
}

#[tokio::test]
async fn max_receive_count_decides_how_often_a_poison_message_is_tried() {
    for count in [3_u32, 5] {
        CALLS.store(0, Ordering::Relaxed);
        let dir = tempfile::tempdir().unwrap();
        let template =
            System::built_in_template().replace("maxReceiveCount: 3", &format!("maxReceiveCount: {count}"));
        let options = ShopOptions {
            template: Some(template),
            handlers: Some(never_processes),
            ..ShopOptions::default()
        };
        let shop = Shop::open(dir.path(), &options).await.unwrap();
        let id = shop.place("PROD-001", 1).await.unwrap();
        shop.settled().await.unwrap();
        assert_eq!(CALLS.load(Ordering::Relaxed), count);
        let queues = shop.engine.list_queues().await.unwrap();
        let queue = queues
            .iter()
            .find(|queue| queue.is_dead_letter_queue && queue.visible > 0)
            .unwrap();
        let letters = shop
            .engine
            .list_messages(queue.name.clone(), None, 10)
            .await
            .unwrap();
        let [letter] = letters.as_slice() else {
            panic!("{letters:?}")
        };
        assert_eq!(letter.receive_count, count);
        assert!(letter.body.contains(&id.to_string()));
        assert_eq!(
            letter.last_error.as_deref(),
            Some("Poison: this message is poison")
        );
        shop.close().await;
    }
}

/// The built-in template with one passage changed.
fn template(old: &str, new: &str) -> Option<String> {
    let built_in = System::built_in_template();
    assert_eq!(built_in.matches(old).count(), 1, "the template has {old:?} once");
    Some(built_in.replace(old, new))
}

/// A shop of this template with orders in its queue, whose processing function the test plays.
async fn with_orders(
    dir: &Path,
    time: &ManualTime,
    template: Option<String>,
    orders: usize,
) -> (Shop, mpsc::UnboundedReceiver<Call>, Vec<OrderId>) {
    let options = options(time, template);
    let shop = Shop::open_idle(dir, &options).await.unwrap();
    shop.stock("SHELF", 1_000).await.unwrap();
    let mut placed = Vec::new();
    for _ in 0..orders {
        placed.push(shop.place("SHELF", 1).await.unwrap());
    }
    let (processing, calls) = taken(time);
    let mut functions = real_functions(&shop, options.payments);
    functions.insert("order-processing".into(), processing);
    shop.engine.start(functions).await.unwrap();
    (shop, calls, placed)
}

async fn order_messages(shop: &Shop) -> Vec<QueueMessage> {
    let queue = "OrderProcessingQueue".to_owned();
    shop.engine.list_messages(queue, None, 100).await.unwrap()
}

/// Looks until every message of the order queue has failed.
async fn until_failed(shop: &Shop) {
    for _ in 0..100_000 {
        if order_messages(shop)
            .await
            .iter()
            .all(|message| message.last_error.is_some())
        {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the messages never fail");
}

#[tokio::test]
async fn the_visibility_timeout_decides_when_a_failed_message_comes_back() {
    for seconds in [180, 45] {
        let dir = tempfile::tempdir().unwrap();
        let time = clock();
        let changed = template("VisibilityTimeout: 180", &format!("VisibilityTimeout: {seconds}"));
        let (shop, mut calls, _) = with_orders(dir.path(), &time, changed, 1).await;
        let first = calls.recv().await.unwrap();
        let received_at = first.at.as_ms();
        first.fail();
        until_failed(&shop).await;
        time.advance(Duration::from_secs(seconds - 1));
        // What is sent now comes now, and alone.
        shop.place("SHELF", 1).await.unwrap();
        let other = calls.recv().await.unwrap();
        assert_eq!(other.batch_size(), 1);
        other.succeed();
        time.advance(Duration::from_secs(1));
        let again = calls.recv().await.unwrap();
        assert_eq!(again.at.as_ms() - received_at, seconds as i64 * 1_000);
        again.succeed();
        shop.settled().await.unwrap();
    }
}

#[tokio::test]
async fn the_batch_size_decides_how_many_messages_a_call_has() {
    for size in [10, 3] {
        let dir = tempfile::tempdir().unwrap();
        let changed = template("BatchSize: 10\n", &format!("BatchSize: {size}\n"));
        let (shop, mut calls, _) = with_orders(dir.path(), &clock(), changed, 20).await;
        let (mut sizes, mut left) = (Vec::new(), 20);
        while left > 0 {
            let call = calls.recv().await.unwrap();
            left -= call.batch_size();
            sizes.push(call.batch_size());
            call.succeed();
        }
        assert_eq!(sizes.iter().max(), Some(&size), "{sizes:?}");
        shop.settled().await.unwrap();
    }
}

#[tokio::test]
async fn the_timeout_decides_how_long_a_function_may_take() {
    for seconds in [30, 5] {
        let dir = tempfile::tempdir().unwrap();
        let time = clock();
        let timeout = format!("MemorySize: 1024\n      Timeout: {seconds}\n");
        let changed = template("MemorySize: 1024\n", &timeout);
        let (shop, mut calls, _) = with_orders(dir.path(), &time, changed, 1).await;
        let _hangs = calls.recv().await.unwrap();
        time.advance(Duration::from_secs(seconds) - Duration::from_millis(1));
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            order_messages(&shop).await[0].last_error,
            None,
            "there is time left"
        );
        time.advance(Duration::from_millis(1));
        until_failed(&shop).await;
        let error = order_messages(&shop).await.remove(0).last_error.unwrap();
        assert!(error.starts_with("Sandbox.Timedout: "), "{error}");
        assert!(
            error.ends_with(&format!("Task timed out after {seconds}.00 seconds")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_usage_plan_decides_what_keys_without_their_own_may_call() {
    let dir = tempfile::tempdir().unwrap();
    let time = clock();
    let mut secrets = Vec::new();
    let own = UsagePlan {
        quota: Some(1),
        ..plan(5_000, 200)
    };
    for (quota, burst) in [(5_000_u64, 200_u32), (70, 20), (6_000, 300)] {
        let changed = System::built_in_template()
            .replace("Limit: 5000", &format!("Limit: {quota}"))
            .replace("BurstLimit: 200", &format!("BurstLimit: {burst}"));
        let shop = Shop::open(dir.path(), &options(&time, Some(changed)))
            .await
            .unwrap();
        if secrets.is_empty() {
            for plan in [None, Some(own)] {
                let name = format!("{plan:?}");
                secrets.push(shop.engine.create_key(name, Role::Client, plan).await.unwrap().1);
            }
        }
        let plan_of = |secret: &str| shop.engine.authenticate(secret).unwrap().plan;
        assert_eq!(plan_of(&secrets[0]), plan(quota, burst));
        assert_eq!(plan_of(&secrets[1]), own);
        shop.close().await;
    }
}

/// The template's plan with another quota and burst.
fn plan(quota: u64, burst: u32) -> UsagePlan {
    UsagePlan {
        rate_per_s: Some(100),
        burst: Some(burst),
        quota: Some(quota),
        period: ports::access::QuotaPeriod::Month,
    }
}

#[tokio::test]
async fn the_filter_policy_decides_what_the_customer_is_told() {
    let built_in = "status: [PROCESSING, COMPLETED, FAILED, CANCELLED, REFUNDED]";
    for (filter, expected) in [
        (built_in, vec!["PROCESSING", "COMPLETED"]),
        ("status: [COMPLETED, FAILED]", vec!["COMPLETED"]),
        ("status: [{anything-but: [COMPLETED]}]", vec!["PROCESSING"]),
        ("status: [REFUNDED]", vec![]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let scenario = Scenario::Completes;
        let options = ShopOptions {
            template: template(built_in, filter),
            time: Some(clock()),
            ..scenario.options(embedded::Faults::default())
        };
        let shop = Shop::open(dir.path(), &options).await.unwrap();
        let order = scenario.place(&shop).await.unwrap();
        shop.settled().await.unwrap();
        shop.close().await;
        let told = rusqlite::Connection::open(dir.path().join("ordermill.db"))
            .unwrap()
            .prepare("SELECT key FROM outbox ORDER BY seq")
            .unwrap()
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap()
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let expected: Vec<String> = expected
            .iter()
            .map(|status| format!("{order}:{status}:email"))
            .collect();
        assert_eq!(told, expected, "{filter}");
    }
}
