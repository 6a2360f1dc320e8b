//! The view that analytics keeps of the change stream: figures by hour and currency.
//!
//! Values are added and divided as exact decimals, in Rust: SQLite would make floats of them.

use domain::{Currency, Timestamp};
use ports::StoreError;
use ports::analytics::{AnalyticsView, HourDelta, HourFigures, HourTotals, RecordFigures, sum_by_hour};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use rust_decimal::Decimal;

use crate::Engine;
use crate::tx::Tx;
use crate::writer::Command;

impl AnalyticsView for Engine {
    async fn add_figures(&self, shard: String, records: Vec<RecordFigures>) -> Result<(), StoreError> {
        let number = |record: RecordFigures| {
            let number = record.sequence_number.as_str().parse::<i64>();
            number
                .map(|number| (number, record.delta))
                .map_err(StoreError::failed)
        };
        let records = records.into_iter().map(number).collect::<Result<Vec<_>, _>>()?;
        if records.is_empty() {
            return Ok(());
        }
        self.writer().execute(AddFigures { shard, records }).await
    }

    async fn read_figures(&self, from: Timestamp, to: Timestamp) -> Result<Vec<HourFigures>, StoreError> {
        self.readers()
            .read_blocking(move |connection| read_figures(connection, from, to))
            .await
    }
}

/// Adds the figures of a batch of stream records, but for those that were added before.
struct AddFigures {
    shard: String,
    /// By sequence number, in its order.
    records: Vec<(i64, HourDelta)>,
}

impl Command for AddFigures {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let added: Option<i64> = tx
            .prepare("SELECT seq FROM analytics_shards WHERE shard = ?1")?
            .query_row([&self.shard], |row| row.get(0))
            .optional()?;
        let new = |record: &&(i64, HourDelta)| added.is_none_or(|added| record.0 > added);
        let Some(last) = self.records.iter().filter(new).map(|(number, _)| *number).max() else {
            return Ok(());
        };
        let deltas = self.records.iter().filter(new).map(|(_, delta)| delta.clone());
        for delta in sum_by_hour(deltas) {
            add(tx, &delta)?;
        }
        tx.prepare(
            "INSERT INTO analytics_shards (shard, seq) VALUES (?1, ?2)
             ON CONFLICT (shard) DO UPDATE SET seq = excluded.seq",
        )?
        .execute((&self.shard, last))?;
        Ok(())
    }
}

fn add(tx: &Tx<'_>, delta: &HourDelta) -> rusqlite::Result<()> {
    let (hour, currency) = (delta.hour.as_ms(), delta.currency.as_str());
    let mut find =
        tx.prepare("SELECT placed_value FROM analytics_hours WHERE hour = ?1 AND currency = ?2")?;
    let before = find
        .query_row((hour, currency), |row| decimal(row, 0))
        .optional()?
        .unwrap_or_default();
    // 28 digits hold 10^16 times the largest order; beyond that the sum stays where it is.
    let value = before.checked_add(delta.placed_value.decimal()).unwrap_or(before);
    tx.prepare(
        "INSERT INTO analytics_hours (hour, currency, placed, placed_value, completed, failed, cancelled,
                                      payments_succeeded, payments_failed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET placed = placed + excluded.placed, placed_value = excluded.placed_value,
           completed = completed + excluded.completed, failed = failed + excluded.failed,
           cancelled = cancelled + excluded.cancelled,
           payments_succeeded = payments_succeeded + excluded.payments_succeeded,
           payments_failed = payments_failed + excluded.payments_failed",
    )?
    .execute((
        hour,
        currency,
        delta.placed,
        value.to_string(),
        delta.completed,
        delta.failed,
        delta.cancelled,
        delta.payments_succeeded,
        delta.payments_failed,
    ))?;
    Ok(())
}

fn decimal(row: &Row<'_>, column: usize) -> rusqlite::Result<Decimal> {
    Decimal::from_str_exact(row.get_ref(column)?.as_str()?).map_err(|error| damaged(column, error))
}

