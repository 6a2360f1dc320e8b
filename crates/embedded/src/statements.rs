//! The writer's statements, each prepared once.
//!
//! rusqlite's own cache finds a statement by hashing its text three times a use, which was a part of every write's cost
//! that could be felt (docs/performance.md). The texts are constants of this program, so here one is found by where it
//! lies.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::FixedState;
use rusqlite::{Connection, MappedRows, Params, PrepFlags, Row, Statement};

/// Where a text lies in the program, and its length.
type Place = (usize, usize);
/// Statements that are not in use.
type Home<'c> = Rc<RefCell<HashMap<Place, Statement<'c>, FixedState>>>;

/// A connection with the statements prepared on it. Clones share them.
#[derive(Clone)]
pub(crate) struct Statements<'c> {
    connection: &'c Connection,
    idle: Home<'c>,
}

impl<'c> Statements<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            idle: Rc::default(),
        }
    }

    pub(crate) fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// The statement of this text. While one of them is in use, another is prepared.
    pub(crate) fn prepare(&self, sql: &'static str) -> rusqlite::Result<Prepared<'c>> {
        let place = (sql.as_ptr() as usize, sql.len());
        let idle = self.idle.borrow_mut().remove(&place);
        let statement = match idle {
            Some(statement) => statement,
            // It is kept, so it leaves the connection's small pool of memory to what runs: with statements in it, SQLite
            // asks the allocator 127 times an order.
            None => self
                .connection
                .prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT)?,
        };
        Ok(Prepared {
            statement: Some(statement),
            place,
            home: Rc::clone(&self.idle),
        })
    }
}

/// A statement in use; dropped, it goes back to where it came from.
pub(crate) struct Prepared<'c> {
    /// There until this is dropped.
    statement: Option<Statement<'c>>,
    place: Place,
    home: Home<'c>,
}

impl<'c> Prepared<'c> {
    fn statement(&mut self) -> rusqlite::Result<&mut Statement<'c>> {
        self.statement.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Runs it; how many rows it changed.
    pub(crate) fn execute(&mut self, params: impl Params) -> rusqlite::Result<usize> {
        self.statement()?.execute(params)
    }

    /// Runs it; whether there is any row.
    pub(crate) fn exists(&mut self, params: impl Params) -> rusqlite::Result<bool> {
        self.statement()?.exists(params)
    }

    /// Runs it and reads the first row; an error when there's none.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.statement()?.query_row(params, read)
    }

    /// Runs it and reads every row.
    pub(crate) fn query_map<T, F: FnMut(&Row<'_>) -> rusqlite::Result<T>>(
        &mut self,
        params: impl Params,
        read: F,
    ) -> rusqlite::Result<MappedRows<'_, F>> {
        self.statement()?.query_map(params, read)
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if let Some(statement) = self.statement.take() {
            self.home.borrow_mut().insert(self.place, statement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A static and no constant: that may lie in several places.
    static COUNT: &str = "SELECT count(*) FROM t WHERE a = ?1";

    #[test]
    fn a_statement_is_prepared_once_and_twice_while_it_is_in_use() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (1), (2)")
            .unwrap();
        let statements = Statements::new(&connection);
        let count = |of: i64| -> i64 {
            let mut statement = statements.prepare(COUNT).unwrap();
            statement.query_row([of], |row| row.get(0)).unwrap()
        };
        assert_eq!((count(1), count(2)), (2, 1));
        assert_eq!(statements.idle.borrow().len(), 1);
        let mut first = statements.prepare(COUNT).unwrap();
        assert_eq!(statements.idle.borrow().len(), 0);
        assert_eq!(count(1), 2, "another one, while the first is in use");
        let read = |row: &Row<'_>| row.get::<_, i64>(0);
        let all: Vec<i64> = first.query_map([2], read).unwrap().map(Result::unwrap).collect();
        assert_eq!(all, [1]);
        drop(first);
        assert_eq!(statements.idle.borrow().len(), 1);
    }

    #[test]
    fn a_statement_that_failed_can_be_used_again() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY)")
            .unwrap();
        let statements = Statements::new(&connection);
        let insert = |a: i64| {
            statements
                .prepare("INSERT INTO t VALUES (?1)")
                .unwrap()
                .execute([a])
        };
        assert_eq!(insert(1), Ok(1));
        assert!(insert(1).is_err());
        assert_eq!(insert(2), Ok(1));
    }
}
