//! The template's alarms: judged each minute, remembered, and told to the topics that they name.

pub(super) mod judge;
mod publish;
mod remembered;

use super::history::{self, MINUTE_MS, Selection};
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

/// Judges every alarm as of `now`, remembers what changed, and tells it.
pub(super) async fn evaluate(engine: &Engine, store: &Store, now: Timestamp) {
    for alarm in &engine.settings().alarms {
        match judge_one(store, alarm, now).await {
            Ok((before, judged)) if before.state != judged.state => {
                publish::change(engine, store, &before, &judged, now).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(event_type = "alarm_not_evaluated", alarm = alarm.name, error = %Chain(&error));
            }
        }
    }
}

/// Judges an alarm without changing anything: as it was remembered, and as it is.
pub(super) async fn judge_one(
    store: &Store,
    alarm: &template::Alarm,
    now: Timestamp,
) -> Result<(Remembered, Judged), StoreError> {
    let readings = read(store, alarm, now).await?;
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

/// The alarm's periods up to the last whole minute, oldest first.
async fn read(
    store: &Store,
    alarm: &template::Alarm,
    now: Timestamp,
) -> Result<Vec<AlarmReading>, StoreError> {
    let period_ms = i64::from(alarm.period.0) * 1_000;
    let end = history::floor(now.as_ms(), MINUTE_MS);
    let begin = end - period_ms * i64::from(alarm.evaluation_periods);
    let selection = Selection {
        name: alarm.metric.clone(),
        namespace: Some(alarm.namespace.clone()),
        dimensions: alarm
            .dimensions
            .iter()
            .map(|d| (d.name.clone(), d.value.clone()))
            .collect(),
        from: Timestamp::from_ms(begin),
        to: Timestamp::from_ms(end),
    };
    let found = store
        .read(move |connection| history::read(connection, &selection, now))
        .await?;
    let periods = (0..alarm.evaluation_periods).map(|number| {
        let at = begin + period_ms * i64::from(number);
        let mut values = Distribution::default();
        for (_, points) in &found {
            let within = points
                .iter()
                .filter(|(point, _)| (at..at + period_ms).contains(point));
            within.for_each(|(_, more)| values.merge(more));
        }
        let value = history::value(&values, judge::statistic(alarm));
        AlarmReading {
            at: Timestamp::from_ms(at),
            value,
            breaches: judge::breaches(alarm, value),
        }
    });
    Ok(periods.collect())
}
