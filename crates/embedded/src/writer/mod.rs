//! The one writer: a thread that owns the write connection and commits in groups.
//!
//! It drains its channel, applies every waiting command in one transaction, commits it durably (WAL,
//! `synchronous=FULL`), and only then answers each caller and wakes whoever waits for what was written. It does SQL
//! and nothing else. When a command makes SQLite fail, the transaction is rolled back and each of its commands gets a
//! transaction of its own, so that one command's failure touches no other.
//!
//! Whoever places an order waits for its commit; nobody waits for the steps of those before. So urgent commands go first,
//! a group is committed before it takes long, and while nothing is urgent but much to do the writer rests for a moment, so
//! that more commands share the next commit. When many customers come at once it waits for half of them, since a commit for
//! many is cheaper than one for each few; every other time it writes in the open transaction meanwhile what nobody waits for.
//! And when they keep coming, what takes up new work gives way to them ([`rush`]).

mod line;
mod rush;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ports::StoreError;
use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot, watch};

use crate::checkpoint::Checkpointer;
#[cfg(feature = "failpoints")]
use crate::failpoints::{Failpoints, Stage};
use crate::room;
use crate::statements::Statements;
use crate::tx::{Counters, Notice, Tx};
use line::Line;
use rush::Rush;

/// The most commands that wait for the writer, at its channel and again behind it; more wait before it.
const MAX_WAITING: usize = 16_384;
/// How long the writer lets commands gather that nobody waits for, when it has just made a commit.
const REST: Duration = Duration::from_micros(500);
/// How long it lets customers gather when many come at once, and how often it looks whether enough of them have come when
/// it has nothing else to do.
const CROWD_REST: Duration = Duration::from_micros(1_500);
const LOOK_EVERY: Duration = Duration::from_micros(20);

/// Something to write.
///
/// `apply` may be called again after its transaction was rolled back, so it leaves the command as it was. What it
/// refuses is part of its output; then it has written nothing.
pub(crate) trait Command: Send + 'static {
    /// The answer.
    type Output: Send + 'static;
    /// Whether a client waits for this very command. Such commands go before all others.
    const IS_URGENT: bool = false;

    /// Writes. An error means that SQLite failed; everything it wrote is rolled back.
    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output>;
}

/// A command together with whoever waits for its answer.
trait Job: Send {
    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
    /// Whether it goes before those that aren't.
    fn is_urgent(&self) -> bool {
        false
    }
    /// Whether the writer ends after the group that this is in.
    fn is_last(&self) -> bool {
        false
    }
    /// The command's type.
    #[cfg(feature = "failpoints")]
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}

/// Writes nothing and ends the writer.
struct Last;

impl Job for Last {
    fn apply(&mut self, _: &mut Tx<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    fn answer(self: Box<Self>, _: Result<(), StoreError>) {}

    fn is_last(&self) -> bool {
        true
    }
}

struct Waiting<C: Command> {
    command: C,
    output: Option<C::Output>,
    caller: oneshot::Sender<Result<C::Output, StoreError>>,
}

impl<C: Command> Job for Waiting<C> {
    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        self.output = Some(self.command.apply(tx)?);
        Ok(())
    }

    fn is_urgent(&self) -> bool {
        C::IS_URGENT
    }

    #[cfg(feature = "failpoints")]
    fn name(&self) -> &'static str {
        std::any::type_name::<C>()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { output, caller, .. } = *self;
        let answer = committed.and_then(|()| output.ok_or_else(|| StoreError::failed(Stopped)));
        // A caller that went away doesn't need its answer; what it asked for is done all the same.
        let _ = caller.send(answer);
    }
}

/// The writer has stopped, so nothing can be written any more.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the engine has stopped")]
pub(crate) struct Stopped;

/// What the writer did so far.
#[derive(Debug, Default)]
pub struct WriterStats {
    /// Transactions committed.
    pub commits: AtomicU64,
    /// Commands in them.
    pub commands: AtomicU64,
}

