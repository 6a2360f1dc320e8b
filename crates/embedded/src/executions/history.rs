//! An execution told whole: derived by replaying its journal.

use asl::{Outcome, Step};
use domain::Timestamp;
use ports::StoreError;
use ports::operations::ExecutionInfo;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

use super::journal::status_name;
use super::run::Run;
use crate::Engine;

/// An execution with its history.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) key: i64,
    pub(crate) info: ExecutionInfo,
    pub(crate) input: Value,
    pub(crate) output: Option<Value>,
    /// Events in the shape of GetExecutionHistory. Empty when the journal can't be replayed any more; then `info.cause`
    /// says why.
    pub(crate) events: Vec<Value>,
}

/// The execution of this name with its history.
pub(crate) fn story_of(engine: &Engine, name: &str) -> Result<Option<Story>, StoreError> {
    engine
        .readers()
        .read(|connection| read_story(engine, connection, name))
}

/// Like [`story_of`], on a connection at hand.
pub(crate) fn read_story(
    engine: &Engine,
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<Option<Story>> {
    let machine = engine.executor().machine();
    let row = connection
        .prepare_cached(
            "SELECT e.key, e.status, e.input, e.started_at, CASE WHEN e.status > 0 THEN e.stopped_at END, e.error, e.cause, d.hash
             FROM executions e JOIN definitions d ON d.id = e.definition WHERE e.machine = ?1 AND e.name = ?2",
        )?
        .query_row((machine.id, name), |row| {
            let input: String = row.get(2)?;
            Ok(Story {
                key: row.get(0)?,
                info: ExecutionInfo {
                    name: name.to_owned(),
                    state_machine: machine.name.to_string(),
                    status: status_name(row.get(1)?).to_owned(),
                    started_at: Timestamp::from_ms(row.get(3)?),
                    stopped_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
                    current_state: None,
                    error: row.get(5)?,
                    cause: row.get(6)?,
                    definition_hash: row.get(7)?,
                },
                input: serde_json::from_str(&input).unwrap_or(Value::Null),
                output: None,
                events: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut story) = row else { return Ok(None) };
    let mut events = Vec::new();
    let mut observe =
        |step: &Step| events.extend(step.history.iter().filter_map(|e| serde_json::to_value(e).ok()));
    match Run::replay(connection, machine, story.key, Some(&mut observe))? {
        Ok(run) => {
            if let Some(Outcome::Succeeded { output }) = run.snapshot.outcome() {
                story.output = Some(output.into());
            }
            let current = run.snapshot.current_states(&run.pinned.definition);
            story.info.current_state = (story.info.status == "RUNNING").then(|| current.join(", "));
            story.events = events;
        }
        Err(error) => story.info.cause = Some(format!("the history can't be told: {error}")),
    }
    Ok(Some(story))
}
