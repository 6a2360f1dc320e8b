//! Running a failed execution again.
//!
//! It starts over at its first state under its own name and the current definition. So every task has the idempotency key that it had,
//! and what was done before is found done: nothing is charged or taken twice. (AWS goes on at the state that failed;
//! for a workflow that ends its failures in a Fail state, that would only fail again.)

use std::sync::Arc;

use domain::Timestamp;
use ports::clock::Clock;
use ports::operations::{ExecutionInfo, OperationError};
use serde_json::Value;

use super::ReadyExecution;
use super::history::{Story, story_of};
use super::journal::status_name;
use crate::Engine;
use crate::orders::{Changed, OrderRow, change_order, order_key};
use crate::tx::{Notice, Tx};
use crate::writer::Command;

/// Runs the execution of this name again.
pub(crate) async fn redrive_execution(engine: &Engine, name: &str) -> Result<ExecutionInfo, OperationError> {
    let missing = || OperationError::NotFound {
        what: "execution",
        name: name.to_owned(),
    };
    let Story { key, info, .. } = story_of(engine, name)?.ok_or_else(missing)?;
    let command = Redrive {
        key,
        order: name.parse().ok().map(order_key),
        definition: engine.executor().machine().current.id,
        now: engine.time().now(),
    };
    if engine.writer().execute(command).await? {
        story_of(engine, name)?
            .map(|story| story.info)
            .ok_or_else(missing)
    } else {
        Err(OperationError::NotAllowed(format!(
            "the execution is {}; only one that is {}, {} or {} can be run again",
            info.status,
            status_name(2),
            status_name(3),
            status_name(4)
        )))
    }
}

struct Redrive {
    key: i64,
    order: Option<i64>,
    definition: i64,
    now: Timestamp,
}

impl Command for Redrive {
    /// Whether it could be run again.
    type Output = bool;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<bool> {
        let reopened = tx
            .prepare(
                "UPDATE executions SET status = 0, definition = ?2, started_at = ?3, stopped_at = ?3, error = NULL, cause = NULL,
                                       events = NULL, last_event_id = NULL
                 WHERE key = ?1 AND status > 1",
            )?
            .execute((self.key, self.definition, self.now.as_ms()))?;
        if reopened == 0 {
            return Ok(false);
        }
        tx.prepare("DELETE FROM journal WHERE execution = ?1")?
            .execute([self.key])?;
        if let Some(row) = self
            .order
            .map(|key| OrderRow::find_key(tx.connection(), key))
            .transpose()?
            .flatten()
            .map(Arc::new)
        {
            let mut attributes = row.attributes()?;
            if attributes.remove("attention").is_some() {
                let changed = Changed {
                    status: row.status,
                    updated_at: self.now,
                    attributes: (!attributes.is_empty()).then(|| Value::Object(attributes).to_string()),
                    needs_attention: false,
                };
                change_order(tx, &row, &changed, self.now)?;
            }
        }
        tx.notify(Notice::Execution(ReadyExecution::Stored(self.key)));
        Ok(true)
    }
}
