//! An order's timeline: every fact about it, from whichever part of the engine knows it, in one order.
//!
//! Nothing is recorded for the timeline alone. Facts come from the order's row, its execution's history, the gateway's
//! ledger, the stock that it holds, its messages and the outbox. What success deletes leaves its trace elsewhere: a
//! message was sent when the order was created, and received when its execution was started.
//!
//! Facts are told by time and, within a millisecond, cause before effect.

mod facts;
mod history;
mod words;

use domain::{OrderId, Timestamp};
use ports::StoreError;
use ports::orders::TimelineEntry;
use rusqlite::Connection;
use serde_json::Value;

use crate::Engine;
use crate::error::Chain;
use crate::executions::read_story;
use crate::ledger;
use crate::orders::OrderRow;

/// Every fact about the order; `None` when there's no such order.
pub(crate) async fn order_timeline(
    engine: &Engine,
    id: OrderId,
) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
    let reader = engine.clone();
    engine
        .readers()
        .read_blocking(move |connection| {
            // One transaction, so that all facts are of the same moment.
            let snapshot = connection.unchecked_transaction()?;
            read_timeline(&reader, &snapshot, id)
        })
        .await
}

fn read_timeline(
    engine: &Engine,
    connection: &Connection,
    id: OrderId,
) -> rusqlite::Result<Option<Vec<TimelineEntry>>> {
    let Some(row) = OrderRow::find(connection, id)? else {
        return Ok(None);
    };
    let placed = match row.placed() {
        Ok(placed) => placed,
        Err(error) => {
            tracing::error!(event_type = "order_row_damaged", order_id = %id, error = %Chain(&error));
            return Err(rusqlite::Error::FromSqlConversionFailure(
                3,
                rusqlite::types::Type::Blob,
                Box::new(error),
            ));
        }
    };
    let story = read_story(engine, connection, &id.to_string())?;
    let mut facts = Facts::default();
    facts::of_placing(&mut facts, engine.settings(), placed);
    let told = match &story {
        Some(story) => history::of_execution(&mut facts, engine.settings(), story),
        None => history::Told::default(),
    };
    facts::of_status(&mut facts, &row, &told);
    for entry in ledger::entries_of(connection, id)? {
        facts::of_payment(&mut facts, &entry, &told);
    }
    facts::of_stock(&mut facts, connection, row.key, &told)?;
    facts::of_messages(&mut facts, engine, connection, &row, &placed.trace_id)?;
    facts::of_outbox(&mut facts, connection, id)?;
    Ok(Some(facts.into_entries()))
}

/// Where a fact stands among those of the same millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Before the execution, in this order.
    Before(u8),
    /// Within the history of the execution: around the event of this index.
    History(usize, Around),
    /// After all that.
    After(u8),
}

/// Before, at or after an event of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    Before,
    At,
    After,
}

/// Facts as they are found.
#[derive(Debug, Default)]
struct Facts(Vec<(Place, TimelineEntry)>);

impl Facts {
    fn add(
        &mut self,
        at: Timestamp,
        place: Place,
        source: &str,
        event: &str,
        summary: String,
        detail: Value,
    ) {
        let entry = TimelineEntry {
            at,
            source: source.to_owned(),
            event: event.to_owned(),
            summary,
            detail,
        };
        self.0.push((place, entry));
    }

    fn into_entries(mut self) -> Vec<TimelineEntry> {
        self.0.sort_by_key(|(place, entry)| (entry.at, *place));
        self.0.into_iter().map(|(_, entry)| entry).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
