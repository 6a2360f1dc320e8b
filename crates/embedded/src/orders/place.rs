//! Placing: order, idempotency record, stream record, queue message and the usage counts, in one transaction.

use std::sync::Arc;

use domain::{OrderId, OrderStatus, PlacedOrder, Placement, Timestamp};
use ports::StoreError;
use ports::clock::Clock;
use ports::orders::{Idempotency, PlaceOrder, PlaceOrderError, Placed};
use rusqlite::{Connection, OptionalExtension};

use super::placed::Placed as PlacedRow;
use super::{Change, OrderRow, order_key};
use crate::access::Access;
use crate::observe::spans;
use crate::tx::{Notice, Tx};
use crate::writer::Command;
use crate::{Engine, queue};

/// For how long an idempotency record is kept: 24 hours.
const IDEMPOTENCY_TTL_MS: i64 = 24 * 60 * 60 * 1000;

impl PlaceOrder for Engine {
    async fn place_order(
        &self,
        placement: Placement,
        idempotency: Option<Idempotency>,
    ) -> Result<Placed, PlaceOrderError> {
        let order = placement.order();
        let id = order.order_id;
        let store = |source| PlaceOrderError::Store { id, source };
        let row = Arc::new(OrderRow {
            key: order_key(id),
            id,
            status: OrderStatus::Pending,
            placed: PlacedRow::from_placement(&placement)
                .map_err(|error| store(StoreError::failed(error)))?,
            updated_at: order.created_at,
            attributes: None,
        });
        let command = InsertOrder {
            row,
            customer: order.customer_id.as_str().to_owned(),
            queue: self.names().id("queue", &self.settings().order_queue),
            message: message_body(order),
            trace: order.trace_id.clone(),
            idempotency,
            access: Arc::clone(self.access()),
            now: self.time().now(),
        };
        let stored = spans::begin_placing(self, order);
        let inserted = self.writer().execute(command).await.map_err(store);
        stored.end(&inserted);
        match inserted? {
            Inserted::Created => {
                self.metrics().count(
                    "NumberOfMessagesSent",
                    &[("QueueName", &self.settings().order_queue)],
                    1,
                );
                Ok(Placed::Created(Arc::clone(order)))
            }
            Inserted::DuplicateId => Err(PlaceOrderError::DuplicateId(id)),
            Inserted::KeyReused => Err(PlaceOrderError::KeyReused),
            Inserted::Replayed(key) => Ok(Placed::Replayed(self.placed_order(key).map_err(store)?)),
        }
    }

    async fn find_placed(
        &self,
        id: OrderId,
        idempotency: Idempotency,
    ) -> Result<Option<Arc<PlacedOrder>>, PlaceOrderError> {
        let store = |source| PlaceOrderError::Store { id, source };
        let now = self.time().now();
        let found = self
            .readers()
            .read(|connection| find_record(connection, &idempotency))
            .map_err(store)?;
        match found.filter(|record| record.expires_at > now.as_ms()) {
            None => Ok(None),
            Some(record) if record.body_hash == idempotency.body_hash => {
                Ok(Some(self.placed_order(record.order_key).map_err(store)?))
            }
            Some(_) => Err(PlaceOrderError::KeyReused),
        }
    }
}

impl Engine {
    fn placed_order(&self, key: i64) -> Result<Arc<PlacedOrder>, StoreError> {
        let row = self.order_row(key)?;
        let row = row.ok_or_else(|| StoreError::failed(rusqlite::Error::QueryReturnedNoRows))?;
        row.placed().map(Arc::clone).map_err(StoreError::failed)
    }
}

/// What an idempotency key was used for.
struct Record {
    body_hash: [u8; 32],
    order_key: i64,
    expires_at: i64,
}

fn find_record(connection: &Connection, idempotency: &Idempotency) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached("SELECT body_hash, order_key, expires_at FROM idempotency WHERE key_hash = ?1")?
        .query_row([idempotency.key_hash], |row| {
            Ok(Record {
                body_hash: row.get(0)?,
                order_key: row.get(1)?,
                expires_at: row.get(2)?,
            })
        })
        .optional()
}

/// What the queue carries of an order.
fn message_body(order: &PlacedOrder) -> String {
    // An id, a time and a trace id hold nothing that JSON would have to escape.
    format!(
        r#"{{"orderId":"{}","createdAt":"{}","traceId":"{}"}}"#,
        order.order_id, order.created_at, order.trace_id
    )
}

struct InsertOrder {
    row: Arc<OrderRow>,
    customer: String,
    queue: i64,
    message: String,
    trace: String,
    idempotency: Option<Idempotency>,
    access: Arc<Access>,
    now: Timestamp,
}

enum Inserted {
    Created,
    Replayed(i64),
    KeyReused,
    DuplicateId,
}

impl Command for InsertOrder {
    type Output = Inserted;
    const IS_URGENT: bool = true;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Inserted> {
        self.access.flush_usage(tx)?;
        if let Some(seen) = self
            .idempotency
            .as_ref()
            .map(|i| self.replay(tx, i))
            .transpose()?
            .flatten()
        {
            return Ok(seen);
        }
        let inserted = tx
            .prepare(
                "INSERT INTO orders (key, id, status, customer, placed, updated_at, room)
                 VALUES (?1, ?2, 0, ?3, ?4, ?5, zeroblob(40)) ON CONFLICT DO NOTHING",
            )?
            .execute((
                self.row.key,
                self.row.id.as_uuid().as_bytes(),
                &self.customer,
                self.row.placed.json(),
                self.row.updated_at.as_ms(),
            ))?;
        if inserted == 0 {
            return Ok(Inserted::DuplicateId);
        }
        if let Some(idempotency) = &self.idempotency {
            self.insert_record(tx, idempotency)?;
        }
        let seq = tx.next(|counters| &mut counters.change);
        tx.prepare(
            "INSERT INTO changes (seq, order_key, at, new_status, new_updated_at) VALUES (?1, ?2, ?3, 0, ?4)",
        )?
        .execute((seq, self.row.key, self.now.as_ms(), self.row.updated_at.as_ms()))?;
        tx.notify(Notice::Changed(Arc::new(Change {
            seq: seq.unsigned_abs(),
            at: self.now,
            old: None,
            new: Arc::clone(&self.row),
        })));
        queue::send(tx, self.queue, &self.message, &self.trace, self.now)?;
        Ok(Inserted::Created)
    }
}

impl InsertOrder {
    /// What an earlier request with this key leads to; nothing when there's none, or it expired.
    fn replay(&self, tx: &Tx<'_>, idempotency: &Idempotency) -> rusqlite::Result<Option<Inserted>> {
        Ok(match find_record(tx.connection(), idempotency)? {
            None => None,
            Some(record) if record.expires_at <= self.now.as_ms() => {
                tx.prepare("DELETE FROM idempotency WHERE key_hash = ?1")?
                    .execute([idempotency.key_hash])?;
                None
            }
            Some(record) if record.body_hash == idempotency.body_hash => {
                Some(Inserted::Replayed(record.order_key))
            }
            Some(_) => Some(Inserted::KeyReused),
        })
    }

    fn insert_record(&self, tx: &mut Tx<'_>, idempotency: &Idempotency) -> rusqlite::Result<()> {
        let seq = tx.next(|counters| &mut counters.idempotency);
        tx.prepare(
            "INSERT INTO idempotency (seq, key_hash, body_hash, order_key, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            seq,
            idempotency.key_hash,
            idempotency.body_hash,
            self.row.key,
            self.now.as_ms() + IDEMPOTENCY_TTL_MS,
        ))?;
        Ok(())
    }
}
