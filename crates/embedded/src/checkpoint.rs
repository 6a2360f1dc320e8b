//! Checkpoints beside the writer: what the write-ahead log holds is copied into the database by another thread.
//!
//! A checkpoint of a few thousand pages takes some 20 ms, for which every order that is placed meanwhile would wait if
//! the writer made it, as SQLite does by default. So another connection copies while the writer goes on; what was added
//! meanwhile is copied again, and the last few pages by the writer between two commits: only when the whole log is in
//! the database does SQLite begin it anew, and its file stays as large as it is.
//!
//! As long as a reader looks at an old state, the log can't be begun anew, and each copy costs more than the last, for it
//! goes through all of the log again. So after one that left much, the next waits until as much has come again.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// From so many pages in the log on it is copied, and again after so many more: 16 MB.
const BEGIN_AT: u32 = 4_000;
/// So many pages are few enough for the writer.
const FEW: u32 = 200;
/// How often the thread copies what was added before it leaves the rest to the writer.
const MAX_PASSES: u32 = 4;
/// When so many pages came while the thread copies, the writer waits for it, and copies the rest: 128 MB.
const TOO_MANY: u32 = 32_000;

thread_local! {
    /// Pages in the log after the last commit of the writer that this thread is.
    static LOGGED: Cell<u32> = const { Cell::new(0) };
}

/// Nothing is being copied.
const IDLE: u8 = 0;
/// The thread copies.
const COPYING: u8 = 1;
/// It has, and what is left is little.
const NEARLY_DONE: u8 = 2;

/// The writer's side of it.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    /// Wakes the thread; without it the thread ends.
    wake: Option<Sender<()>>,
    /// How far it is. Only one of the two may copy at a time, or the other is refused.
    stage: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
    /// From so many pages in the log on the next copy begins; while one is made, how many there were at its beginning.
    begin_at: u32,
}

