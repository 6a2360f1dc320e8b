//! Functions for tests: those that answer by themselves, and those whose calls a test takes and answers one by one.

use std::sync::Arc;
use std::time::Duration;

use domain::{OrderId, Timestamp};
use embedded::time::{ManualTime, Time};
use ports::clock::Clock;
use ports::function::aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

type Answer = Result<Reply, FunctionError>;

/// When a call that must come hasn't, the test has failed; no test is about how long it takes.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// A function that does this with each call.
pub fn answers(answer: impl Fn(Invocation) -> Answer + Send + Sync + 'static) -> Arc<dyn Handler> {
    Arc::new(Answers(answer))
}

/// A function that is content with whatever comes.
pub fn does() -> Arc<dyn Handler> {
    answers(|_| Ok(Reply::Done))
}

struct Answers<F>(F);

impl<F: Fn(Invocation) -> Answer + Send + Sync> Handler for Answers<F> {
    fn call(self: Arc<Self>, invocation: Invocation, _: Context) -> ReplyFuture {
        let answer = (self.0)(invocation);
        Box::pin(async move { answer })
    }
}

/// The calls of one function, as they come.
pub struct Calls {
    waiting: mpsc::UnboundedReceiver<Call>,
}

/// A call that waits for its answer. One that is dropped never gets any, like a call of a function that hangs.
pub struct Call {
    pub invocation: Invocation,
    pub context: Context,
    /// When it came, by the engine's clock.
    pub at: Timestamp,
    answer: oneshot::Sender<Answer>,
}

struct Held {
    calls: mpsc::UnboundedSender<Call>,
    time: Time,
}

impl Handler for Held {
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        let (answer, answered) = oneshot::channel();
        let at = self.time.now();
        let call = Call {
            invocation,
            context,
            at,
            answer,
        };
        // When the test has ended, nobody takes the call any more and it hangs.
        let _ = self.calls.send(call);
        Box::pin(async move {
            match answered.await {
                Ok(answer) => answer,
                Err(_) => std::future::pending().await,
            }
        })
    }
}

impl Calls {
    /// A function whose calls the test takes.
    pub fn of_function(time: &ManualTime) -> (Arc<dyn Handler>, Self) {
        let (calls, waiting) = mpsc::unbounded_channel();
        let time = Time::Manual(time.clone());
        (Arc::new(Held { calls, time }), Self { waiting })
    }

    /// The next call.
    pub async fn next(&mut self) -> Call {
        tokio::time::timeout(HANGS_AFTER, self.waiting.recv())
            .await
            .expect("a call comes")
            .expect("the engine runs")
    }

    /// Lets everything run that can, and checks that no call came of it.
    pub async fn none(&mut self) {
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        if let Ok(call) = self.waiting.try_recv() {
            panic!("a call that must not come: {:?}", call.invocation);
        }
    }
}

/// A message as a function sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    /// The order that it is about.
    pub order: OrderId,
    pub receive_count: u32,
}

impl Call {
    /// The function answers.
    pub fn answer(self, answer: Answer) {
        // An engine that was killed doesn't wait any more.
        let _ = self.answer.send(answer);
    }

    /// The function succeeds.
    pub fn succeed(self) {
        self.answer(Ok(Reply::Done));
    }

    /// The function succeeds with this.
    pub fn succeed_with(self, value: Value) {
        self.answer(Ok(Reply::Value(value)));
    }

    /// The function fails with this error.
    pub fn fail(self, error_type: &str) {
        self.answer(Err(FunctionError {
            error_type: error_type.to_owned(),
            message: "as the test wants it".to_owned(),
        }));
    }

    /// The function names the messages of its batch that failed.
    pub fn fail_messages<'i>(self, ids: impl IntoIterator<Item = &'i str>) {
        let mut response = SqsBatchResponse::default();
        for id in ids {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id.to_owned();
            response.batch_item_failures.push(failure);
        }
        self.answer(Ok(Reply::Batch(response.into())));
    }

    /// The messages of its batch.
    pub fn messages(&self) -> Vec<Message> {
        let Invocation::Sqs(batch) = &self.invocation else {
            panic!("not a batch of a queue: {:?}", self.invocation)
        };
        let message = |record: &ports::function::aws_lambda_events::sqs::SqsMessage| {
            let body: Value = serde_json::from_str(record.body.as_deref().unwrap()).unwrap();
            Message {
                id: record.message_id.clone().unwrap(),
                order: body["orderId"].as_str().unwrap().parse().unwrap(),
                receive_count: record.attributes["ApproximateReceiveCount"].parse().unwrap(),
            }
        };
        batch.records.iter().map(message).collect()
    }

    /// The orders that its batch is about.
    pub fn orders(&self) -> Vec<OrderId> {
        self.messages().into_iter().map(|message| message.order).collect()
    }

    /// The payload of a direct call.
    pub fn payload(&self) -> &Value {
        let Invocation::Direct(payload) = &self.invocation else {
            panic!("not a direct call: {:?}", self.invocation)
        };
        payload
    }

    /// The one notification of a topic's delivery.
    pub fn notification(&self) -> Value {
        let Invocation::Sns(event) = &self.invocation else {
            panic!("not a delivery: {:?}", self.invocation)
        };
        let [record] = event.records.as_slice() else {
            panic!("a delivery has one record: {event:?}")
        };
        serde_json::from_str(&record.sns.message).unwrap()
    }
}
