//! Queues, their messages, and subscriptions at a glance.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Timestamp;
use ports::StoreError;
use ports::clock::Clock;
use ports::operations::{OperationError, QueueInfo, QueueMessage, SubscriptionInfo};
use rusqlite::Row;

use crate::Engine;
use crate::queue::Queue;

/// The queue of this name.
pub(super) fn find_queue<'e>(engine: &'e Engine, name: &str) -> Result<&'e Arc<Queue>, OperationError> {
    engine.queues().get(name).ok_or_else(|| OperationError::NotFound {
        what: "queue",
        name: name.to_owned(),
    })
}

/// The number of a message id.
pub(super) fn message_number(id: &str) -> Result<i64, OperationError> {
    id.parse().map_err(|_| OperationError::NotFound {
        what: "message",
        name: id.to_owned(),
    })
}

/// Whether others send their poison messages there.
pub(super) fn is_dead_letter_queue(engine: &Engine, name: &str) -> bool {
    let settings = engine.settings();
    let queues = settings
        .queues
        .iter()
        .filter_map(|queue| queue.dead_letter_queue.as_ref());
    let subscriptions = settings.topics.iter().flat_map(|topic| &topic.subscriptions);
    let subscriptions = subscriptions.filter_map(|subscription| subscription.dead_letter_queue.as_ref());
    let streams = settings
        .functions
        .iter()
        .filter_map(|function| function.stream_source.as_ref()?.on_failure.as_ref());
    queues
        .chain(subscriptions)
        .chain(streams)
        .chain(&settings.functions_dead_letter_queues)
        .any(|dead| dead == name)
}

/// What a queue holds.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    visible: u64,
    in_flight: u64,
    oldest: Option<i64>,
}

pub(super) async fn list_queues(engine: &Engine) -> Result<Vec<QueueInfo>, StoreError> {
    let now = engine.time().now();
    let counts: HashMap<i64, Counts> = engine
        .readers()
        .read_blocking(move |connection| {
            connection
                .prepare_cached(
                    "SELECT queue, sum(visible_at <= ?1 OR source IS NOT NULL),
                            sum(visible_at > ?1 AND source IS NULL), min(sent_at)
                     FROM messages GROUP BY queue",
                )?
                .query_map([now.as_ms()], |row| {
                    let counts = Counts {
                        visible: row.get(1)?,
                        in_flight: row.get(2)?,
                        oldest: row.get(3)?,
                    };
                    Ok((row.get(0)?, counts))
                })?
                .collect()
        })
        .await?;
    let info = |queue: &crate::QueueSettings| {
        let counts = engine
            .queues()
            .get(&queue.name)
            .and_then(|queue| counts.get(&queue.id));
        let Counts {
            visible,
            in_flight,
            oldest,
        } = counts.copied().unwrap_or_default();
        let oldest_age_ms = oldest.map_or(0, |oldest| now.as_ms().saturating_sub(oldest));
        QueueInfo {
            name: queue.name.clone(),
            visible,
            in_flight,
            oldest_age_ms: u64::try_from(oldest_age_ms).unwrap_or(0),
            dead_letter_queue: queue.dead_letter_queue.clone(),
            is_dead_letter_queue: is_dead_letter_queue(engine, &queue.name),
            max_receive_count: queue.max_receive_count,
            visibility_timeout_s: seconds(queue.visibility_timeout_ms),
            retention_s: seconds(queue.retention_ms),
        }
    };
    Ok(engine.settings().queues.iter().map(info).collect())
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms / 1000).unwrap_or(0)
}

pub(super) async fn list_messages(
    engine: &Engine,
    queue: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<QueueMessage>, OperationError> {
    let id = find_queue(engine, queue)?.id;
    let after = after.map(message_number).transpose()?.unwrap_or(0);
    let queue = queue.to_owned();
    let messages = engine.readers().read_blocking(move |connection| {
        connection
            .prepare_cached(
                "SELECT seq, body, sent_at, receives, last_error, source FROM messages
                 WHERE queue = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            )?
            .query_map((id, after, limit), |row| read_message(row, &queue))?
            .collect()
    });
    Ok(messages.await?)
}

pub(super) fn read_message(row: &Row<'_>, queue: &str) -> rusqlite::Result<QueueMessage> {
    // `queue:NAME`, `subscription:NAME` or `stream:NAME`.
    let source: Option<String> = row.get(5)?;
    let source = source.map(|source| match source.split_once(':') {
        Some((_, name)) => name.to_owned(),
        None => source,
    });
    Ok(QueueMessage {
        message_id: row.get::<_, i64>(0)?.to_string(),
        queue: queue.to_owned(),
        body: row.get(1)?,
        sent_at: Timestamp::from_ms(row.get(2)?),
        receive_count: row.get(3)?,
        last_error: row.get(4)?,
        source,
    })
}

pub(super) async fn list_subscriptions(engine: &Engine) -> Result<Vec<SubscriptionInfo>, StoreError> {
    let pending: HashMap<i64, u64> = engine
        .readers()
        .read_blocking(|connection| {
            connection
                .prepare_cached("SELECT subscription, count(*) FROM deliveries GROUP BY subscription")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .await?;
    let info = |subscription: &Arc<crate::topic::Subscription>| SubscriptionInfo {
        topic: subscription.topic.clone(),
        subscription: subscription.settings.name.clone(),
        endpoint: subscription.settings.subscriber.endpoint().to_owned(),
        pending: pending.get(&subscription.id).copied().unwrap_or(0),
        dead_letter_queue: subscription.settings.dead_letter_queue.clone(),
    };
    Ok(engine.subscriptions().iter().map(info).collect())
}
