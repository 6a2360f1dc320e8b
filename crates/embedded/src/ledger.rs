//! The simulated payment gateway's books.
//!
//! They belong to the gateway: each entry is a command of its own that is durable before the gateway answers, and no
//! command of the engine touches them.

use domain::{OrderId, Timestamp};
use ports::StoreError;
use ports::payment::{ChargeOutcome, GatewayLedger, LedgerEntry};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::Engine;
use crate::tx::Tx;
use crate::writer::Command;

const CHARGED: i64 = 0;
const DECLINED: i64 = 1;
const REFUNDED: i64 = 2;

impl GatewayLedger for Engine {
    async fn record_charge(&self, entry: LedgerEntry) -> Result<LedgerEntry, StoreError> {
        self.writer().execute(RecordCharge { entry }).await
    }

    async fn find_entry(&self, idempotency_key: String) -> Result<Option<LedgerEntry>, StoreError> {
        self.readers()
            .read(|connection| Ok(find(connection, &idempotency_key)?.map(|found| found.entry)))
    }

    async fn record_refund(&self, payment_id: String, at: Timestamp) -> Result<bool, StoreError> {
        self.writer().execute(RecordRefund { payment_id, at }).await
    }
}

/// An entry with what the port doesn't tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) entry: LedgerEntry,
    pub(crate) refunded_at: Option<Timestamp>,
}

/// The entries of an order, oldest first. Their keys begin with its id, so they lie side by side.
pub(crate) fn entries_of(connection: &Connection, order: OrderId) -> rusqlite::Result<Vec<Recorded>> {
    connection
        .prepare_cached(
            "SELECT idempotency_key, payment_id, order_id, amount, currency, outcome, reason, at, refunded_at
             FROM gateway_ledger WHERE idempotency_key BETWEEN ?1 || ':' AND ?1 || ';' ORDER BY at, idempotency_key",
        )?
        .query_map([order.to_string()], Recorded::read)?
        .collect()
}

fn find(connection: &Connection, idempotency_key: &str) -> rusqlite::Result<Option<Recorded>> {
    connection
        .prepare_cached(
            "SELECT idempotency_key, payment_id, order_id, amount, currency, outcome, reason, at, refunded_at
             FROM gateway_ledger WHERE idempotency_key = ?1",
        )?
        .query_row([idempotency_key], Recorded::read)
        .optional()
}

impl Recorded {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let outcome = match (row.get::<_, i64>(5)?, row.get::<_, Option<String>>(6)?) {
            (CHARGED, _) => ChargeOutcome::Charged,
            (DECLINED, reason) => ChargeOutcome::Declined(reason.unwrap_or_default()),
            (REFUNDED, _) => ChargeOutcome::Refunded,
            (unknown, _) => return Err(rusqlite::Error::IntegralValueOutOfRange(5, unknown)),
        };
        let entry = LedgerEntry {
            idempotency_key: row.get(0)?,
            payment_id: row.get(1)?,
            order_id: uuid::Uuid::from_bytes(row.get(2)?)
                .try_into()
                .map_err(|error| damaged(2, Type::Blob, error))?,
            amount: row
                .get_ref(3)?
                .as_str()?
                .parse()
                .map_err(|error| damaged(3, Type::Text, error))?,
            currency: row
                .get_ref(4)?
                .as_str()?
                .parse()
                .map_err(|error| damaged(4, Type::Text, error))?,
            outcome,
            at: Timestamp::from_ms(row.get(7)?),
        };
        Ok(Self {
            entry,
            refunded_at: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_ms),
        })
    }
}

