//! The template's alarms: judged each minute, remembered, and told to the topics that they name.

pub(super) mod judge;
mod publish;
mod remembered;

use super::history::{self, DAY_MS, MINUTE_MS, Selection, Values};
use super::marks;
use super::store::Store;
use crate::Engine;
use crate::error::Chain;
use domain::Timestamp;
use ports::StoreError;
use ports::metrics::Distribution;
use ports::observability::{AlarmReading, AlarmState};
pub(super) use remembered::{Remembered, history, remembered};

/// An alarm that was judged.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) alarm: template::Alarm,
    pub(super) readings: Vec<AlarmReading>,
    pub(super) state: AlarmState,
    pub(super) reason: String,
}

/// Marks every alarm that was never judged as judged up to `minute`; and all as judged before `changed`, the first minute
/// whose values are known only now.
pub(super) async fn begin(
    engine: &Engine,
    store: &Store,
    minute: i64,
    changed: Option<i64>,
) -> Result<(), StoreError> {
    let names = engine
        .settings()
        .alarms
        .iter()
        .map(|alarm| marks::judged(&alarm.name));
    let names: Vec<String> = names.collect();
    store
        .write_blocking(move |tx| {
            for mark in &names {
                let known = marks::find(tx, mark)?.unwrap_or(minute);
                marks::set(tx, mark, changed.map_or(known, |changed| known.min(changed)))?;
            }
            Ok(())
        })
        .await
}

/// Judges every alarm as of the end of each minute since it was judged last, remembers what changed, and tells it.
pub(super) async fn evaluate(engine: &Engine, store: &Store, now: Timestamp) {
    for alarm in &engine.settings().alarms {
        if let Err(error) = catch_up(engine, store, alarm, now).await {
            tracing::error!(event_type = "alarm_not_evaluated", alarm = alarm.name, error = %Chain(&error));
        }
    }
}

/// Judges an alarm minute by minute. What can't be told is judged again with the next minute.
async fn catch_up(
    engine: &Engine,
    store: &Store,
    alarm: &template::Alarm,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mark = marks::judged(&alarm.name);
    let judged = marks::get(store, mark.clone()).await?;
    let latest = history::floor(now.as_ms(), MINUTE_MS);
    let Some(first) = first_to_judge(alarm, judged, latest) else {
        return Ok(());
    };
    let found = values(store, alarm, first, latest, now).await?;
    let mut before = remembered(store, &alarm.name, now).await?;
    let mut end = first;
    while end <= latest {
        let readings = readings(alarm, &found, end);
        let (state, reason) = judge::judge(alarm, &readings, before.state);
        if before.state != state {
            let judged = Judged {
                alarm: alarm.clone(),
                readings,
                state,
                reason,
            };
            // The minute that has just ended is judged now; one that was missed, as of its end.
            let at = if end == latest {
                now
            } else {
                Timestamp::from_ms(end)
            };
            if !publish::change(engine, store, &before, &judged, at).await {
                break;
            }
            before = Remembered {
                is_first: false,
                state,
                reason: judged.reason,
                since: at,
            };
        }
        end += MINUTE_MS;
    }
    let until = end - MINUTE_MS;
    store.write_blocking(move |tx| marks::set(tx, &mark, until)).await
}

/// The end of the first minute that is to be judged, if there is any; no further back than minutes are kept apart.
fn first_to_judge(alarm: &template::Alarm, judged: Option<i64>, latest: i64) -> Option<i64> {
    // A clock that was set back goes on from where it is.
    let next = judged.filter(|judged| *judged <= latest);
    let next = next.map_or(latest, |judged| judged + MINUTE_MS);
    let earliest = (latest - DAY_MS + window_ms(alarm)).min(latest);
    Some(next.max(earliest)).filter(|next| *next <= latest)
}

/// How long the periods that the alarm looks at are together.
fn window_ms(alarm: &template::Alarm) -> i64 {
    i64::from(alarm.period.0) * 1_000 * i64::from(judge::evaluation_range(alarm))
}

/// Judges an alarm without changing anything: as it was remembered, and as it is.
pub(super) async fn judge_one(
    store: &Store,
    alarm: &template::Alarm,
    now: Timestamp,
) -> Result<(Remembered, Judged), StoreError> {
    let end = history::floor(now.as_ms(), MINUTE_MS);
    let found = values(store, alarm, end, end, now).await?;
    let readings = readings(alarm, &found, end);
    let before = remembered(store, &alarm.name, now).await?;
    let (state, reason) = judge::judge(alarm, &readings, before.state);
    let judged = Judged {
        alarm: alarm.clone(),
        readings,
        state,
        reason,
    };
    Ok((before, judged))
}

/// What was measured in the windows that end at `first` and up to `last`, each series by time.
async fn values(
    store: &Store,
    alarm: &template::Alarm,
    first: i64,
    last: i64,
    now: Timestamp,
) -> Result<Vec<Values>, StoreError> {
    let selection = Selection {
        name: alarm.metric.clone(),
        namespace: Some(alarm.namespace.clone()),
        dimensions: alarm
            .dimensions
            .iter()
            .map(|d| (d.name.clone(), d.value.clone()))
            .collect(),
        from: Timestamp::from_ms(first - window_ms(alarm)),
        to: Timestamp::from_ms(last),
        period_s: 60,
    };
    // Seconds of the minute under way don't make it older.
    let now = Timestamp::from_ms(history::floor(now.as_ms(), MINUTE_MS));
    store
        .read(move |connection| history::read(connection, &selection, now))
        .await
}

/// The alarm's periods up to `end`, oldest first.
fn readings(alarm: &template::Alarm, found: &[Values], end: i64) -> Vec<AlarmReading> {
    let period_ms = i64::from(alarm.period.0) * 1_000;
    let begin = end - window_ms(alarm);
    let periods = (0..judge::evaluation_range(alarm)).map(|number| {
        let at = begin + period_ms * i64::from(number);
        let mut values = Distribution::default();
        for (_, points) in found {
            let from = points.partition_point(|(point, _)| *point < at);
            let within = points.iter().skip(from);
            let within = within.take_while(|(point, _)| *point < at + period_ms);
            within.for_each(|(_, more)| values.merge(more));
        }
        let value = history::value(&values, judge::statistic(alarm));
        AlarmReading {
            at: Timestamp::from_ms(at),
            value,
            breaches: judge::breaches(alarm, value),
        }
    });
    periods.collect()
}
