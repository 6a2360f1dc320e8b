//! What a command sees of the transaction it is applied in.

use std::sync::Arc;

use rusqlite::Connection;

use crate::catalogue::StockLevel;
use crate::executions::ReadyExecution;
use crate::orders::Change;
use crate::queue::ReadyMessage;
use crate::statements::{Prepared, Statements};
use crate::topic::ReadyDelivery;

/// The last numbers given out. They live in memory; at start they are read from the tables.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) message: i64,
    pub(crate) change: i64,
    pub(crate) delivery: i64,
    pub(crate) execution: i64,
    pub(crate) outbox: i64,
    pub(crate) idempotency: i64,
}

/// What a commit leads to, told to the workers after it.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A message can be received.
    Message(ReadyMessage),
    /// An order was placed or changed, and the change stream has grown by it.
    Changed(Arc<Change>),
    /// Stock was taken or given back; the catalogue's copy follows.
    Stock(Vec<StockLevel>),
    /// A delivery waits.
    Delivery(ReadyDelivery),
    /// An execution waits to be driven.
    Execution(ReadyExecution),
}

impl Notice {
    /// The change of an order that it tells of.
    pub(crate) fn change(&self) -> Option<&Arc<Change>> {
        match self {
            Self::Changed(change) => Some(change),
            Self::Message(_) | Self::Stock(_) | Self::Delivery(_) | Self::Execution(_) => None,
        }
    }
}

/// A point in a transaction.
pub(crate) struct Mark {
    counters: Counters,
    notices: usize,
}

/// A transaction under way.
pub(crate) struct Tx<'c> {
    statements: Statements<'c>,
    counters: Counters,
    notices: Vec<Notice>,
}

impl<'c> Tx<'c> {
    /// A transaction on this connection, of whose statements nothing is kept.
    #[cfg(test)]
    pub(crate) fn new(connection: &'c Connection, counters: Counters) -> Self {
        Self::with(&Statements::new(connection), counters)
    }

    /// A transaction with these statements.
    pub(crate) fn with(statements: &Statements<'c>, counters: Counters) -> Self {
        Self {
            statements: statements.clone(),
            counters,
            notices: Vec::new(),
        }
    }

    pub(crate) fn into_parts(self) -> (Counters, Vec<Notice>) {
        (self.counters, self.notices)
    }

    /// A statement, prepared once for the connection's life.
    pub(crate) fn prepare(&self, sql: &'static str) -> rusqlite::Result<Prepared<'c>> {
        self.statements.prepare(sql)
    }

    /// The connection, for reads shared with the readers.
    pub(crate) fn connection(&self) -> &'c Connection {
        self.statements.connection()
    }

    /// The next number of one of the counters.
    pub(crate) fn next(&mut self, counter: impl FnOnce(&mut Counters) -> &mut i64) -> i64 {
        let number = counter(&mut self.counters);
        *number += 1;
        *number
    }

    /// How things stand, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            counters: self.counters,
            notices: self.notices.len(),
        }
    }

    /// Forgets the numbers given out and the notices since `mark`, whose rows were rolled back.
    pub(crate) fn back_to(&mut self, mark: &Mark) {
        self.counters = mark.counters;
        self.notices.truncate(mark.notices);
    }

    /// Tells the workers, if the transaction commits.
    pub(crate) fn notify(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

impl Counters {
    /// Reads the last numbers from the tables.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let last = |table: &str, column: &str| -> rusqlite::Result<i64> {
            connection.query_row(
                &format!("SELECT coalesce(max({column}), 0) FROM {table}"),
                [],
                |row| row.get(0),
            )
        };
        Ok(Self {
            message: last("messages", "seq")?,
            change: last("changes", "seq")?.max(last("checkpoints", "seq")?),
            delivery: last("deliveries", "seq")?,
            execution: last("executions", "key")?,
            outbox: last("outbox", "seq")?,
            idempotency: last("idempotency", "seq")?,
        })
    }
}
