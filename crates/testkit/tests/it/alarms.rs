//! The template's alarms, raised by what really happens, with time in the test's hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::{Rate, SimulatedSettings};
use domain::Timestamp;
use embedded::time::ManualTime;
use embedded::{Engine, Observer};
use ports::clock::Clock;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::MetricSource;
use ports::observability::{AlarmState, Alarms};
use ports::operations::Operations;
use telemetry::Registry;
use testkit::{Handlers, Shop, ShopOptions};

const MINUTE: Duration = Duration::from_secs(60);

/// A shop whose clock stands, watched.
struct Watched {
    shop: Shop,
    time: ManualTime,
    observer: Observer,
    _dir: tempfile::TempDir,
}

impl Watched {
    async fn open(options: ShopOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let time = ManualTime::at(Timestamp::from_ms(1_800_000_000_000));
        let options = ShopOptions {
            time: Some(time.clone()),
            ..options
        };
        let shop = Shop::open(dir.path(), &options).await.unwrap();
        let source = Arc::clone(&shop.metrics) as Arc<dyn MetricSource>;
        let observer = Observer::open(&shop.engine, source).unwrap();
        drop(observer.start());
        Self {
            shop,
            time,
            observer,
            _dir: dir,
        }
    }

    /// Lets so many minutes pass, one after the other.
    async fn pass(&self, minutes: u32) {
        for _ in 0..minutes {
            self.time.advance(MINUTE);
            self.observer.caught_up(self.shop.engine.time().now()).await;
        }
    }

    async fn state(&self, alarm: &str) -> AlarmState {
        let alarms = self.observer.list_alarms().await.unwrap();
        alarms
            .into_iter()
            .find(|found| found.name == alarm)
            .unwrap()
            .state
    }

    /// What the alarm became, oldest first.
    async fn became(&self, alarm: &str) -> Vec<AlarmState> {
        let history = self
            .observer
            .alarm_history(Some(alarm.to_owned()), 100)
            .await
            .unwrap();
        history.into_iter().rev().map(|change| change.to).collect()
    }

