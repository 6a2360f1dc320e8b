//! Cancelling: the status and its notification in one transaction.

use std::sync::Arc;

use domain::lifecycle::{OrderEvent, decide};
use domain::{Order, OrderId, OrderStatus, Timestamp};
use ports::StoreError;
use ports::clock::Clock;
use ports::orders::{CancelOrder, CancelOrderError};
use serde_json::Value;

use super::{Changed, OrderRow, change_order};
use crate::Engine;
use crate::executions::notification;
use crate::observe::spans;
use crate::topic::{Publication, publish};
use crate::tx::Tx;
use crate::writer::Command;

impl CancelOrder for Engine {
    async fn cancel_order(&self, id: OrderId, reason: String) -> Result<Order, CancelOrderError> {
        let store = |source| CancelOrderError::Store { id, source };
        let row = self
            .order_row_of(id)
            .map_err(store)?
            .ok_or(CancelOrderError::NotFound(id))?;
        let placed = row.placed().map_err(|error| store(StoreError::failed(error)))?;
        let now = self.time().now();
        let publication = notification(self, placed, OrderStatus::Cancelled, now);
        let command = CancelRow {
            key: row.key,
            reason,
            publication: publication.clone(),
            now,
        };
        match self.writer().execute(command).await.map_err(store)? {
            Cancelled::Now(row) => {
                publication
                    .iter()
                    .for_each(|publication| spans::published(self, publication));
                row.to_order().map_err(|error| store(StoreError::failed(error)))
            }
            Cancelled::Ended(status) => Err(CancelOrderError::Ended(status)),
            Cancelled::Gone => Err(CancelOrderError::NotFound(id)),
        }
    }
}

struct CancelRow {
    key: i64,
    reason: String,
    publication: Option<Publication>,
    now: Timestamp,
}

enum Cancelled {
    Now(Arc<OrderRow>),
    Ended(OrderStatus),
    Gone,
}

impl Command for CancelRow {
    type Output = Cancelled;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Cancelled> {
        let Some(row) = OrderRow::find_key(tx.connection(), self.key)?.map(Arc::new) else {
            return Ok(Cancelled::Gone);
        };
        let Ok((status, _)) = decide(row.status, OrderEvent::Cancel) else {
            return Ok(Cancelled::Ended(row.status));
        };
        let mut attributes = row.attributes()?;
        attributes.insert("failureReason".into(), Value::from(self.reason.as_str()));
        let changed = Changed {
            status,
            updated_at: self.now,
            needs_attention: attributes.contains_key("attention"),
            attributes: Some(Value::Object(attributes).to_string()),
        };
        let Some(row) = change_order(tx, &row, &changed, self.now)? else {
            return Ok(Cancelled::Gone);
        };
        if let Some(publication) = &self.publication {
            publish(tx, publication)?;
        }
        Ok(Cancelled::Now(row))
    }
}
