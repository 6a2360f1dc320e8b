//! Executions, as lists and one by one.

use domain::Timestamp;
use ports::operations::{ExecutionDetail, ExecutionInfo, OperationError};
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::Engine;
use crate::executions::{Story, read_story};

/// The statuses, each at the place of its code in the table.
const STATUSES: [&str; 5] = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

pub(super) async fn list_executions(
    engine: &Engine,
    status: Option<String>,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<ExecutionInfo>, OperationError> {
    let status = status.map(|status| status_code(&status)).transpose()?;
    let reader = engine.clone();
    let list = move |connection: &Connection| {
        let snapshot = connection.unchecked_transaction()?;
        let below = match &after {
            None => i64::MAX,
            Some(name) => match find_key(&reader, &snapshot, name)? {
                Some(key) => key,
                None => return Ok(Err(unknown(name))),
            },
        };
        let mut infos = newest(&reader, &snapshot, status, below, limit)?;
        // Where a running one stands follows from its journal.
        for info in infos.iter_mut().filter(|info| info.stopped_at.is_none()) {
            info.current_state =
                read_story(&reader, &snapshot, &info.name)?.and_then(|story| story.info.current_state);
        }
        Ok(Ok(infos))
    };
    engine.readers().read_blocking(list).await?
}

pub(super) async fn get_execution(engine: &Engine, name: String) -> Result<ExecutionDetail, OperationError> {
    let (reader, wanted) = (engine.clone(), name.clone());
    let story = engine
        .readers()
        .read_blocking(move |connection| read_story(&reader, connection, &wanted))
        .await?;
    let Story {
        info,
        input,
        output,
        events,
        ..
    } = story.ok_or_else(|| unknown(&name))?;
    Ok(ExecutionDetail {
        info,
        input,
        output,
        events,
    })
}

fn unknown(name: &str) -> OperationError {
    OperationError::NotFound {
        what: "execution",
        name: name.to_owned(),
    }
}

fn status_code(status: &str) -> Result<i64, OperationError> {
    let code = STATUSES
        .iter()
        .zip(0..)
        .find(|(name, _)| **name == status)
        .map(|(_, code)| code);
    code.ok_or_else(|| {
        let names = STATUSES.join(", ");
        OperationError::NotAllowed(format!(
            "{status:?} is no status of an execution: it is one of {names}"
        ))
    })
}

fn find_key(engine: &Engine, connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let machine = engine.executor().machine().id;
    connection
        .prepare_cached("SELECT key FROM executions WHERE machine = ?1 AND name = ?2")?
        .query_row((machine, name), |row| row.get(0))
        .optional()
}

/// The newest executions with keys under `below`.
fn newest(
    engine: &Engine,
    connection: &Connection,
    status: Option<i64>,
    below: i64,
    limit: u32,
) -> rusqlite::Result<Vec<ExecutionInfo>> {
    // The plus keeps SQLite from the index over names, which it would have to sort. The second term lets it
    // use the partial index that has just these rows.
    let by_status = match status {
        None => "",
        Some(0) => "AND e.status = ?4 AND e.status = 0",
        Some(1) => "AND e.status = ?4",
        Some(_) => "AND e.status = ?4 AND e.status > 1",
    };
    let sql = format!(
        "SELECT e.name, e.status, e.started_at, CASE WHEN e.status > 0 THEN e.stopped_at END, e.error, e.cause, d.hash
         FROM executions e JOIN definitions d ON d.id = e.definition
         WHERE +e.machine = ?1 AND e.key < ?2 {by_status} ORDER BY e.key DESC LIMIT ?3"
    );
    let machine = engine.executor().machine();
    let mut parameters: Vec<SqlValue> = vec![machine.id.into(), below.into(), i64::from(limit).into()];
    parameters.extend(status.map(SqlValue::from));
    connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(parameters), |row| {
            let status: usize = row.get(1)?;
            Ok(ExecutionInfo {
                name: row.get(0)?,
                state_machine: machine.name.to_string(),
                status: STATUSES.get(status).copied().unwrap_or_default().to_owned(),
                started_at: Timestamp::from_ms(row.get(2)?),
                stopped_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_ms),
                current_state: None,
                error: row.get(4)?,
                cause: row.get(5)?,
                definition_hash: row.get(6)?,
            })
        })?
        .collect()
}
