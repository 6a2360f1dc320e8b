//! The event source mapping: hands a queue's messages to a function in batches.
//!
//! What makes a function panic, hang or end the process takes its whole batch with it. So a message that was received
//! before, and is still here, is received and handed over by itself, one after the other: then it fails alone.
//!
//! While many customers come, a batch is taken up now and then only ([`crate::writer`]).

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use ports::clock::Clock;
use ports::function::aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use ports::function::{Context, FunctionError, Invocation, Reply};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use super::{MessageSource, Queue, ReadyMessage, ReceiveMessages, SettleMessages};
use crate::error::Chain;
use crate::lambda::{Function, request_id};
use crate::observe::spans;
use crate::{Engine, QueueSourceSettings};

/// How long a worker waits after the store failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Starts a consumer for each queue that a function consumes.
pub(crate) fn spawn(engine: &Engine, workers: &mut JoinSet<()>) {
    for settings in &engine.settings().functions {
        for source in &settings.queue_sources {
            let queue = engine.queues().get(&source.queue).cloned();
            let function = engine.lambda().function(&settings.name);
            if let (Some(queue), Some(function)) = (queue, function) {
                let consumer = Arc::new(Consumer {
                    engine: engine.clone(),
                    queue,
                    function,
                    source: source.clone(),
                    alone: Mutex::default(),
                });
                workers.spawn(consumer.run());
            }
        }
    }
}

struct Consumer {
    engine: Engine,
    queue: Arc<Queue>,
    function: Arc<Function>,
    source: QueueSourceSettings,
    /// Whose turn it is among the messages that were received before.
    alone: Mutex<()>,
}