/// The column holds what this program never writes there.
fn damaged(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

/// Writes the entry unless one with its key exists.
struct RecordCharge {
    entry: LedgerEntry,
}

impl RecordCharge {
    /// `false` when the key or the payment id is taken.
    fn insert(&self, tx: &Tx<'_>, payment_id: &str) -> rusqlite::Result<bool> {
        let entry = &self.entry;
        let (outcome, reason) = match &entry.outcome {
            ChargeOutcome::Charged => (CHARGED, None),
            ChargeOutcome::Declined(reason) => (DECLINED, Some(reason)),
            ChargeOutcome::Refunded => (REFUNDED, None),
        };
        let inserted = tx
            .prepare(
                "INSERT INTO gateway_ledger
                   (idempotency_key, payment_id, order_id, amount, currency, outcome, reason, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            )?
            .execute((
                &entry.idempotency_key,
                payment_id,
                entry.order_id.as_uuid().as_bytes(),
                entry.amount.to_string(),
                entry.currency.as_str(),
                outcome,
                reason,
                entry.at.as_ms(),
            ))?;
        Ok(inserted == 1)
    }
}

impl Command for RecordCharge {
    /// The entry that now stands.
    type Output = LedgerEntry;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<LedgerEntry> {
        let mut entry = self.entry.clone();
        // A gateway that draws a payment id that is in use gives it another ending.
        for ending in 2_u64.. {
            if self.insert(tx, &entry.payment_id)? {
                break;
            }
            if let Some(first) = find(tx.connection(), &entry.idempotency_key)? {
                return Ok(first.entry);
            }
            entry.payment_id = format!("{}-{ending}", self.entry.payment_id);
        }
        Ok(entry)
    }
}

/// Marks a charged payment refunded.
struct RecordRefund {
    payment_id: String,
    at: Timestamp,
}

impl Command for RecordRefund {
    /// Whether the payment is refunded now.
    type Output = bool;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<bool> {
        let outcome: Option<i64> = tx
            .prepare("SELECT outcome FROM gateway_ledger WHERE payment_id = ?1")?
            .query_row([&self.payment_id], |row| row.get(0))
            .optional()?;
        if outcome == Some(CHARGED) {
            tx.prepare("UPDATE gateway_ledger SET outcome = ?2, refunded_at = ?3 WHERE payment_id = ?1")?
                .execute((&self.payment_id, REFUNDED, self.at.as_ms()))?;
        }
        Ok(matches!(outcome, Some(CHARGED | REFUNDED)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tx::Counters;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        connection
    }

    fn apply<C: Command>(connection: &Connection, mut command: C) -> C::Output {
        command
            .apply(&mut Tx::new(connection, Counters::default()))
            .unwrap()
    }

    fn order() -> OrderId {
        OrderId::from_parts(1_700_000_000_000, 1, 2)
    }

    fn entry(key: &str, payment_id: &str, outcome: ChargeOutcome) -> LedgerEntry {
        LedgerEntry {
            idempotency_key: format!("{}:{key}", order()),
            payment_id: payment_id.into(),
            order_id: order(),
            amount: "59.980".parse().unwrap(),
            currency: domain::Currency::USD,
            outcome,
            at: Timestamp::from_ms(1_700_000_000_123),
        }
    }

    #[test]
    fn the_first_entry_of_a_key_stands() {
        let connection = database();
        let first = entry("k", "PAY-1", ChargeOutcome::Declined("no funds".into()));
        assert_eq!(apply(&connection, RecordCharge { entry: first.clone() }), first);
        let second = entry("k", "PAY-2", ChargeOutcome::Charged);
        assert_eq!(apply(&connection, RecordCharge { entry: second }), first);
        let found = find(&connection, &first.idempotency_key).unwrap().unwrap();
        assert_eq!((found.entry, found.refunded_at), (first, None));
        assert_eq!(find(&connection, "other").unwrap(), None);
    }

    #[test]
    fn a_payment_id_is_never_given_to_two_payments() {
        let connection = database();
        let ids: Vec<String> = ["a", "b", "c"]
            .map(|key| {
                apply(
                    &connection,
                    RecordCharge {
                        entry: entry(key, "PAY-1", ChargeOutcome::Charged),
                    },
                )
            })
            .map(|entry| entry.payment_id)
            .into();
        assert_eq!(ids, ["PAY-1", "PAY-1-2", "PAY-1-3"]);
    }

    #[test]
    fn only_a_charged_payment_is_refunded_and_only_once() {
        let connection = database();
        apply(
            &connection,
            RecordCharge {
                entry: entry("a", "PAY-1", ChargeOutcome::Charged),
            },
        );
        apply(
            &connection,
            RecordCharge {
                entry: entry("b", "PAY-2", ChargeOutcome::Declined("no".into())),
            },
        );
        let refund = |payment_id: &str, at| {
            let at = Timestamp::from_ms(at);
            apply(
                &connection,
                RecordRefund {
                    payment_id: payment_id.into(),
                    at,
                },
            )
        };
        assert!(refund("PAY-1", 5));
        assert!(refund("PAY-1", 6));
        assert!(!refund("PAY-2", 5));
        assert!(!refund("PAY-3", 5));
        let mut another = entry("a", "PAY-4", ChargeOutcome::Charged);
        another.order_id = OrderId::from_parts(1_700_000_000_000, 1, 3);
        another.idempotency_key = format!("{}:a", another.order_id);
        apply(&connection, RecordCharge { entry: another });
        let entries = entries_of(&connection, order()).unwrap();
        let shown: Vec<_> = entries
            .into_iter()
            .map(|e| (e.entry.outcome, e.refunded_at.map(Timestamp::as_ms)))
            .collect();
        assert_eq!(
            shown,
            [
                (ChargeOutcome::Refunded, Some(5)),
                (ChargeOutcome::Declined("no".into()), None)
            ]
        );
    }
}
