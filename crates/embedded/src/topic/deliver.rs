//! Delivers to subscribed functions and mail addresses, each delivery until it succeeds or its retries are spent.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::Timestamp;
use futures_util::stream::{FuturesUnordered, StreamExt};
use ports::clock::Clock;
use ports::function::aws_lambda_events::sns::{MessageAttribute, SnsEvent, SnsMessage, SnsRecord};
use ports::function::{Context, Invocation};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Attribute, DeliverySource, ReadyDelivery, Subscription, dead_letter_body};
use crate::error::Chain;
use crate::lambda::{Function, request_id};
use crate::observe::spans;
use crate::outbox::Mail;
use crate::queue::{DeadLetter, send_dead_letter};
use crate::tx::Tx;
use crate::writer::Command;
use crate::{Engine, SubscriberSettings};

/// How long a worker waits after the store failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How many deliveries one worker takes at once, to call for them side by side and to settle them in one write.
const TAKEN_AT_ONCE: usize = 64;
/// After so many attempts a delivery is a dead letter. SNS itself tries a function 100,015 times in 23 days; with the
/// schedule below this is a quarter of an hour.
const MAX_ATTEMPTS: u32 = 50;

/// How long to wait before the next attempt, by SNS's schedule for functions: three at once, two after 1 s, ten with a
/// back-off from 1 s to 20 s, then one each 20 s ("Amazon SNS message delivery retries").
fn back_off_ms(attempts: u32) -> i64 {
    match attempts {
        0..=3 => 0,
        4..=5 => 1_000,
        6..=15 => i64::from((attempts - 5).pow(2) * 200).clamp(1_000, 20_000),
        _ => 20_000,
    }
}

/// Starts the deliveries of each subscription.
pub(crate) fn spawn(engine: &Engine, workers: &mut JoinSet<()>) {
    for subscription in engine.subscriptions() {
        let subscriber = match &subscription.settings.subscriber {
            SubscriberSettings::Function(name) => engine.lambda().function(name).map(Subscriber::Function),
            SubscriberSettings::Mail(address) => Some(Subscriber::Mail(address.clone())),
            SubscriberSettings::MailJson(address) => Some(Subscriber::MailJson(address.clone())),
        };
        if let Some(subscriber) = subscriber {
            let deliverer = Deliverer {
                engine: engine.clone(),
                subscription: Arc::clone(subscription),
                subscriber,
            };
            workers.spawn(Arc::new(deliverer).run());
        }
    }
}

struct Deliverer {
    engine: Engine,
    subscription: Arc<Subscription>,
    subscriber: Subscriber,
}

/// Who is told.
enum Subscriber {
    Function(Arc<Function>),
    Mail(String),
    MailJson(String),
}

