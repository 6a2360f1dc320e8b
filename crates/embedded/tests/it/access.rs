//! Keys and their usage plans: which plan a key has, and counts that survive.

use std::time::Duration;

use embedded::Settings;
use ports::access::{ApiKey, ApiKeys, QuotaPeriod, Role, UsagePlan};
use ports::clock::Clock;

use crate::support::{Running, Setup, handlers, until};

const OWN: UsagePlan = UsagePlan {
    rate_per_s: Some(7),
    burst: Some(8),
    quota: Some(9),
    period: QuotaPeriod::Day,
};

async fn create(running: &Running, name: &str, plan: Option<UsagePlan>) -> (ApiKey, String) {
    running
        .create_key(name.to_owned(), Role::Client, plan)
        .await
        .unwrap()
}

fn use_times(running: &Running, key: &ApiKey, times: u64) {
    for _ in 0..times {
        running.count_request(key, running.time().now());
    }
}

fn used(running: &Running, secret: &str) -> u64 {
    let key = running.authenticate(secret).expect("the key is known");
    running.usage(&key, running.time().now()).used
}

#[tokio::test]
async fn a_changed_template_changes_the_plan_of_the_keys_that_have_none_of_their_own() {
    let running = Setup::new().open().await;
    let (default, default_secret) = create(&running, "default", None).await;
    let (_, own_secret) = create(&running, "own", Some(OWN)).await;
    assert_eq!(
        default.plan,
        UsagePlan {
            rate_per_s: Some(100),
            burst: Some(200),
            quota: Some(5_000),
            period: QuotaPeriod::Month,
        }
    );
    let smaller = UsagePlan {
        quota: Some(10),
        ..default.plan
    };
    let running = running
        .close()
        .await
        .with(move |settings: &mut Settings| settings.usage_plan = smaller)
        .open()
        .await;
    assert_eq!(running.authenticate(&default_secret).unwrap().plan, smaller);
    assert_eq!(running.authenticate(&own_secret).unwrap().plan, OWN);
    let (new, _) = create(&running, "new", None).await;
    assert_eq!(new.plan, smaller);
}

#[tokio::test]
async fn a_key_gets_in_over_restarts_until_it_is_revoked() {
    let running = Setup::new().open().await;
    let (_, kept) = create(&running, "kept", None).await;
    let (_, revoked) = create(&running, "revoked", None).await;
    running.revoke_key("revoked".into()).await.unwrap();
    assert_eq!(running.authenticate(&revoked), None);
    let running = running.kill().await.open().await;
    assert!(running.authenticate(&kept).is_some());
    assert_eq!(running.authenticate(&revoked), None);
    assert_eq!(running.authenticate("om_nobody"), None);
}

#[tokio::test]
async fn counts_survive_a_restart() {
    let running = Setup::new().start(handlers([])).await;
    let (key, secret) = create(&running, "client", None).await;
    use_times(&running, &key, 5);
    let running = running.close().await.open().await;
    assert_eq!(used(&running, &secret), 5);
}

#[tokio::test]
async fn counts_that_an_order_took_along_survive_a_crash() {
    let running = Setup::new().open().await;
    let (key, secret) = create(&running, "client", None).await;
    use_times(&running, &key, 5);
    running.place().await;
    let running = running.kill().await.open().await;
    assert_eq!(used(&running, &secret), 5);
}

#[tokio::test]
async fn counts_that_nothing_took_along_survive_a_crash_a_second_later() {
    let running = Setup::new().start(handlers([])).await;
    let (key, secret) = create(&running, "client", None).await;
    use_times(&running, &key, 5);
    running.advance(Duration::from_secs(1));
    until("they are written", async || {
        running.read::<i64>("SELECT coalesce(sum(used), 0) FROM usage") == 5
    })
    .await;
    use_times(&running, &key, 1);
    let running = running.kill().await.open().await;
    // The last one was counted less than a second before the crash.
    assert_eq!(used(&running, &secret), 5);
}

#[tokio::test]
async fn a_new_period_counts_anew() {
    let running = Setup::new().open().await;
    let (key, secret) = create(&running, "client", Some(OWN)).await;
    use_times(&running, &key, 3);
    running.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(used(&running, &secret), 0);
    use_times(&running, &key, 1);
    let running = running.close().await.open().await;
    assert_eq!(used(&running, &secret), 1);
}
