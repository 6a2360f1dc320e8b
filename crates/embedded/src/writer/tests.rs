//! The real writer: what its callers are told, and when.

use rusqlite::ffi;

use super::*;
use crate::error::Chain;

#[test]
fn a_disk_that_fails_is_not_taken_for_a_full_one() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("test.db");
    let told = |code| {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        store_error(error, &database)
    };
    for code in [SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE] {
        let failed = told(code);
        assert!(matches!(failed, StoreError::Failed(_)), "{failed}");
        assert!(
            Chain(&failed).to_string().starts_with(
                "the store failed: the data directory can't be written, and not for want of room: its disk or its file \
                 system fails: "
            ),
            "{}",
            Chain(&failed)
        );
    }
    assert!(matches!(told(ffi::SQLITE_FULL), StoreError::Full(_)));
    assert!(matches!(told(ffi::SQLITE_BUSY), StoreError::Busy));
}

/// Adds a row, for a customer who waits or for nobody.
struct Insert<const URGENT: bool>(i64);

impl<const URGENT: bool> Command for Insert<URGENT> {
    type Output = i64;
    const IS_URGENT: bool = URGENT;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<i64> {
        tx.prepare("INSERT INTO rows (n) VALUES (?1)")?
            .execute([self.0])?;
        Ok(self.0)
    }
}

fn start(path: &Path) -> (Writer, JoinHandle<()>) {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection
        .execute_batch("CREATE TABLE rows (n INTEGER PRIMARY KEY)")
        .unwrap();
    let checkpointer = Checkpointer::start(path).unwrap().unwrap();
    Writer::start(connection, path, checkpointer, Counters::default(), None, drop).unwrap()
}

/// Has the rows of these numbers written one after the other, and looks after each answer whether others see it.
async fn write_each<const URGENT: bool>(writer: Writer, path: PathBuf, numbers: std::ops::Range<i64>) {
    let other = Connection::open(path).unwrap();
    for number in numbers {
        assert_eq!(writer.execute(Insert::<URGENT>(number)).await.unwrap(), number);
        let seen: bool = other
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM rows WHERE n = ?1)",
                [number],
                |row| row.get(0),
            )
            .unwrap();
        assert!(seen, "{number} was answered before it was committed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_and_the_work_behind_it_are_each_answered_once_they_are_committed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    let (writer, thread) = start(&path);
    // More customers at once than a crowd has, and some that nobody waits for.
    let mut working = tokio::task::JoinSet::new();
    for worker in 0..32_i64 {
        let (writer, path, numbers) = (writer.clone(), path.clone(), worker * 50..(worker + 1) * 50);
        match worker % 4 {
            0 => working.spawn(write_each::<false>(writer, path, numbers)),
            _ => working.spawn(write_each::<true>(writer, path, numbers)),
        };
    }
    working.join_all().await;
    assert_eq!(writer.stats().commands.load(Ordering::Relaxed), 1_600);
    let commits = writer.stats().commits.load(Ordering::Relaxed);
    assert!(commits < 1_600, "each of 1600 commands had a commit of its own");
    writer.end().await;
    thread.join().unwrap();
    let rows: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM rows", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1_600);
}

#[tokio::test]
async fn a_command_that_fails_takes_nothing_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    let (writer, thread) = start(&path);
    writer.execute(Insert::<true>(1)).await.unwrap();
    // The second of them is there already.
    let (two, again, three) = tokio::join!(
        writer.execute(Insert::<true>(2)),
        writer.execute(Insert::<true>(1)),
        writer.execute(Insert::<false>(3))
    );
    assert_eq!((two.unwrap(), three.unwrap()), (2, 3));
    assert!(matches!(again, Err(StoreError::Failed(_))), "{again:?}");
    writer.end().await;
    thread.join().unwrap();
}
