//! Many items of one table by their keys, all of them or an error.

use aws_sdk_dynamodb::types::KeysAndAttributes;
use ports::StoreError;

use crate::backoff::Backoff;
use crate::environment::Variable;
use crate::error::store_error;
use crate::item::Attributes;
use crate::store::{Store, call};

/// The waits before keys are asked for again that a busy table left out: 0.8 s on average, 1.6 s at most.
const WAITS: Backoff = Backoff::new(5, 50, 800);

impl Store {
    /// The items of at most 100 keys, which differ, in any order and without those that there are not. What was written
    /// before is seen.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the table left some unread however often it was asked.
    pub(crate) async fn batch_get(
        &self,
        table: Variable,
        mut keys: Vec<Attributes>,
    ) -> Result<Vec<Attributes>, StoreError> {
        let table = self.name(table)?;
        let mut items = Vec::with_capacity(keys.len());
        let mut backoff = WAITS;
        while !keys.is_empty() {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(StoreError::failed)?;
            let request = self.dynamodb().batch_get_item().request_items(table, wanted);
            let mut answer = call("dynamodb", "BatchGetItem", request.send())
                .await
                .map_err(store_error)?;
            let found = answer
                .responses
                .as_mut()
                .and_then(|responses| responses.remove(table));
            items.extend(found.unwrap_or_default());
            let left = answer
                .unprocessed_keys
                .as_mut()
                .and_then(|left| left.remove(table));
            keys = left.map(|left| left.keys).unwrap_or_default();
            if !keys.is_empty() && !backoff.wait().await {
                return Err(StoreError::Busy);
            }
        }
        Ok(items)
    }
}