    /// Places orders that fail in order processing, each once: there is nothing on the shelf.
    async fn fail(&self, orders: usize) {
        self.shop.stock("EMPTY", 0).await.unwrap();
        for _ in 0..orders {
            let id = self.shop.place("EMPTY", 1).await.unwrap();
            self.shop.ended(id).await.unwrap();
        }
        self.shop.settled().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_ten_errors_in_five_minutes_raise_the_seeds_alarm() {
    const ALARM: &str = "OrderProcessingErrorAlarm";
    // Every payment succeeds, so each order fails once: on its stock.
    let payments = SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    };
    let watched = Watched::open(ShopOptions {
        payments,
        ..ShopOptions::default()
    })
    .await;
    watched.fail(10).await;
    watched.pass(1).await;
    assert_eq!(watched.state(ALARM).await, AlarmState::Ok);
    watched.fail(1).await;
    watched.pass(1).await;
    assert_eq!(watched.state(ALARM).await, AlarmState::Alarm);
    // The first ten leave the window after five minutes, and then the eleventh is alone.
    watched.pass(3).await;
    assert_eq!(watched.state(ALARM).await, AlarmState::Alarm);
    watched.pass(1).await;
    assert_eq!(watched.state(ALARM).await, AlarmState::Ok);
    assert_eq!(
        watched.became(ALARM).await,
        [AlarmState::Ok, AlarmState::Alarm, AlarmState::Ok]
    );
    watched.shop.close().await;
}

/// What the function that stands in for order notification was told by the operations topic.
static TOLD: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

struct Listener;

impl Handler for Listener {
    fn call(self: Arc<Self>, invocation: Invocation, _: Context) -> ReplyFuture {
        if let Invocation::Sns(event) = invocation {
            let of_operations = event.records.into_iter().map(|record| record.sns);
            let of_operations = of_operations.filter(|sns| sns.topic_arn.ends_with(":OperationsTopic"));
            let told = of_operations.map(|sns| (sns.subject.unwrap_or_default(), sns.message));
            TOLD.lock().unwrap().extend(told);
        }
        Box::pin(async { Ok(Reply::Done) })
    }
}

fn listening(_: &Engine) -> Handlers {
    let listener = Arc::new(Listener) as Arc<dyn Handler>;
    Handlers::from([("order-notification".to_owned(), listener)])
}

/// The template with an address for alarms, and a function that is told of them as well.
fn with_subscribers() -> String {
    let template = include_str!("../../../../template.yaml");
    let (before, after) = template
        .split_once("  AlarmEmail:\n    Type: String\n    Default: \"\"\n")
        .unwrap();
    let (resources, rest) = after.split_once("  OperationsEmail:\n").unwrap();
    format!(
        "{before}  AlarmEmail:\n    Type: String\n    Default: ops@example.com\n{resources}  OperationsListener:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref OperationsTopic
      Protocol: lambda
      Endpoint: !GetAtt OrderNotificationFunction.Arn
  OperationsEmail:\n{rest}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_mailed_and_told_to_the_functions_that_listen() {
    let payments = SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    };
    let watched = Watched::open(ShopOptions {
        payments,
        template: Some(with_subscribers()),
        handlers: Some(listening),
        ..ShopOptions::default()
    })
    .await;
    watched.fail(11).await;
    watched.pass(1).await;
    watched.shop.settled().await.unwrap();
    let subject = "ALARM: \"OrderProcessingErrorAlarm\"";
    let mails = watched.shop.engine.list_outbox(100).await.unwrap();
    let mails: Vec<_> = mails.iter().filter(|mail| mail.subject == subject).collect();
    let [mail] = mails.as_slice() else {
        panic!("{mails:?}")
    };
    assert_eq!(
        (
            mail.channel.as_str(),
            mail.recipient.as_str(),
            mail.order_id.as_str()
        ),
        ("email", "ops@example.com", "")
    );
    let told: Vec<_> = TOLD.lock().unwrap().clone();
    assert_eq!(
        told.iter().filter(|(s, _)| s == subject).collect::<Vec<_>>(),
        [&(subject.to_owned(), mail.body.clone())]
    );
    let body: serde_json::Value = serde_json::from_str(&mail.body).unwrap();
    assert_eq!(body["NewStateValue"], "ALARM");
    assert_eq!(body["Trigger"]["MetricName"], "Errors");
    watched.shop.close().await;
}

/// Fails on whatever it is given.
struct Poison;

impl Handler for Poison {
    fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
        Box::pin(async {
            Err(FunctionError {
                error_type: "Poison".to_owned(),
                message: "this message is poison".to_owned(),
            })
        })
    }
}

fn poisoned(_: &Engine) -> Handlers {
    Handlers::from([(
        "order-processing".to_owned(),
        Arc::new(Poison) as Arc<dyn Handler>,
    )])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_raises_the_alarm_of_its_queue() {
    const ALARM: &str = "OrderProcessingDLQAlarm";
    let watched = Watched::open(ShopOptions {
        handlers: Some(poisoned),
        ..ShopOptions::default()
    })
    .await;
    watched.pass(1).await;
    assert_eq!(watched.state(ALARM).await, AlarmState::Ok);
    watched.shop.place("PROD-001", 1).await.unwrap();
    // Three receives, each hidden for three minutes after it failed.
    for _ in 0..60 {
        if watched.state(ALARM).await == AlarmState::Alarm {
            break;
        }
        watched.pass(1).await;
    }
    assert_eq!(watched.state(ALARM).await, AlarmState::Alarm);
    assert!(watched.shop.engine.time().now() >= Timestamp::from_ms(1_800_000_000_000 + 9 * 60_000));
    watched.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_needs_attention_raises_an_alarm() {
    let payments = SimulatedSettings {
        success_rate: Rate::ALWAYS,
        refund_failure_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    };
    let watched = Watched::open(ShopOptions {
        payments,
        ..ShopOptions::default()
    })
    .await;
    watched.shop.stock("EMPTY", 0).await.unwrap();
    watched.shop.place("EMPTY", 1).await.unwrap();
    // The refund's retries wait for the clock.
    let raised = async || {
        watched
            .became("OrderExecutionFailedAlarm")
            .await
            .contains(&AlarmState::Alarm)
    };
    for _ in 0..60 {
        if raised().await {
            break;
        }
        watched.pass(1).await;
    }
    assert!(raised().await);
    watched.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_alarms_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let time = ManualTime::at(Timestamp::from_ms(1_800_000_000_000));
    let options = ShopOptions {
        time: Some(time.clone()),
        ..ShopOptions::default()
    };
    for run in 0..2 {
        let shop = Shop::open(dir.path(), &options).await.unwrap();
        let registry: Arc<Registry> = Arc::clone(&shop.metrics);
        let observer = Observer::open(&shop.engine, registry as Arc<dyn MetricSource>).unwrap();
        let watching = observer.start();
        if run == 0 {
            shop.place("PROD-001", 1).await.unwrap();
            shop.settled().await.unwrap();
        }
        time.advance(MINUTE);
        observer.caught_up(shop.engine.time().now()).await;
        let query = ports::observability::MetricQuery {
            namespace: "AWS/States".to_owned(),
            name: "ExecutionsSucceeded".to_owned(),
            dimensions: Vec::new(),
            from: Timestamp::from_ms(1_800_000_000_000),
            to: Timestamp::from_ms(1_800_000_600_000),
            period_s: 300,
            statistic: ports::observability::MetricStatistic::Sum,
        };
        let series = ports::observability::MetricHistory::get_metric(&observer, query)
            .await
            .unwrap();
        let values: Vec<f64> = series
            .iter()
            .flat_map(|s| s.points.iter().map(|p| p.value))
            .collect();
        assert_eq!(values, [1.0], "run {run}");
        let history = observer.alarm_history(None, 100).await.unwrap();
        assert!(!history.is_empty(), "run {run}");
        shop.close().await;
        watching.await.unwrap();
    }
}