/// Hands commands to the writer. Clones lead to the same writer.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    stats: Arc<WriterStats>,
    committed: watch::Receiver<u64>,
    rush: Arc<Rush>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the thread, for a connection to `database`. `dispatch` is called after each commit with what it leads to,
    /// before any caller has its answer: so whoever was answered finds what is kept in memory as the commit left it. With
    /// `halt_after_commits` the writer dies right after that many commits without a word to anybody, as a process does
    /// that is killed.
    pub(crate) fn start(
        connection: Connection,
        database: &Path,
        checkpointer: Checkpointer,
        counters: Counters,
        halt_after_commits: Option<u64>,
        dispatch: impl FnMut(Vec<Notice>) + Send + 'static,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let stats = Arc::new(WriterStats::default());
        let (commits, committed) = watch::channel(0);
        let rush = Arc::new(Rush::new());
        let thread = Thread {
            database: database.to_owned(),
            counters,
            waiting,
            stats: Arc::clone(&stats),
            commits,
            halt_after_commits,
            dispatch: Box::new(dispatch),
            checkpointer,
            answered_at: Instant::now(),
            rush: Arc::clone(&rush),
            #[cfg(feature = "failpoints")]
            failpoints: Failpoints::from_environment()?,
        };
        let handle = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || thread.run(&connection))?;
        Ok((
            Self {
                jobs,
                stats,
                committed,
                rush,
            },
            handle,
        ))
    }

    /// Has the command written; returns once it is durable.
    pub(crate) async fn execute<C: Command>(&self, command: C) -> Result<C::Output, StoreError> {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Waiting {
            command,
            output: None,
            caller,
        });
        self.jobs
            .send(job)
            .await
            .map_err(|_| StoreError::failed(Stopped))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::failed(Stopped)))
    }

    /// Counts commits; changes once what a commit leads to was told to the workers.
    pub(crate) fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Resolves when the writer has ended, for whatever reason.
    pub(crate) async fn ended(&self) {
        self.jobs.closed().await;
    }

    /// Whether the writer has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Ends the writer once everything handed over before is written. Later commands fail.
    pub(crate) async fn end(&self) {
        // If the writer has ended already, there's nothing to end.
        let _ = self.jobs.send(Box::new(Last)).await;
    }

    /// What tells whether many customers are there.
    pub(crate) fn rush(&self) -> &Rush {
        &self.rush
    }

    pub(crate) fn stats(&self) -> &WriterStats {
        &self.stats
    }
}

struct Thread {
    /// The file that the connection writes.
    database: PathBuf,
    counters: Counters,
    waiting: mpsc::Receiver<Box<dyn Job>>,
    stats: Arc<WriterStats>,
    commits: watch::Sender<u64>,
    halt_after_commits: Option<u64>,
    dispatch: Box<dyn FnMut(Vec<Notice>) + Send>,
    checkpointer: Checkpointer,
    /// When the callers of the last group were answered.
    answered_at: Instant,
    rush: Arc<Rush>,
    #[cfg(feature = "failpoints")]
    failpoints: Failpoints,
}