impl Deliverer {
    async fn run(self: Arc<Self>) {
        let most = self.engine.settings().limits.concurrent_deliveries;
        let taken_at_once = TAKEN_AT_ONCE.min(most);
        let slots = Arc::new(Semaphore::new(most / taken_at_once.max(1)));
        let mut under_way = JoinSet::new();
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await.ok();
                let source = DeliverySource {
                    readers: self.engine.readers(),
                    subscription: self.subscription.id,
                };
                let taken = self
                    .subscription
                    .backlog
                    .take(taken_at_once, self.engine.time(), &source)
                    .await;
                (slot, taken)
            };
            tokio::select! {
                biased;
                () = self.engine.stopping() => break,
                (slot, taken) = next => match taken {
                    Ok(deliveries) => {
                        let deliverer = Arc::clone(&self);
                        under_way.spawn(async move {
                            deliverer.deliver(deliveries).await;
                            drop(slot);
                        });
                    }
                    Err(error) => {
                        tracing::error!(event_type = "delivery_not_read", subscription = self.subscription.settings.name, error = %Chain(&error));
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                },
            }
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn deliver(&self, deliveries: Vec<ReadyDelivery>) {
        let mut settle = SettleDeliveries {
            delivered: Vec::with_capacity(deliveries.len()),
            failed: Vec::new(),
            dead: Vec::new(),
            dead_letter_queue: self.subscription.dead_letter_queue,
            source: format!("subscription:{}", self.subscription.settings.name),
            topic_arn: self.subscription.topic_arn.clone(),
            now: self.engine.time().now(),
        };
        let mut calls = FuturesUnordered::new();
        for delivery in deliveries {
            // Attempts are also counted at each restart, so one that kills the process doesn't do so for ever.
            if delivery.attempts >= MAX_ATTEMPTS {
                settle.dead.push((
                    delivery,
                    "it was under way when the process ended, every time".to_owned(),
                ));
                continue;
            }
            calls.push(self.call(delivery));
        }
        // Side by side, so that what the functions have written for them shares a commit.
        while let Some((delivery, result)) = calls.next().await {
            match result {
                Ok(()) => settle.delivered.push(delivery.seq),
                Err(error) if delivery.attempts + 1 >= MAX_ATTEMPTS => settle.dead.push((delivery, error)),
                Err(error) => settle.failed.push((
                    delivery.seq,
                    // From when it failed, which may be long after the batch began.
                    Timestamp::from_ms(self.engine.time().now().as_ms() + back_off_ms(delivery.attempts + 1)),
                    error,
                )),
            }
        }
        settle.now = self.engine.time().now();
        self.count(&settle);
        self.settle(settle).await;
    }

    async fn call(&self, delivery: ReadyDelivery) -> (ReadyDelivery, Result<(), String>) {
        let result = match &self.subscriber {
            Subscriber::Function(function) => self.invoke(function, &delivery).await,
            Subscriber::Mail(address) => self.mail(address, &delivery, delivery.message.body.clone()).await,
            Subscriber::MailJson(address) => {
                let body = dead_letter_body(&delivery, &self.subscription.topic_arn);
                self.mail(address, &delivery, body).await
            }
        };
        (delivery, result)
    }

    /// Hands the message to the outbox, once however often it is tried.
    async fn mail(&self, address: &str, delivery: &ReadyDelivery, body: String) -> Result<(), String> {
        let mail = Mail {
            key: format!("{}/{}", delivery.message.id, self.subscription.settings.name),
            recipient: address.to_owned(),
            subject: delivery.message.subject.clone().unwrap_or_default(),
            body,
            trace: delivery.message.trace.as_ref().into(),
            at: self.engine.time().now(),
        };
        let handed_over = self.engine.writer().execute(mail).await;
        handed_over.map_err(|error| Chain(&error).to_string())
    }

    async fn invoke(&self, function: &Function, delivery: &ReadyDelivery) -> Result<(), String> {
        let context = Context {
            request_id: request_id(),
            trace_id: delivery.message.trace.clone(),
        };
        let event = Invocation::Sns(sns_event(delivery, &self.subscription));
        let scope = spans::delivered(
            &self.engine,
            &self.subscription.topic,
            delivery,
            &context.request_id,
        );
        let result = scope.run(pin!(function.invoke(event, context))).await;
        result.map(drop).map_err(|error| error.to_string())
    }

    fn count(&self, settle: &SettleDeliveries) {
        let dimensions = [("TopicName", self.subscription.topic.as_str())];
        let metrics = self.engine.metrics();
        if !settle.delivered.is_empty() {
            metrics.count(
                "NumberOfNotificationsDelivered",
                &dimensions,
                settle.delivered.len() as u64,
            );
        }
        if !settle.dead.is_empty() {
            metrics.count(
                "NumberOfNotificationsFailed",
                &dimensions,
                settle.dead.len() as u64,
            );
        }
        for (delivery, error) in &settle.dead {
            tracing::error!(
                event_type = "delivery_dead_lettered",
                subscription = self.subscription.settings.name,
                messageId = delivery.message.id,
                traceId = &*delivery.message.trace,
                error,
                kept = settle.dead_letter_queue.is_some()
            );
        }
    }

    async fn settle(&self, settle: SettleDeliveries) {
        let done = settle.delivered.len() + settle.dead.len();
        let again: Vec<(i64, Timestamp)> = settle.failed.iter().map(|(seq, at, _)| (*seq, *at)).collect();
        let all: Vec<i64> = settle
            .delivered
            .iter()
            .copied()
            .chain(settle.dead.iter().map(|(delivery, _)| delivery.seq))
            .chain(again.iter().map(|(seq, _)| *seq))
            .collect();
        let backlog = &self.subscription.backlog;
        if let Err(error) = self.engine.writer().execute(settle).await {
            // What was delivered is delivered again: at least once is what a topic promises.
            tracing::error!(event_type = "delivery_not_settled", subscription = self.subscription.settings.name, error = %Chain(&error));
            let at = Timestamp::from_ms(self.engine.time().now().as_ms() + 1_000);
            all.into_iter().for_each(|seq| backlog.hide(seq, at));
            return;
        }
        backlog.done(done);
        again.into_iter().for_each(|(seq, at)| backlog.hide(seq, at));
    }
}

/// Deletes what was delivered, schedules what failed, and moves what failed for good to the dead-letter queue.
struct SettleDeliveries {
    delivered: Vec<i64>,
    failed: Vec<(i64, Timestamp, String)>,
    dead: Vec<(ReadyDelivery, String)>,
    dead_letter_queue: Option<i64>,
    source: String,
    topic_arn: String,
    now: Timestamp,
}

impl Command for SettleDeliveries {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let mut delete = tx.prepare("DELETE FROM deliveries WHERE seq = ?1")?;
        for seq in &self.delivered {
            delete.execute([seq])?;
        }
        for (seq, at, error) in &self.failed {
            tx.prepare(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = ?2, last_error = ?3 WHERE seq = ?1",
            )?
            .execute((seq, at.as_ms(), error))?;
        }
        for (delivery, error) in &self.dead {
            delete.execute([delivery.seq])?;
            if let Some(queue) = self.dead_letter_queue {
                let letter = DeadLetter {
                    queue,
                    body: &dead_letter_body(delivery, &self.topic_arn),
                    trace: &delivery.message.trace,
                    sent_at: delivery.message.published_at,
                    at: self.now,
                    receives: delivery.attempts + 1,
                    last_error: Some(error),
                    source: &self.source,
                };
                send_dead_letter(tx, &letter)?;
            }
        }
        Ok(())
    }
}

