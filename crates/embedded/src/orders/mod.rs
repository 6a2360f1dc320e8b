//! The orders table: rows, their keys, and the change record that each write leaves in the stream.

mod attention;
mod attributes;
mod cancel;
mod count;
mod feed;
mod image;
mod place;
mod placed;
mod query;
mod recent;
mod update;

use std::sync::Arc;

use domain::{Order, OrderId, OrderState, OrderStatus, PlacedOrder, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use serde_json::{Map, Value};

pub(crate) use attention::{need_attention, need_attention_of_message};
pub(crate) use count::OrderCounter;
pub(crate) use placed::Placed;
pub(crate) use recent::Recent;
pub(crate) use update::{UpdateItem, UpdateRefused, parse_key};

use crate::Engine;
use crate::tx::{Notice, Tx};
use ports::StoreError;

/// The row of an order: its creation time in milliseconds and the counter of its id, which together are its own alone.
pub(crate) fn order_key(id: OrderId) -> i64 {
    // 48 bits of time and 15 of counter fill 63 bits, so the key is never negative.
    ((id.created_at_ms() << 15) | u64::from(id.counter())) as i64
}

/// The lowest key of orders created at `time`.
pub(crate) fn first_key_at(time: Timestamp) -> i64 {
    time.as_ms().max(0).checked_mul(1 << 15).unwrap_or(i64::MAX)
}

/// An order as it lies in the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderRow {
    pub(crate) key: i64,
    pub(crate) id: OrderId,
    pub(crate) status: OrderStatus,
    pub(crate) placed: Placed,
    pub(crate) updated_at: Timestamp,
    /// Attributes set since it was placed, as a JSON object.
    pub(crate) attributes: Option<String>,
}

/// A row holds what this program never writes there.
#[derive(Debug, thiserror::Error)]
#[error("order row {key} is damaged: {problem}")]
pub(crate) struct DamagedRow {
    key: i64,
    problem: String,
}

/// A command that meets damage writes nothing.
impl From<DamagedRow> for rusqlite::Error {
    fn from(damage: DamagedRow) -> Self {
        Self::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(damage))
    }
}

pub(crate) fn status_code(status: OrderStatus) -> i64 {
    match status {
        OrderStatus::Pending => 0,
        OrderStatus::Processing => 1,
        OrderStatus::Completed => 2,
        OrderStatus::Failed => 3,
        OrderStatus::Cancelled => 4,
    }
}

pub(crate) fn status_of_code(code: i64) -> Option<OrderStatus> {
    OrderStatus::ALL
        .into_iter()
        .find(|status| status_code(*status) == code)
}

impl OrderRow {
    pub(crate) const COLUMNS: &'static str = "key, id, status, placed, updated_at, attributes";

    pub(crate) fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        let key: i64 = row.get(0)?;
        let damaged = |problem: &str| {
            let damage = DamagedRow {
                key,
                problem: problem.to_owned(),
            };
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(damage))
        };
        let id: [u8; 16] = row.get(1)?;
        Ok(Self {
            key,
            id: OrderId::try_from(uuid::Uuid::from_bytes(id)).map_err(|_| damaged("its id is no UUIDv7"))?,
            status: status_of_code(row.get(2)?).ok_or_else(|| damaged("its status is unknown"))?,
            placed: Placed::from_json(row.get(3)?),
            updated_at: Timestamp::from_ms(row.get(4)?),
            attributes: row.get(5)?,
        })
    }

    /// The order with this id.
    pub(crate) fn find(connection: &Connection, id: OrderId) -> rusqlite::Result<Option<Self>> {
        let row = Self::find_key(connection, order_key(id))?;
        Ok(row.filter(|row| row.id == id))
    }

    pub(crate) fn find_key(connection: &Connection, key: i64) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached(
                "SELECT key, id, status, placed, updated_at, attributes FROM orders WHERE key = ?1",
            )?
            .query_row([key], Self::read)
            .optional()
    }

    /// What was placed.
    pub(crate) fn placed(&self) -> Result<&Arc<PlacedOrder>, DamagedRow> {
        self.placed.order().map_err(|error| DamagedRow {
            key: self.key,
            problem: error.to_string(),
        })
    }

    /// What was set since.
    pub(crate) fn attributes(&self) -> Result<Map<String, Value>, DamagedRow> {
        let Some(text) = self.attributes.as_deref() else {
            return Ok(Map::new());
        };
        serde_json::from_str(text).map_err(|error| DamagedRow {
            key: self.key,
            problem: error.to_string(),
        })
    }

    /// The order as the API shows it.
    pub(crate) fn to_order(&self) -> Result<Order, DamagedRow> {
        let attributes = self.attributes()?;
        let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
        let state = OrderState {
            status: self.status,
            updated_at: self.updated_at,
            payment_id: text("paymentId"),
            failure_reason: text("failureReason"),
            attention: text("attention"),
        };
        Ok(Order {
            placed: Arc::clone(self.placed()?),
            state,
        })
    }

    /// The order as the table's item: every attribute by name.
    pub(crate) fn item(&self) -> Result<Map<String, Value>, DamagedRow> {
        let damaged = |error: serde_json::Error| DamagedRow {
            key: self.key,
            problem: error.to_string(),
        };
        let mut item: Map<String, Value> = serde_json::from_slice(self.placed.json()).map_err(damaged)?;
        item.insert("status".into(), self.status.as_str().into());
        item.insert("updatedAt".into(), self.updated_at.to_string().into());
        if let Some(attributes) = &self.attributes {
            let set: Map<String, Value> = serde_json::from_str(attributes).map_err(damaged)?;
            item.extend(set);
        }
        Ok(item)
    }
}

