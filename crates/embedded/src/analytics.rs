//! The view that analytics keeps of the change stream: figures by hour and currency.
//!
//! Values are added and divided as exact decimals, in Rust: SQLite would make floats of them.

use domain::{Amount, Currency, Timestamp};
use ports::StoreError;
use ports::analytics::{AnalyticsView, HourDelta, HourFigures};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Number;

use crate::Engine;
use crate::tx::Tx;
use crate::writer::Command;

/// Decimals of a rate.
const RATE_DECIMALS: u32 = 4;

impl AnalyticsView for Engine {
    async fn add_figures(
        &self,
        shard: String,
        sequence_number: u64,
        deltas: Vec<HourDelta>,
    ) -> Result<(), StoreError> {
        let sequence_number = i64::try_from(sequence_number).map_err(StoreError::failed)?;
        self.writer()
            .execute(AddFigures {
                shard,
                sequence_number,
                deltas,
            })
            .await
    }

    async fn read_figures(&self, from: Timestamp, to: Timestamp) -> Result<Vec<HourFigures>, StoreError> {
        self.readers()
            .read_blocking(move |connection| read_figures(connection, from, to))
            .await
    }
}

/// Adds the figures of a batch of stream records, unless they were added before.
struct AddFigures {
    shard: String,
    sequence_number: i64,
    deltas: Vec<HourDelta>,
}

impl Command for AddFigures {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let moved = tx
            .prepare(
                "INSERT INTO analytics_shards (shard, seq) VALUES (?1, ?2)
                 ON CONFLICT (shard) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq",
            )?
            .execute((&self.shard, self.sequence_number))?;
        if moved == 1 {
            for delta in &self.deltas {
                add(tx, delta)?;
            }
        }
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
        count(delta.placed),
        value.to_string(),
        count(delta.completed),
        count(delta.failed),
        count(delta.cancelled),
        count(delta.payments_succeeded),
        count(delta.payments_failed),
    ))?;
    Ok(())
}

/// A count as SQLite holds it.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
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
            let placed: u64 = row.get(2)?;
            let (succeeded, failed): (u64, u64) = (row.get(5)?, row.get(6)?);
            Ok(HourFigures {
                hour: Timestamp::from_ms(row.get(0)?),
                currency,
                orders: placed,
                average_order_value: average(decimal(row, 3)?, placed, currency),
                conversion_rate: rate(row.get(4)?, placed),
                payment_success_rate: rate(succeeded, succeeded.saturating_add(failed)),
            })
        })?
        .collect()
}

/// The mean, rounded half to even to the currency's decimals; zero of nothing.
fn average(value: Decimal, count: u64, currency: Currency) -> Amount {
    let mean = value.checked_div(Decimal::from(count)).unwrap_or_default();
    let mut mean = mean.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointNearestEven);
    mean.rescale(currency.decimals());
    // A mean of amounts is no larger than the largest of them, so it is an amount.
    Amount::new(mean).unwrap_or(Amount::MAX)
}

fn rate(part: u64, whole: u64) -> Option<Number> {
    let rate = Decimal::from(part).checked_div(Decimal::from(whole))?;
    let rate = rate.round_dp_with_strategy(RATE_DECIMALS, RoundingStrategy::MidpointNearestEven);
    rate.normalize().to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tx::Counters;

    const HOUR_MS: i64 = 3_600_000;

    fn delta(hour: i64, currency: &str, placed: u64, value: &str) -> HourDelta {
        HourDelta {
            hour: Timestamp::from_ms(hour * HOUR_MS),
            currency: currency.parse().unwrap(),
            placed,
            placed_value: value.parse().unwrap(),
            completed: 0,
            failed: 0,
            cancelled: 0,
            payments_succeeded: 0,
            payments_failed: 0,
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
            sequence_number,
            deltas,
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
                    r#""conversionRate":0.6667,"paymentSuccessRate":0.6667}"#
                ),
                concat!(
                    r#"{"hour":"1970-01-01T00:00:00.000Z","currency":"JPY","orders":2,"averageOrderValue":2,"#,
                    r#""conversionRate":0,"paymentSuccessRate":null}"#
                ),
                concat!(
                    r#"{"hour":"1970-01-01T00:00:00.000Z","currency":"USD","orders":2,"averageOrderValue":0.12,"#,
                    r#""conversionRate":0,"paymentSuccessRate":null}"#
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
            r#""conversionRate":null,"paymentSuccessRate":null}"#
        );
        assert_eq!(shown(&connection, 0, 1), [only]);
    }
}
