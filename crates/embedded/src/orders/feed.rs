//! The change feed.

use std::sync::Arc;

use domain::Timestamp;
use ports::StoreError;
use ports::feed::{ChangeFeed, ChangeRecord, LiveFeed};
use rusqlite::{Connection, Row as SqlRow};
use serde_json::Value;

use super::{Change, OrderRow, status_of_code};
use crate::Engine;

/// As many changes are put in their JSON form at once, without a thread of their own.
const FEW: usize = 32;

impl ChangeFeed for Engine {
    async fn read_changes(&self, after: u64, limit: u32) -> Result<Vec<ChangeRecord>, StoreError> {
        let changes = self.changes_after(after, limit).await?;
        if changes.len() <= FEW {
            return Ok(changes.iter().map(|change| record(change)).collect());
        }
        tokio::task::spawn_blocking(move || changes.iter().map(|change| record(change)).collect())
            .await
            .map_err(StoreError::failed)
    }
}

impl LiveFeed for Engine {
    fn latest_change(&self) -> u64 {
        *self.inner.stream.borrow()
    }

    async fn wait_for_change(&self, after: u64) {
        let mut stream = self.inner.stream.clone();
        if stream.wait_for(|latest| *latest > after).await.is_err() {
            // The writer is gone, so no change will come.
            std::future::pending::<()>().await;
        }
    }
}

impl Engine {
    /// At most `limit` changes numbered above `after`: from memory, or else from the table.
    pub(crate) async fn changes_after(&self, after: u64, limit: u32) -> Result<Vec<Arc<Change>>, StoreError> {
        if let Some(changes) = self.recent().changes_after(after, limit) {
            return Ok(changes);
        }
        self.readers()
            .read_blocking(move |connection| changes_after(connection, after, limit))
            .await
    }
}

/// At most `limit` changes numbered above `after`.
fn changes_after(connection: &Connection, after: u64, limit: u32) -> rusqlite::Result<Vec<Arc<Change>>> {
    connection
        .prepare_cached(
            "SELECT o.key, o.id, c.new_status, o.placed, c.new_updated_at, c.new_attributes,
                    c.seq, c.at, c.old_status, c.old_updated_at, c.old_attributes
             FROM changes c JOIN orders o ON o.key = c.order_key
             WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2",
        )?
        .query_map((i64::try_from(after).unwrap_or(i64::MAX), limit), read_change)?
        .collect()
}

fn read_change(row: &SqlRow<'_>) -> rusqlite::Result<Arc<Change>> {
    let new = OrderRow::read(row)?;
    let old = match row.get::<_, Option<i64>>(8)?.and_then(status_of_code) {
        None => None,
        Some(status) => Some(Arc::new(OrderRow {
            key: new.key,
            id: new.id,
            status,
            placed: new.placed.clone(),
            updated_at: Timestamp::from_ms(row.get(9)?),
            attributes: row.get(10)?,
        })),
    };
    Ok(Arc::new(Change {
        seq: u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
        at: Timestamp::from_ms(row.get(7)?),
        old,
        new: Arc::new(new),
    }))
}

fn record(change: &Change) -> ChangeRecord {
    let image = |row: &OrderRow| row.item().ok().map(Value::Object);
    ChangeRecord {
        sequence_number: change.seq,
        event_name: change.event_name(),
        at: change.at,
        old_image: change.old.as_deref().and_then(image),
        new_image: image(&change.new),
    }
}

impl Change {
    /// What DynamoDB Streams calls it.
    pub(crate) fn event_name(&self) -> &'static str {
        if self.old.is_some() { "MODIFY" } else { "INSERT" }
    }
}
