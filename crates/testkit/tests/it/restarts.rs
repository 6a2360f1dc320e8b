//! Alarms over what happened when nobody watched: before a kill, while the server was down, in a stall.

use std::sync::Arc;
use std::time::Duration;

use connectors::{SimulatedGateway, SimulatedSettings};
use domain::Timestamp;
use embedded::time::ManualTime;
use embedded::{Engine, Observer};
use functions::OrderProcessing;
use ports::clock::Clock;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::MetricSource;
use ports::observability::AlarmState::{self, Alarm, Ok as Well};
use ports::observability::{Alarms, MetricHistory, MetricQuery, MetricStatistic};
use telemetry::Registry;
use testkit::{Handlers, Shop, ShopOptions};
use tokio::task::JoinHandle;

const MINUTE: Duration = Duration::from_secs(60);
const START_MS: i64 = 1_800_000_000_000;
const FAILED: &str = "OrderExecutionFailedAlarm";
const DEAD: &str = "OrderProcessingDLQAlarm";

/// A data directory, and the clock on the wall.
struct Place {
    dir: tempfile::TempDir,
    time: ManualTime,
    options: ShopOptions,
}

impl Place {
    /// Where each order's execution fails, and nothing waits for the clock.
    fn of_failures() -> Self {
        Self::new(ShopOptions {
            handlers: Some(nonsense),
            ..ShopOptions::default()
        })
    }

    /// Where no message of an order can be handled.
    fn of_dead_letters() -> Self {
        Self::new(ShopOptions {
            handlers: Some(poisoned),
            ..ShopOptions::default()
        })
    }

    fn new(options: ShopOptions) -> Self {
        let time = ManualTime::at(Timestamp::from_ms(START_MS));
        Self {
            dir: tempfile::tempdir().unwrap(),
            options: ShopOptions {
                time: Some(time.clone()),
                ..options
            },
            time,
        }
    }

    async fn open(&self) -> Watched<'_> {
        let shop = Shop::open(self.dir.path(), &self.options).await.unwrap();
        let source = Arc::clone(&shop.metrics) as Arc<dyn MetricSource>;
        let observer = Observer::open(&shop.engine, source).unwrap();
        Watched {
            place: self,
            watching: observer.start(),
            shop,
            observer,
        }
    }
}

/// A shop, watched.
struct Watched<'p> {
    place: &'p Place,
    shop: Shop,
    observer: Observer,
    watching: JoinHandle<()>,
}

impl Watched<'_> {
    /// Moves the clock, and waits until what it led to was judged.
    async fn pass(&self, time: Duration) {
        self.place.time.advance(time);
        self.observer.caught_up(self.shop.engine.time().now()).await;
    }

    /// Has so many executions fail.
    async fn fail(&self, orders: usize) {
        for _ in 0..orders {
            self.shop.place("PROD-001", 1).await.unwrap();
        }
        self.shop.settled().await.unwrap();
    }

    /// Ends as a killed process does: what was counted and not stored is gone.
    async fn kill(self) {
        self.watching.abort();
        // It is over when it can't write any more.
        let _ = self.watching.await;
        self.shop.close().await;
    }

    /// Ends as a server does that was asked to.
    async fn stop(self) {
        self.shop.close().await;
        self.watching.await.unwrap();
    }

    /// How many executions failed, as the metrics have it.
    async fn failed(&self) -> Vec<f64> {
        let query = MetricQuery {
            namespace: "AWS/States".to_owned(),
            name: "ExecutionsFailed".to_owned(),
            dimensions: Vec::new(),
            from: Timestamp::from_ms(START_MS - 60_000),
            to: Timestamp::from_ms(START_MS + 3_600_000),
            period_s: 60,
            statistic: MetricStatistic::Sum,
        };
        let series = self.observer.get_metric(query).await.unwrap();
        series
            .iter()
            .flat_map(|series| &series.points)
            .map(|point| point.value)
            .collect()
    }

    /// What the alarm became, oldest first.
    async fn became(&self, alarm: &str) -> Vec<AlarmState> {
        let history = self.observer.alarm_history(Some(alarm.to_owned()), 100).await;
        let changes = history.unwrap().into_iter().rev();
        changes.map(|change| change.to).collect()
    }
}