impl Thread {
    /// Runs until it is ended or every [`Writer`] is gone, and everything they handed over is written.
    fn run(mut self, connection: &Connection) {
        Checkpointer::watch(connection);
        let statements = Statements::new(connection);
        let mut line = Line::default();
        let mut group = Vec::new();
        let mut last = false;
        while !last && self.gather(&mut line) {
            let committed = self.commit(&statements, &mut line, &mut group);
            last = group.iter().any(|job| job.is_last());
            match committed {
                Ok(notices) => {
                    if self.halts() {
                        return;
                    }
                    (self.dispatch)(notices);
                    group.drain(..).for_each(|job| job.answer(Ok(())));
                    self.commits
                        .send_replace(self.stats.commits.load(Ordering::Relaxed));
                    self.checkpointer.committed(connection);
                    self.answered_at = Instant::now();
                }
                Err(_) if group.len() > 1 => {
                    for job in group.drain(..) {
                        self.commit_alone(&statements, job);
                    }
                }
                Err(error) => {
                    let error = store_error(error, &self.database);
                    group.drain(..).for_each(|job| job.answer(Err(error.clone())));
                }
            }
        }
        self.checkpointer.end();
        // Leaves one file behind instead of three; the next start doesn't need it.
        drop(statements);
        let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// Waits until there is something to write, and takes all of it. False when nothing more can come.
    fn gather(&mut self, line: &mut Line) -> bool {
        if line.len() == 0 {
            let Some(job) = self.waiting.blocking_recv() else {
                return false;
            };
            line.push(job);
        }
        self.drain(line);
        if line.may_gather() && self.answered_at.elapsed() < REST {
            std::thread::sleep(REST);
            self.drain(line);
        }
        true
    }

    fn drain(&mut self, line: &mut Line) {
        while line.len() < MAX_WAITING
            && let Ok(job) = self.waiting.try_recv()
        {
            line.push(job);
        }
    }

    fn halts(&self) -> bool {
        self.halt_after_commits
            .is_some_and(|most| self.stats.commits.load(Ordering::Relaxed) >= most)
    }

    fn commit_alone(&mut self, statements: &Statements<'_>, job: Box<dyn Job>) {
        let (mut line, mut group) = (Line::default(), Vec::with_capacity(1));
        line.push(job);
        let (answer, notices) = match self.commit(statements, &mut line, &mut group) {
            Ok(notices) => (Ok(()), notices),
            Err(error) => (Err(store_error(error, &self.database)), Vec::new()),
        };
        (self.dispatch)(notices);
        group.drain(..).for_each(|job| job.answer(answer.clone()));
        self.commits
            .send_replace(self.stats.commits.load(Ordering::Relaxed));
    }

    /// Moves a group from the line to `group` and applies it in one transaction. After an error nothing of it is written
    /// and the counters stand as before; the command that failed, and those before it, are in `group`.
    fn commit(
        &mut self,
        statements: &Statements<'_>,
        line: &mut Line,
        group: &mut Vec<Box<dyn Job>>,
    ) -> rusqlite::Result<Vec<Notice>> {
        let begun = statements
            .prepare("BEGIN IMMEDIATE")
            .and_then(|mut begin| begin.execute([]));
        let mut tx = Tx::with(statements, self.counters);
        let mut applied = begun.map(|_| ());
        if applied.is_ok() {
            applied = self.apply_while_crowd_gathers(&mut tx, line, group);
        }
        let mut turn = line.begin(group.len());
        if line.has_rush() {
            self.rush.note();
        }
        while (group.is_empty() || applied.is_ok())
            && let Some(mut job) = line.next(group.len(), &mut turn)
        {
            applied = applied.and_then(|()| job.apply(&mut tx));
            group.push(job);
        }
        let (counters, notices) = tx.into_parts();
        #[cfg(feature = "failpoints")]
        self.failpoints
            .pass(Stage::Before, group.iter().map(|job| job.name()));
        let committed = applied.and_then(|()| statements.prepare("COMMIT")?.execute([]).map(|_| ()));
        if let Err(error) = committed {
            // SQLite may have rolled back by itself already; then this fails and changes nothing.
            let _ = statements.connection().execute_batch("ROLLBACK");
            return Err(error);
        }
        #[cfg(feature = "failpoints")]
        self.failpoints
            .pass(Stage::After, group.iter().map(|job| job.name()));
        self.counters = counters;
        self.stats.commits.fetch_add(1, Ordering::Relaxed);
        self.stats
            .commands
            .fetch_add(group.len() as u64, Ordering::Relaxed);
        Ok(notices)
    }

    /// Waits until enough of the customers are there, or have been given their time. In a group that is not for them alone it
    /// applies meanwhile what nobody waits for.
    fn apply_while_crowd_gathers(
        &mut self,
        tx: &mut Tx<'_>,
        line: &mut Line,
        group: &mut Vec<Box<dyn Job>>,
    ) -> rusqlite::Result<()> {
        while line.awaits_crowd() && self.answered_at.elapsed() < CROWD_REST {
            match line.next_of_rest(group.len()) {
                Some(mut job) => {
                    let applied = job.apply(tx);
                    group.push(job);
                    applied?;
                }
                None => std::thread::sleep(LOOK_EVERY),
            }
            self.drain(line);
        }
        Ok(())
    }
}

/// A write failed, and not for want of room.
#[derive(Debug, thiserror::Error)]
#[error("the data directory can't be written, and not for want of room: its disk or its file system fails")]
struct WriteFailed(#[source] rusqlite::Error);

/// SQLite's error as the ports tell it; `database` is the file on which it arose. Nothing of the transaction was written.
pub(crate) fn store_error(error: rusqlite::Error, database: &Path) -> StoreError {
    if let Some(SQLITE_IOERR_WRITE | SQLITE_IOERR_SHMSIZE) =
        error.sqlite_error().map(|error| error.extended_code)
    {
        if !room::is_used_up(database) {
            return StoreError::failed(WriteFailed(error));
        }
        return StoreError::Full(
            "the data directory takes no more: its disk, a quota or a limit on the size of files stops it"
                .into(),
        );
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full("the disk of the data directory is full".into()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::failed(error),
    }
}
