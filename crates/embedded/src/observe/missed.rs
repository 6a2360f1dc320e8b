//! What a crash or a stall took from the metrics, recounted from what is durable: executions that failed, and what waits in
//! the queues. So an alarm over either still has what it is to be judged by.

use std::collections::BTreeMap;

use ports::StoreError;
use ports::metrics::{Distribution, Sample};
use rusqlite::{Connection, Transaction};

use super::history::{self, DAY_MS, MINUTE_MS};
use super::store::Store;
use crate::Engine;

/// The statuses of executions that didn't succeed, and what counts them.
const FAILURES: [(i64, &str); 3] = [
    (2, "ExecutionsFailed"),
    (3, "ExecutionsTimedOut"),
    (4, "ExecutionsAborted"),
];

/// Left to itself SQLite takes the index over names, which leads through every execution that there ever was.
const COUNT_FAILURES: &str =
    "SELECT status, stopped_at / 60000 * 60000, count(*) FROM executions INDEXED BY failed_executions
     WHERE status > 1 AND machine = ?1 AND stopped_at BETWEEN ?2 AND ?3 GROUP BY 1, 2";

/// How many executions ended so, by the minute.
type ByMinute = BTreeMap<i64, u64>;

/// Messages of a queue that are there now: in which minute they came, how many, and when the oldest of them was sent.
#[derive(Debug, Clone, Copy)]
struct Arrived {
    queue: i64,
    minute: i64,
    count: u64,
    oldest: i64,
}

/// No minute before this is recounted or judged late.
pub(super) fn earliest(now_ms: i64) -> i64 {
    history::floor(now_ms, MINUTE_MS) - DAY_MS
}

/// Adds failed executions that were never stored as such. Everything before `taken` was, but for those that ended just before
/// and were counted just after, so the minute before is looked at once more. `counted` is what is counted and not
/// stored yet. Returns the first minute that something was added to.
pub(super) async fn executions(
    engine: &Engine,
    store: &Store,
    counted: Vec<Sample>,
    taken: i64,
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let machine = engine.executor().machine();
    let (id, arn) = (machine.id, machine.arn.to_string());
    let from = taken - MINUTE_MS;
    let ended = engine
        .readers()
        .read_blocking(move |connection| read_failures(connection, id, from, now_ms))
        .await?;
    store
        .write_blocking(move |tx| {
            let mut first: Option<i64> = None;
            for (status, name) in FAILURES {
                let Some(ended) = ended.get(&status) else { continue };
                let sample = |count| Sample {
                    name,
                    dimensions: vec![("StateMachineArn", arn.clone())],
                    values: Distribution::of_count(count),
                };
                let series = history::series_of(&sample(0));
                let pending = counted.iter().filter(|known| history::series_of(known) == series);
                let pending: u64 = pending.map(|known| known.values.count).sum();
                let stored = stored_by_minute(tx, &sample(0), from, now_ms)?;
                for (minute, count) in missing(ended, &stored, pending) {
                    history::add(tx, minute, &sample(count))?;
                    first = Some(first.map_or(minute, |first| first.min(minute)));
                }
            }
            Ok(first)
        })
        .await
}

