//! Shops whose clock and functions a test moves by hand.

use std::collections::HashMap;
use std::sync::Arc;

use connectors::{SimulatedGateway, SimulatedSettings};
use domain::Timestamp;
use embedded::time::ManualTime;
use functions::{OrderAnalytics, OrderNotification, OrderProcessing};
use ports::clock::Clock;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use testkit::{Handlers, Shop, ShopOptions};
use tokio::sync::{mpsc, oneshot};

/// A clock that stands still until a test moves it.
pub fn clock() -> ManualTime {
    ManualTime::at("2026-01-15T09:30:00.000Z".parse().unwrap())
}

/// What a shop on this clock and template is opened with.
pub fn options(time: &ManualTime, template: Option<String>) -> ShopOptions {
    ShopOptions {
        time: Some(time.clone()),
        template,
        ..ShopOptions::default()
    }
}

/// The functions that the engine calls by itself, over this gateway.
pub fn real_functions(shop: &Shop, payments: SimulatedSettings) -> Handlers {
    let engine = Arc::new(shop.engine.clone());
    let clock = Arc::new(shop.engine.time().clone());
    let metrics = || Arc::clone(&shop.metrics);
    let store = || Arc::clone(&engine);
    let gateway = Arc::new(SimulatedGateway::new(store(), clock, payments));
    let processing = OrderProcessing::new(store(), gateway, metrics());
    let notification = OrderNotification::new(store(), store(), metrics());
    let named = |name: &str, handler: Arc<dyn Handler>| (name.to_owned(), handler);
    HashMap::from([
        named("order-processing", Arc::new(processing)),
        named("order-notification", Arc::new(notification)),
        named("order-analytics", Arc::new(OrderAnalytics::new(store()))),
    ])
}

/// A call that waits for its answer; dropped, it hangs for ever.
pub struct Call {
    pub invocation: Invocation,
    /// When it came, by the shop's clock.
    pub at: Timestamp,
    answer: oneshot::Sender<Result<Reply, FunctionError>>,
}

impl Call {
    /// How many messages its batch has.
    pub fn batch_size(&self) -> usize {
        match &self.invocation {
            Invocation::Sqs(batch) => batch.records.len(),
            other => panic!("not a batch of a queue: {other:?}"),
        }
    }

    pub fn succeed(self) {
        // A shop that was closed doesn't wait any more.
        let _ = self.answer.send(Ok(Reply::Done));
    }

    pub fn fail(self) {
        let error = FunctionError {
            error_type: "Down".into(),
            message: "as the test wants it".into(),
        };
        let _ = self.answer.send(Err(error));
    }
}

/// A function whose calls a test takes and answers.
struct Taken {
    calls: mpsc::UnboundedSender<Call>,
    time: embedded::time::Time,
}

impl Handler for Taken {
    fn call(self: Arc<Self>, invocation: Invocation, _: Context) -> ReplyFuture {
        let (answer, answered) = oneshot::channel();
        let at = self.time.now();
        // A test that has ended takes no calls.
        let _ = self.calls.send(Call {
            invocation,
            at,
            answer,
        });
        Box::pin(async move {
            match answered.await {
                Ok(answer) => answer,
                Err(_) => std::future::pending().await,
            }
        })
    }
}

/// A function whose calls a test takes, and those calls.
pub fn taken(time: &ManualTime) -> (Arc<dyn Handler>, mpsc::UnboundedReceiver<Call>) {
    let (calls, taken) = mpsc::unbounded_channel();
    let time = embedded::time::Time::Manual(time.clone());
    (Arc::new(Taken { calls, time }), taken)
}

/// Where a task is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// It has done nothing yet.
    Before,
    /// It is done and has not answered yet.
    After,
}

/// A function that stops at one of its tasks until the test lets it go on.
pub struct Stops {
    function: Arc<dyn Handler>,
    action: &'static str,
    point: Point,
    stopped: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

impl Stops {
    /// The function, and where it tells that it has stopped; what it sends lets it go on.
    pub fn at(
        function: Arc<dyn Handler>,
        action: &'static str,
        point: Point,
    ) -> (Arc<dyn Handler>, mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
        let (stopped, stops) = mpsc::unbounded_channel();
        let stopping = Self {
            function,
            action,
            point,
            stopped,
        };
        (Arc::new(stopping), stops)
    }

    async fn stop(&self) {
        let (go_on, going_on) = oneshot::channel();
        if self.stopped.send(go_on).is_ok() {
            // A test that lets go of it lets it go on as well.
            let _ = going_on.await;
        }
    }
}

impl Handler for Stops {
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        let stops = matches!(&invocation, Invocation::Direct(input) if input["action"] == self.action);
        Box::pin(async move {
            if stops && self.point == Point::Before {
                self.stop().await;
            }
            let answer = Arc::clone(&self.function).call(invocation, context).await;
            if stops && self.point == Point::After {
                self.stop().await;
            }
            answer
        })
    }
}