/// Takes messages as order processing does, and answers tasks with what no state can use.
struct Nonsense(Arc<dyn Handler>);

impl Handler for Nonsense {
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        match invocation {
            Invocation::Direct(_) => Box::pin(async { Ok(Reply::Value(serde_json::json!({}))) }),
            other => Arc::clone(&self.0).call(other, context),
        }
    }
}

fn nonsense(engine: &Engine) -> Handlers {
    let store = Arc::new(engine.clone());
    let clock = Arc::new(engine.time().clone());
    let gateway = SimulatedGateway::new(Arc::clone(&store), clock, SimulatedSettings::default());
    let real = OrderProcessing::new(store, Arc::new(gateway), Arc::new(Registry::new()));
    let handler: Arc<dyn Handler> = Arc::new(Nonsense(Arc::new(real)));
    Handlers::from([("order-processing".to_owned(), handler)])
}

/// Fails on whatever it is given.
struct Poison;

impl Handler for Poison {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        let error = FunctionError {
            error_type: "Poison".to_owned(),
            message: "this message is poison".to_owned(),
        };
        Box::pin(async { Err(error) })
    }
}

fn poisoned(_: &Engine) -> Handlers {
    let handler: Arc<dyn Handler> = Arc::new(Poison);
    Handlers::from([("order-processing".to_owned(), handler)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_right_before_a_kill_raises_its_alarm_at_the_next_start() {
    let place = Place::of_failures();
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    watched.pass(MINUTE / 3).await;
    watched.fail(2).await;
    watched.kill().await;
    // Back within the same minute, it is judged when that is over.
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    assert_eq!(watched.failed().await, [2.0]);
    assert_eq!(watched.became(FAILED).await, [Well, Alarm]);
    // Killed again, nothing is told or counted twice.
    watched.kill().await;
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    assert_eq!(watched.failed().await, [2.0]);
    assert_eq!(watched.became(FAILED).await, [Well, Alarm, Well]);
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_very_first_minute_loses_no_alarm() {
    let place = Place::of_failures();
    let watched = place.open().await;
    watched.fail(1).await;
    watched.kill().await;
    place.time.advance(7 * MINUTE);
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    assert_eq!(watched.failed().await, [1.0]);
    assert_eq!(watched.became(FAILED).await, [Alarm, Well]);
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_before_a_stop_raises_its_alarm_at_the_next_start() {
    let place = Place::of_failures();
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    watched.fail(3).await;
    watched.stop().await;
    place.time.advance(7 * MINUTE);
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    assert_eq!(watched.failed().await, [3.0]);
    assert_eq!(watched.became(FAILED).await, [Well, Alarm, Well]);
    let history = watched.observer.alarm_history(Some(FAILED.to_owned()), 2).await;
    let at: Vec<i64> = history.unwrap().iter().map(|change| change.at.as_ms()).collect();
    // As of the minute that it failed in and the next, not as of the start.
    assert_eq!(at, [START_MS + 3 * 60_000, START_MS + 2 * 60_000]);
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_of_minutes_skips_no_minute() {
    let place = Place::of_failures();
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    watched.fail(1).await;
    watched.pass(7 * MINUTE).await;
    assert_eq!(watched.failed().await, [1.0]);
    assert_eq!(watched.became(FAILED).await, [Well, Alarm, Well]);
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_keeps_its_alarm_through_a_kill_and_a_stall() {
    let place = Place::of_dead_letters();
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    watched.shop.place("PROD-001", 1).await.unwrap();
    for _ in 0..60 {
        if watched.became(DEAD).await == [Well, Alarm] {
            break;
        }
        watched.pass(MINUTE).await;
    }
    watched.pass(7 * MINUTE).await;
    assert_eq!(watched.became(DEAD).await, [Well, Alarm]);
    watched.kill().await;
    place.time.advance(7 * MINUTE);
    let watched = place.open().await;
    watched.pass(MINUTE).await;
    assert_eq!(watched.became(DEAD).await, [Well, Alarm]);
    watched.stop().await;
}