/// The column holds a text that this program never writes there.
fn damaged(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn read_figures(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<HourFigures>> {
    connection
        .prepare_cached(
            "SELECT hour, currency, placed, placed_value, completed, payments_succeeded, payments_failed
             FROM analytics_hours WHERE hour >= ?1 AND hour < ?2 ORDER BY hour DESC, currency",
        )?
        .query_map((from.as_ms(), to.as_ms()), |row| {
            let currency: Currency = row
                .get_ref(1)?
                .as_str()?
                .parse()
                .map_err(|error| damaged(1, error))?;
            // A count below zero would be a fault of the stream; it is shown as none.
            let count = |column| {
                row.get::<_, i64>(column)
                    .map(|count| u64::try_from(count).unwrap_or(0))
            };
            let totals = HourTotals {
                hour: Timestamp::from_ms(row.get(0)?),
                currency,
                placed: count(2)?,
                placed_value: decimal(row, 3)?,
                completed: count(4)?,
                payments_succeeded: count(5)?,
                payments_failed: count(6)?,
            };
            Ok(totals.figures())
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tx::Counters;

    const HOUR_MS: i64 = 3_600_000;

    fn delta(hour: i64, currency: &str, placed: i64, value: &str) -> HourDelta {
        let (hour, currency) = (Timestamp::from_ms(hour * HOUR_MS), currency.parse().unwrap());
        HourDelta {
            placed,
            placed_value: value.parse().unwrap(),
            ..HourDelta::new(hour, currency)
        }
    }

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        connection
    }

    fn add(connection: &Connection, shard: &str, sequence_number: i64, deltas: Vec<HourDelta>) {
        let mut command = AddFigures {
            shard: shard.into(),
            records: deltas.into_iter().map(|delta| (sequence_number, delta)).collect(),
        };
        command
            .apply(&mut Tx::new(connection, Counters::default()))
            .unwrap();
    }

    fn shown(connection: &Connection, from: i64, to: i64) -> Vec<String> {
        let (from, to) = (
            Timestamp::from_ms(from * HOUR_MS),
            Timestamp::from_ms(to * HOUR_MS),
        );
        read_figures(connection, from, to)
            .unwrap()
            .into_iter()
            .map(|figures| serde_json::to_string(&figures).unwrap())
            .collect()
    }

    #[test]
    fn figures_are_exact_and_rounded_half_to_even() {
        let connection = database();
        add(
            &connection,
            "s",
            5,
            vec![
                delta(0, "USD", 1, "0.10"),
                delta(0, "USD", 1, "0.15"),
                delta(0, "JPY", 2, "5"),
            ],
        );
        let more = HourDelta {
            completed: 2,
            payments_succeeded: 2,
            payments_failed: 1,
            ..delta(1, "USD", 3, "100")
        };
        add(&connection, "s", 6, vec![more]);
        assert_eq!(
            shown(&connection, 0, 2),
            [
                concat!(
                    r#"{"hour":"1970-01-01T01:00:00.000Z","currency":"USD","orders":3,"averageOrderValue":33.33,"#,
                    r#""completionRate":0.6667,"paidRate":0.6667}"#
                ),
                concat!(
                    r#"{"hour":"1970-01-01T00:00:00.000Z","currency":"JPY","orders":2,"averageOrderValue":2,"#,
                    r#""completionRate":0,"paidRate":null}"#
                ),
                concat!(
                    r#"{"hour":"1970-01-01T00:00:00.000Z","currency":"USD","orders":2,"averageOrderValue":0.12,"#,
                    r#""completionRate":0,"paidRate":null}"#
                ),
            ]
        );
        assert_eq!(shown(&connection, 1, 2).len(), 1);
    }

    #[test]
    fn a_batch_counts_once_in_its_shard() {
        let connection = database();
        for (shard, sequence_number) in [("a", 7), ("a", 7), ("a", 3), ("b", 3), ("a", 8)] {
            add(&connection, shard, sequence_number, vec![delta(0, "USD", 1, "1")]);
        }
        let orders: i64 = connection
            .query_row("SELECT sum(placed) FROM analytics_hours", [], |row| row.get(0))
            .unwrap();
        assert_eq!(orders, 3);
    }

    #[test]
    fn what_happens_to_an_order_that_was_placed_in_another_hour_counts_there_alone() {
        let connection = database();
        let completed = HourDelta {
            completed: 1,
            ..delta(0, "USD", 0, "0")
        };
        add(&connection, "s", 1, vec![completed]);
        let only = concat!(
            r#"{"hour":"1970-01-01T00:00:00.000Z","currency":"USD","orders":0,"averageOrderValue":0.00,"#,
            r#""completionRate":null,"paidRate":null}"#
        );
        assert_eq!(shown(&connection, 0, 1), [only]);
    }
}