impl Engine {
    /// The order with this key as the last commit left it: from memory, or else from the table.
    pub(crate) fn order_row(&self, key: i64) -> Result<Option<Arc<OrderRow>>, StoreError> {
        if let Some(row) = self.recent().row(key) {
            return Ok(Some(row));
        }
        let row = self
            .readers()
            .read(|connection| OrderRow::find_key(connection, key))?;
        Ok(row.map(Arc::new))
    }

    /// The orders with these ids, likewise. Those that aren't in memory are read together: they are neighbours in the table, and
    /// each read by itself would begin with an empty page cache.
    pub(crate) fn order_rows_of(&self, ids: &[OrderId]) -> Vec<Found> {
        let mut found: Vec<Found> = ids
            .iter()
            .map(|id| Ok(self.recent().row(order_key(*id)).filter(|row| row.id == *id)))
            .collect();
        let wanted: Vec<(usize, OrderId)> = found_nowhere(ids, &found).collect();
        if wanted.is_empty() {
            return found;
        }
        let read = self.readers().read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            let rows = wanted.iter().map(|(_, id)| OrderRow::find(&snapshot, *id));
            rows.collect::<rusqlite::Result<Vec<_>>>()
        });
        match read {
            Ok(rows) => {
                for ((at, _), row) in wanted.iter().zip(rows) {
                    found[*at] = Ok(row.map(Arc::new));
                }
            }
            Err(error) => {
                for (at, _) in wanted {
                    found[at] = Err(error.clone());
                }
            }
        }
        found
    }

    /// The order with this id, likewise.
    pub(crate) fn order_row_of(&self, id: OrderId) -> Result<Option<Arc<OrderRow>>, StoreError> {
        Ok(self.order_row(order_key(id))?.filter(|row| row.id == id))
    }
}

/// An order that was looked for: `None` when there's none.
pub(crate) type Found = Result<Option<Arc<OrderRow>>, StoreError>;

/// The ids of which nothing was found yet, with their places.
fn found_nowhere<'f>(ids: &'f [OrderId], found: &'f [Found]) -> impl Iterator<Item = (usize, OrderId)> + 'f {
    let of_each = ids.iter().zip(found).enumerate();
    of_each
        .filter(|(_, (_, found))| matches!(found, Ok(None)))
        .map(|(at, (id, _))| (at, *id))
}

/// A change of an order, as the stream has it.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    /// The order before; `None` when it is new.
    pub(crate) old: Option<Arc<OrderRow>>,
    pub(crate) new: Arc<OrderRow>,
}

/// How an order stands after a change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Changed {
    pub(crate) status: OrderStatus,
    pub(crate) updated_at: Timestamp,
    pub(crate) attributes: Option<String>,
    pub(crate) needs_attention: bool,
}

impl Changed {
    /// The row as this leaves it.
    pub(crate) fn row(&self, old: &OrderRow) -> OrderRow {
        OrderRow {
            key: old.key,
            id: old.id,
            status: self.status,
            placed: old.placed.clone(),
            updated_at: self.updated_at,
            attributes: self.attributes.clone(),
        }
    }
}

/// Changes a row that is as it is known.
const UPDATE: &str = "UPDATE orders SET status = ?2, updated_at = ?3, attributes = ?4, attention = ?5,
                                      room = CASE WHEN ?4 IS NULL THEN room END
                      WHERE key = ?1 AND id = ?6 AND status = ?7 AND updated_at = ?8 AND attributes IS ?9";
/// Likewise, one that needs no attention and didn't before.
const UPDATE_UNNOTED: &str = "UPDATE orders SET status = ?2, updated_at = ?3, attributes = ?4,
                                              room = CASE WHEN ?4 IS NULL THEN room END
                              WHERE key = ?1 AND id = ?6 AND status = ?7 AND updated_at = ?8 AND attributes IS ?9
                                AND attention = ?5";

/// Changes the order's row by one of these two; whether it was as `old` says.
fn update_row(
    tx: &Tx<'_>,
    old: &OrderRow,
    changed: &Changed,
    update: &'static str,
) -> rusqlite::Result<bool> {
    let updated = tx.prepare(update)?.execute((
        old.key,
        status_code(changed.status),
        changed.updated_at.as_ms(),
        &changed.attributes,
        changed.needs_attention,
        old.id.as_uuid().as_bytes(),
        status_code(old.status),
        old.updated_at.as_ms(),
        &old.attributes,
    ))?;
    Ok(updated == 1)
}

/// Writes the change to the table and to the stream, at `at`. Answers `None`, and has written nothing, when the order
/// is not as `old` says any more.
pub(crate) fn change_order(
    tx: &mut Tx<'_>,
    old: &Arc<OrderRow>,
    changed: &Changed,
    at: Timestamp,
) -> rusqlite::Result<Option<Arc<OrderRow>>> {
    // Most orders never need attention, and the index of those that do is left alone where nothing changes in it.
    let unnoted = !changed.needs_attention && update_row(tx, old, changed, UPDATE_UNNOTED)?;
    if !unnoted && !update_row(tx, old, changed, UPDATE)? {
        return Ok(None);
    }
    let seq = tx.next(|counters| &mut counters.change);
    tx.prepare(
        "INSERT INTO changes (seq, order_key, at, old_status, old_updated_at, old_attributes,
                              new_status, new_updated_at, new_attributes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        seq,
        old.key,
        at.as_ms(),
        status_code(old.status),
        old.updated_at.as_ms(),
        &old.attributes,
        status_code(changed.status),
        changed.updated_at.as_ms(),
        &changed.attributes,
    ))?;
    let new = Arc::new(changed.row(old));
    tx.notify(Notice::Changed(Arc::new(Change {
        seq: seq.unsigned_abs(),
        at,
        old: Some(Arc::clone(old)),
        new: Arc::clone(&new),
    })));
    Ok(Some(new))
}
