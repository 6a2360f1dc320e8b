//! The change feed.

use domain::Timestamp;
use ports::StoreError;
use ports::feed::{ChangeFeed, ChangeRecord, LiveFeed};
use rusqlite::{Connection, Row as SqlRow};
use serde_json::Value;

use super::{image, status_of_code};
use crate::Engine;

impl ChangeFeed for Engine {
    async fn read_changes(&self, after: u64, limit: u32) -> Result<Vec<ChangeRecord>, StoreError> {
        self.readers()
            .read_blocking(move |connection| changes_after(connection, after, limit))
            .await
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

/// At most `limit` changes numbered above `after`.
pub(crate) fn changes_after(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> rusqlite::Result<Vec<ChangeRecord>> {
    connection
        .prepare_cached(
            "SELECT c.seq, c.at, c.old_status, c.old_updated_at, c.old_attributes,
                    c.new_status, c.new_updated_at, c.new_attributes, o.placed
             FROM changes c JOIN orders o ON o.key = c.order_key
             WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2",
        )?
        .query_map((i64::try_from(after).unwrap_or(i64::MAX), limit), read_change)?
        .collect()
}

fn read_change(row: &SqlRow<'_>) -> rusqlite::Result<ChangeRecord> {
    let placed: Vec<u8> = row.get(8)?;
    let old_status: Option<i64> = row.get(2)?;
    let image_at = |status: i64, updated_at: usize, attributes: usize| -> rusqlite::Result<Option<Value>> {
        let attributes: Option<String> = row.get(attributes)?;
        let updated_at = Timestamp::from_ms(row.get(updated_at)?);
        Ok(status_of_code(status)
            .and_then(|status| image(&placed, status, updated_at, attributes.as_deref()).ok())
            .map(Value::Object))
    };
    Ok(ChangeRecord {
        sequence_number: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
        event_name: if old_status.is_some() { "MODIFY" } else { "INSERT" },
        at: Timestamp::from_ms(row.get(1)?),
        old_image: old_status
            .map(|status| image_at(status, 3, 4))
            .transpose()?
            .flatten(),
        new_image: image_at(row.get(5)?, 6, 7)?,
    })
}