fn sns_event(delivery: &ReadyDelivery, subscription: &Subscription) -> SnsEvent {
    let published = &delivery.message;
    let attribute = |(name, attribute): (&String, &Attribute)| {
        let mut value = MessageAttribute::default();
        value.data_type.clone_from(&attribute.data_type);
        value.value.clone_from(&attribute.string_value);
        (name.clone(), value)
    };
    let since_1970 = Duration::from_millis(u64::try_from(published.published_at).unwrap_or(0));
    let mut message = SnsMessage::default();
    message.sns_message_type = "Notification".to_owned();
    message.message_id.clone_from(&published.id);
    message.topic_arn.clone_from(&subscription.topic_arn);
    message.subject.clone_from(&published.subject);
    message.timestamp = (SystemTime::UNIX_EPOCH + since_1970).into();
    message.message.clone_from(&published.body);
    message.message_attributes = published.attributes.iter().map(attribute).collect();
    let mut record = SnsRecord::default();
    record.event_source = "aws:sns".to_owned();
    record.event_version = "1.0".to_owned();
    record.event_subscription_arn = [&subscription.topic_arn, ":", &subscription.settings.name].concat();
    record.sns = message;
    let mut event = SnsEvent::default();
    event.records = vec![record];
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_never_shrinks_and_follows_the_phases_of_sns() {
        let schedule: Vec<i64> = (1..=20).map(back_off_ms).collect();
        assert!(schedule.windows(2).all(|pair| pair[0] <= pair[1]), "{schedule:?}");
        assert_eq!((schedule[2], schedule[3], schedule[19]), (0, 1_000, 20_000));
    }
}
