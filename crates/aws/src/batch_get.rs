//! Many items of one table by their keys, all of them or an error.

use aws_sdk_dynamodb::types::KeysAndAttributes;
use ports::StoreError;

use crate::environment::Variable;
use crate::error::store_error;
use crate::item::Attributes;
use crate::store::{Store, call};

/// How often keys are asked for that a busy table left out.
const MAX_ASKS: u32 = 5;

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
        for _ in 0..MAX_ASKS {
            if keys.is_empty() {
                return Ok(items);
            }
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
        }
        if keys.is_empty() {
            Ok(items)
        } else {
            Err(StoreError::Busy)
        }
    }
}