impl Checkpointer {
    /// Starts the thread, for the database of this path.
    pub(crate) fn start(path: &Path) -> rusqlite::Result<std::io::Result<Self>> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let (wake, woken) = channel();
        let stage = Arc::new(AtomicU8::new(IDLE));
        let copying = Arc::clone(&stage);
        let thread = std::thread::Builder::new()
            .name("checkpoints".into())
            .spawn(move || copy_when_woken(&connection, &woken, &copying));
        Ok(thread.map(|thread| Self {
            wake: Some(wake),
            stage,
            thread: Some(thread),
            begin_at: BEGIN_AT,
        }))
    }

    /// Has the connection tell how long its log is; it makes no checkpoints of its own any more. For the thread that
    /// commits.
    pub(crate) fn watch(connection: &Connection) {
        connection.wal_hook(Some(note_logged));
    }

    /// The connection has committed.
    pub(crate) fn committed(&mut self, connection: &Connection) {
        let logged = LOGGED.get();
        match self.stage.load(Ordering::Acquire) {
            IDLE if logged >= self.begin_at => {
                self.begin_at = logged;
                self.stage.store(COPYING, Ordering::Release);
                if let Some(wake) = &self.wake {
                    // A thread that is gone copies nothing; then the log grows until it is too long.
                    let _ = wake.send(());
                }
            }
            NEARLY_DONE => self.complete(connection, logged, "PRAGMA wal_checkpoint(PASSIVE)"),
            COPYING if logged.saturating_sub(self.begin_at) >= TOO_MANY => {
                self.complete(connection, logged, "PRAGMA wal_checkpoint(FULL)");
            }
            _ => {}
        }
    }

    /// Copies what is left. A reader that still sees an old page leaves some of it for the next time.
    fn complete(&mut self, connection: &Connection, logged: u32, checkpoint: &str) {
        self.begin_at = match copied(connection, checkpoint) {
            Ok(0) => BEGIN_AT,
            Ok(_) => logged.saturating_add(BEGIN_AT),
            Err(error) => {
                tracing::warn!(event_type = "checkpoint_failed", %error);
                logged.saturating_add(BEGIN_AT)
            }
        };
        self.stage.store(IDLE, Ordering::Release);
    }

    /// Ends the thread.
    pub(crate) fn end(mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // Whoever panicked there has said so already.
            let _ = thread.join();
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the hook's type")]
fn note_logged(_: &Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    LOGGED.set(u32::try_from(pages).unwrap_or(0));
    Ok(())
}

fn copy_when_woken(connection: &Connection, woken: &Receiver<()>, stage: &AtomicU8) {
    while woken.recv().is_ok() {
        let mut before = u32::MAX;
        for _ in 0..MAX_PASSES {
            match copied(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
                // Where a reader stands in the way, another pass copies no more.
                Ok(left) if left > FEW && left < before => before = left,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(event_type = "checkpoint_failed", %error);
                    break;
                }
            }
        }
        // Unless the writer grew tired of waiting: then it has completed it.
        let _ = stage.compare_exchange(COPYING, NEARLY_DONE, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// Copies what the log holds, and no reader stands in the way of; returns how many pages were left.
fn copied(connection: &Connection, checkpoint: &str) -> rusqlite::Result<u32> {
    connection.prepare_cached(checkpoint)?.query_row([], |row| {
        let (logged, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(u32::try_from(logged - copied).unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database with a log, and what copies it.
    fn logging(dir: &Path) -> (Connection, Checkpointer) {
        let path = dir.join("test.db");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection.execute_batch("CREATE TABLE t (b BLOB)").unwrap();
        let checkpointer = Checkpointer::start(&path).unwrap().unwrap();
        Checkpointer::watch(&connection);
        (connection, checkpointer)
    }

    /// Some 100 pages a commit.
    fn write(connection: &Connection) {
        connection
            .execute("INSERT INTO t VALUES (zeroblob(400000))", [])
            .unwrap();
    }

    /// Until the thread has copied.
    fn wait(checkpointer: &Checkpointer) {
        while checkpointer.stage.load(Ordering::Acquire) == COPYING {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_log_is_begun_anew_while_the_writer_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let (connection, mut checkpointer) = logging(dir.path());
        let mut longest = 0;
        loop {
            write(&connection);
            if LOGGED.get() < longest {
                break;
            }
            longest = LOGGED.get();
            assert!(longest <= TOO_MANY + BEGIN_AT, "{longest} pages and none copied");
            checkpointer.committed(&connection);
        }
        assert!(longest >= BEGIN_AT, "begun anew after {longest} pages");
        checkpointer.end();
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM t WHERE length(b) = 400000", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert!(rows * 100 >= i64::from(longest), "{rows} rows in {longest} pages");
    }

    #[test]
    fn while_a_reader_stays_the_log_is_not_copied_over_and_over() {
        let dir = tempfile::tempdir().unwrap();
        let (connection, mut checkpointer) = logging(dir.path());
        let reader = Connection::open(dir.path().join("test.db")).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        let mut begun_at = Vec::new();
        while LOGGED.get() < 4 * BEGIN_AT {
            write(&connection);
            let before = checkpointer.stage.load(Ordering::Acquire);
            checkpointer.committed(&connection);
            if before == IDLE && checkpointer.stage.load(Ordering::Acquire) != IDLE {
                begun_at.push(LOGGED.get());
                wait(&checkpointer);
            }
        }
        assert!(begun_at.len() > 1, "{begun_at:?}");
        for pair in begun_at.windows(2) {
            assert!(pair[1] - pair[0] >= BEGIN_AT, "{begun_at:?}");
        }
        reader.execute_batch("COMMIT").unwrap();
        loop {
            write(&connection);
            if LOGGED.get() < BEGIN_AT {
                break;
            }
            assert!(LOGGED.get() < 8 * BEGIN_AT, "the reader has gone");
            checkpointer.committed(&connection);
            wait(&checkpointer);
        }
        checkpointer.end();
    }
}