impl Consumer {
    async fn run(self: Arc<Self>) {
        let limit = self.engine.settings().limits.concurrent_batches;
        let slots = self
            .source
            .maximum_concurrency
            .map_or(limit, |maximum| maximum.min(limit));
        let slots = Arc::new(Semaphore::new(slots));
        let mut batches = JoinSet::new();
        loop {
            let next = async {
                self.give_way().await;
                self.engine.executor().wait_for_room().await;
                let slot = Arc::clone(&slots).acquire_owned().await.ok();
                let messages = MessageSource {
                    readers: self.engine.readers(),
                    queue: self.queue.id,
                };
                let batch = self
                    .queue
                    .backlog
                    .take(self.source.batch_size, self.engine.time(), &messages)
                    .await;
                (slot, batch)
            };
            tokio::select! {
                biased;
                () = self.engine.stopping() => break,
                (slot, batch) = next => match batch {
                    Ok(batch) => {
                        let consumer = Arc::clone(&self);
                        batches.spawn(async move {
                            consumer.handle(batch).await;
                            drop(slot);
                        });
                    }
                    Err(error) => {
                        tracing::error!(event_type = "receive_failed", queue = self.queue.settings.name, error = %Chain(&error));
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                },
            }
            while batches.try_join_next().is_some() {}
        }
        while batches.join_next().await.is_some() {}
    }

    /// Leaves orders in the queue for a moment while customers come in a rush.
    async fn give_way(&self) {
        let sent_at = |message: &ReadyMessage| Timestamp::from_ms(message.sent_at);
        let since = self.queue.backlog.first(sent_at);
        let rush = self.engine.writer().rush();
        rush.give_way(since, self.engine.time().now()).await;
    }

    /// Handles what is new together, and what was received before by itself.
    async fn handle(&self, batch: Vec<ReadyMessage>) {
        let (again, new): (Vec<_>, Vec<_>) = batch.into_iter().partition(|message| message.receives > 0);
        if !new.is_empty() {
            self.handle_together(new).await;
        }
        for message in again {
            let turn = tokio::select! {
                biased;
                // The next process finds it where it is.
                () = self.engine.stopping() => return,
                turn = self.alone.lock() => turn,
            };
            self.handle_together(vec![message]).await;
            drop(turn);
        }
    }

    /// Receives the batch durably, calls the function, and settles each message.
    async fn handle_together(&self, batch: Vec<ReadyMessage>) {
        let now = self.engine.time().now();
        let visible_at = Timestamp::from_ms(now.as_ms() + self.queue.settings.visibility_timeout_ms);
        let taken: Vec<i64> = batch.iter().map(|message| message.seq).collect();
        let receive = ReceiveMessages {
            messages: batch,
            visible_at,
            now,
            max_receive_count: self.queue.settings.max_receive_count,
            dead_letter_queue: self.queue.dead_letter_queue,
            source: format!("queue:{}", self.queue.settings.name),
        };
        let received = match self.engine.writer().execute(receive).await {
            Ok((received, dead)) => {
                self.note_received(&received, dead);
                received
            }
            Err(error) => {
                tracing::error!(event_type = "receive_failed", queue = self.queue.settings.name, error = %Chain(&error));
                let again = Timestamp::from_ms(now.as_ms() + 1_000);
                taken
                    .into_iter()
                    .for_each(|seq| self.queue.backlog.hide(seq, again));
                return;
            }
        };
        self.queue.backlog.done(taken.len() - received.len());
        if received.is_empty() {
            return;
        }
        let trace_id = received
            .first()
            .map(|message| message.trace.clone())
            .unwrap_or_default();
        let context = Context {
            request_id: request_id(),
            trace_id,
        };
        let event = Invocation::Sqs(sqs_event(&received, &self.queue));
        let scope = spans::received(
            &self.engine,
            &self.queue.settings.name,
            &received,
            &context.request_id,
        );
        let result = scope.run(pin!(self.function.invoke(event, context))).await;
        self.settle(received, visible_at, result).await;
    }

    fn note_received(&self, received: &[ReadyMessage], dead: usize) {
        let name = self.queue.settings.name.as_str();
        self.engine.metrics().count(
            "NumberOfMessagesReceived",
            &[("QueueName", name)],
            received.len() as u64,
        );
        if dead > 0 {
            let to = self
                .queue
                .settings
                .dead_letter_queue
                .as_deref()
                .unwrap_or_default();
            self.engine
                .metrics()
                .count("NumberOfMessagesSent", &[("QueueName", to)], dead as u64);
            tracing::error!(
                event_type = "message_dead_lettered",
                queue = name,
                dead_letter_queue = to,
                messages = dead
            );
        }
    }

    async fn settle(
        &self,
        received: Vec<ReadyMessage>,
        visible_at: Timestamp,
        result: Result<Reply, FunctionError>,
    ) {
        let failures = failures(&received, result, self.source.report_batch_item_failures);
        let (failed, handled): (Vec<_>, Vec<_>) = received
            .iter()
            .map(|message| message.seq)
            .partition(|seq| failures.contains_key(seq));
        let name = self.queue.settings.name.as_str();
        self.engine.metrics().count(
            "NumberOfMessagesDeleted",
            &[("QueueName", name)],
            handled.len() as u64,
        );
        let done = handled.len();
        let settle = SettleMessages {
            handled,
            failed: failures.into_iter().collect(),
        };
        if let Err(error) = self.engine.writer().execute(settle).await {
            // What was handled comes again; processing is idempotent.
            tracing::error!(event_type = "settle_failed", queue = name, error = %Chain(&error));
            received
                .iter()
                .for_each(|message| self.queue.backlog.hide(message.seq, visible_at));
            return;
        }
        self.queue.backlog.done(done);
        failed
            .into_iter()
            .for_each(|seq| self.queue.backlog.hide(seq, visible_at));
    }
}

/// Which messages failed, and why.
fn failures(
    received: &[ReadyMessage],
    result: Result<Reply, FunctionError>,
    report_batch_item_failures: bool,
) -> HashMap<i64, String> {
    let all = |why: String| {
        received
            .iter()
            .map(|message| (message.seq, why.clone()))
            .collect()
    };
    match result {
        Err(error) => all(error.to_string()),
        Ok(Reply::Batch(reply)) if report_batch_item_failures => {
            let reported: Option<Vec<i64>> = reply
                .response
                .batch_item_failures
                .iter()
                .map(|failure| known(received, &failure.item_identifier))
                .collect();
            // As Lambda has it: an answer that names a message which wasn't in the batch fails all of it.
            let Some(reported) = reported else {
                return all("the function reported a message that it wasn't given".into());
            };
            let unsaid = "the function reported this message as failed; its log says why";
            let why = |seq: i64| reply.causes.get(&seq.to_string()).map_or(unsaid, String::as_str);
            reported
                .into_iter()
                .map(|seq| (seq, why(seq).to_owned()))
                .collect()
        }
        Ok(Reply::Batch(_) | Reply::Done | Reply::Value(_)) => HashMap::new(),
        Ok(Reply::Api(_)) => all("the function answered with an HTTP response".to_owned()),
    }
}

fn known(received: &[ReadyMessage], identifier: &str) -> Option<i64> {
    let seq = identifier.parse().ok()?;
    received.iter().any(|message| message.seq == seq).then_some(seq)
}

fn sqs_event(messages: &[ReadyMessage], queue: &Queue) -> SqsEvent {
    let record = |message: &ReadyMessage| {
        let mut record = SqsMessage::default();
        record.message_id = Some(message.seq.to_string());
        record.receipt_handle = Some(format!("{}:{}", message.seq, message.receives));
        record.body = Some(message.body.clone());
        record.event_source = Some("aws:sqs".to_owned());
        record.event_source_arn = Some(queue.settings.arn.clone());
        record.attributes = HashMap::from([
            ("ApproximateReceiveCount".to_owned(), message.receives.to_string()),
            ("SentTimestamp".to_owned(), message.sent_at.to_string()),
            ("AWSTraceHeader".to_owned(), trace_header(&message.trace)),
        ]);
        record
    };
    let mut event = SqsEvent::default();
    event.records = messages.iter().map(record).collect();
    event
}

/// A trace id of 32 hexadecimal digits as X-Ray writes it.
pub(crate) fn trace_header(trace_id: &str) -> String {
    match (trace_id.get(..8), trace_id.get(8..)) {
        (Some(time), Some(rest)) => format!("Root=1-{time}-{rest}"),
        _ => String::new(),
    }
}
