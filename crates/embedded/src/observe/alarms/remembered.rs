//! What alarms said last, and what they said before that.

use domain::Timestamp;
use ports::StoreError;
use ports::observability::{AlarmState, AlarmTransition};
use rusqlite::OptionalExtension;

use crate::observe::store::Store;

/// For how long a change is remembered: as long as CloudWatch does.
const KEPT_MS: i64 = 14 * 24 * 3_600 * 1_000;

/// What an alarm said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::observe) struct Remembered {
    /// Whether it never said anything.
    pub(in crate::observe) is_first: bool,
    pub(in crate::observe) state: AlarmState,
    pub(in crate::observe) reason: String,
    pub(in crate::observe) since: Timestamp,
}

/// What the alarm said last; one that never said anything has insufficient data since now.
pub(in crate::observe) async fn remembered(
    store: &Store,
    alarm: &str,
    now: Timestamp,
) -> Result<Remembered, StoreError> {
    let alarm = alarm.to_owned();
    let found = store
        .read(move |connection| {
            connection
                .prepare_cached("SELECT state, reason, since FROM alarms WHERE name = ?1")?
                .query_row([alarm], |row| {
                    let state: String = row.get(0)?;
                    Ok(Remembered {
                        is_first: false,
                        state: parse(&state),
                        reason: row.get(1)?,
                        since: Timestamp::from_ms(row.get(2)?),
                    })
                })
                .optional()
        })
        .await?;
    Ok(found.unwrap_or_else(|| Remembered {
        is_first: true,
        state: AlarmState::InsufficientData,
        reason: "it was not evaluated yet".to_owned(),
        since: now,
    }))
}

/// Remembers a change.
pub(super) async fn remember(store: &Store, change: AlarmTransition) -> Result<(), StoreError> {
    store
        .write_blocking(move |tx| {
            let at = change.at.as_ms();
            tx.execute(
                "INSERT OR REPLACE INTO alarms (name, state, reason, since) VALUES (?1, ?2, ?3, ?4)",
                (&change.alarm, change.to.as_str(), &change.reason, at),
            )?;
            tx.execute(
                "INSERT INTO alarm_history (alarm, at, before, after, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    &change.alarm,
                    at,
                    change.from.as_str(),
                    change.to.as_str(),
                    &change.reason,
                ),
            )?;
            tx.execute("DELETE FROM alarm_history WHERE at < ?1", [at - KEPT_MS])?;
            Ok(())
        })
        .await
}

/// Changes of this alarm, or of all, newest first.
pub(in crate::observe) async fn history(
    store: &Store,
    alarm: Option<String>,
    limit: u32,
) -> Result<Vec<AlarmTransition>, StoreError> {
    store
        .read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT alarm, at, before, after, reason FROM alarm_history WHERE ?1 IS NULL OR alarm = ?1
                     ORDER BY id DESC LIMIT ?2",
                )?
                .query_map((alarm, limit), |row| {
                    let (before, after): (String, String) = (row.get(2)?, row.get(3)?);
                    Ok(AlarmTransition {
                        alarm: row.get(0)?,
                        at: Timestamp::from_ms(row.get(1)?),
                        from: parse(&before),
                        to: parse(&after),
                        reason: row.get(4)?,
                    })
                })?
                .collect()
        })
        .await
}

fn parse(state: &str) -> AlarmState {
    [AlarmState::Ok, AlarmState::Alarm]
        .into_iter()
        .find(|known| known.as_str() == state)
        .unwrap_or(AlarmState::InsufficientData)
}