fn read_failures(
    connection: &Connection,
    machine: i64,
    from: i64,
    to: i64,
) -> rusqlite::Result<BTreeMap<i64, ByMinute>> {
    let mut found: BTreeMap<i64, ByMinute> = BTreeMap::new();
    let mut rows = connection.prepare_cached(COUNT_FAILURES)?;
    let rows = rows.query_map((machine, from, to), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    for row in rows {
        let (status, minute, count) = row?;
        found.entry(status).or_default().insert(minute, count);
    }
    Ok(found)
}

fn stored_by_minute(tx: &Transaction<'_>, of: &Sample, from: i64, to: i64) -> rusqlite::Result<ByMinute> {
    minutes(from, to + 1)
        .map(|minute| Ok((minute, history::stored(tx, minute, of)?.count)))
        .collect()
}

/// How many are to be added to which minute. What was counted in the minute after it happened is not missing, so the sums
/// decide how many, and the minutes only where; the latest ones first, for those are what a crash cuts off.
fn missing(ended: &ByMinute, stored: &ByMinute, pending: u64) -> Vec<(i64, u64)> {
    let known = stored.values().sum::<u64>() + pending;
    let mut left = ended.values().sum::<u64>().saturating_sub(known);
    let mut found = Vec::new();
    for (minute, count) in ended.iter().rev() {
        let here = count
            .saturating_sub(stored.get(minute).copied().unwrap_or(0))
            .min(left);
        if here > 0 {
            left -= here;
            found.push((*minute, here));
        }
    }
    found
}

/// Adds how full the queues were in the minutes from `from` until before `to`, as far as what was in them is still there. A
/// queue that is known to have been looked at in a minute is left as it was.
pub(super) async fn queues(engine: &Engine, store: &Store, from: i64, to: i64) -> Result<(), StoreError> {
    if from >= to {
        return Ok(());
    }
    let arrived = engine
        .readers()
        .read_blocking(move |connection| read_arrived(connection, from))
        .await?;
    let ids = engine.settings().queues.iter().map(|queue| queue.name.clone());
    let ids: Vec<(String, i64)> = ids
        .filter_map(|name| Some((name.clone(), engine.queues().get(&name)?.id)))
        .collect();
    store
        .write_blocking(move |tx| {
            for (name, id) in &ids {
                let of_queue: Vec<Arrived> = arrived.iter().filter(|a| a.queue == *id).copied().collect();
                for minute in minutes(from, to) {
                    add_queue(tx, name, &of_queue, minute)?;
                }
            }
            Ok(())
        })
        .await
}

/// A dead letter came when it became one.
fn read_arrived(connection: &Connection, from: i64) -> rusqlite::Result<Vec<Arrived>> {
    connection
        .prepare_cached(
            "SELECT queue, max(CASE WHEN source IS NULL THEN sent_at ELSE visible_at END, ?1) / 60000 * 60000,
                    count(*), min(sent_at)
             FROM messages GROUP BY 1, 2",
        )?
        .query_map([from], |row| {
            Ok(Arrived {
                queue: row.get(0)?,
                minute: row.get(1)?,
                count: row.get(2)?,
                oldest: row.get(3)?,
            })
        })?
        .collect()
}

fn add_queue(tx: &Transaction<'_>, queue: &str, arrived: &[Arrived], minute: i64) -> rusqlite::Result<()> {
    let there = || arrived.iter().filter(|arrived| arrived.minute <= minute);
    let Some(oldest) = there().map(|arrived| arrived.oldest).min() else {
        return Ok(());
    };
    let count: u64 = there().map(|arrived| arrived.count).sum();
    let age_s = (minute + MINUTE_MS).saturating_sub(oldest) as f64 / 1_000.0;
    for (name, value) in [
        ("ApproximateNumberOfMessagesVisible", count as f64),
        ("ApproximateAgeOfOldestMessage", age_s),
    ] {
        let sample = Sample {
            name,
            dimensions: vec![("QueueName", queue.to_owned())],
            values: Distribution::of_value(value),
        };
        if history::stored(tx, minute, &sample)?.count == 0 {
            history::add(tx, minute, &sample)?;
        }
    }
    Ok(())
}

/// The minutes that begin at `from` or later and before `to`.
fn minutes(from: i64, to: i64) -> impl Iterator<Item = i64> {
    let first = history::floor(from + MINUTE_MS - 1, MINUTE_MS);
    (0..)
        .map(move |number| first + number * MINUTE_MS)
        .take_while(move |minute| *minute < to)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{ByMinute, COUNT_FAILURES, missing, read_failures};

    fn by_minute<const N: usize>(counts: [(i64, u64); N]) -> ByMinute {
        counts.into_iter().collect()
    }

    #[test]
    fn what_was_never_counted_is_missing_where_it_happened() {
        let ended = by_minute([(0, 2), (60_000, 1), (120_000, 3)]);
        let stored = by_minute([(0, 2), (60_000, 0), (120_000, 1)]);
        assert_eq!(missing(&ended, &stored, 0), [(120_000, 2), (60_000, 1)]);
        // One of them is counted and about to be stored.
        assert_eq!(missing(&ended, &stored, 1), [(120_000, 2)]);
        assert_eq!(missing(&ended, &ended, 0), []);
    }

    #[test]
    fn what_was_counted_in_the_next_minute_is_not_missing() {
        let ended = by_minute([(0, 1)]);
        assert_eq!(missing(&ended, &by_minute([(0, 0), (60_000, 1)]), 0), []);
    }
    #[test]
    fn failed_executions_are_counted_without_looking_at_the_others() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        let plan: Vec<String> = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {COUNT_FAILURES}"))
            .unwrap()
            .query_map((7, 0, 0), |row| row.get("detail"))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        assert!(plan[0].contains("failed_executions"), "{plan:?}");
        connection
            .execute("INSERT INTO definitions (id, hash, text) VALUES (1, '', '')", [])
            .unwrap();
        let mut insert = connection
            .prepare(
                "INSERT INTO executions (key, machine, name, definition, status, input, trace, started_at, stopped_at)
                 VALUES (?1, ?2, ?1, 1, ?3, '', '', 0, ?4)",
            )
            .unwrap();
        for (key, machine, status, at) in [
            (1, 7, 1, 90_000),
            (2, 7, 2, 90_000),
            (3, 7, 2, 61_000),
            (4, 7, 3, 10),
            (5, 8, 2, 90_000),
            (6, 7, 2, 900_000),
        ] {
            insert.execute((key, machine, status, at)).unwrap();
        }
        let found = read_failures(&connection, 7, 0, 120_000).unwrap();
        let expected = [(2, by_minute([(60_000, 2)])), (3, by_minute([(0, 1)]))];
        assert_eq!(found, expected.into());
    }
}
