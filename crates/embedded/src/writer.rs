//! The one writer: a thread that owns the write connection and commits in groups.
//!
//! It drains its channel, applies every waiting command in one transaction, commits it durably (WAL,
//! `synchronous=FULL`), and only then answers each caller and wakes whoever waits for what was written. It does SQL
//! and nothing else. When a command makes SQLite fail, the transaction is rolled back and each of its commands gets a
//! transaction of its own, so that one command's failure touches no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use ports::StoreError;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot, watch};

#[cfg(feature = "failpoints")]
use crate::failpoints::{Failpoints, Stage};
use crate::tx::{Counters, Notice, Tx};

/// The most commands that share one commit.
const MAX_GROUP: usize = 2048;
/// The most commands that wait for the writer; more wait at the channel.
const MAX_WAITING: usize = 16_384;

/// Something to write.
///
/// `apply` may be called again after its transaction was rolled back, so it leaves the command as it was. What it
/// refuses is part of its output; then it has written nothing.
pub(crate) trait Command: Send + 'static {
    /// The answer.
    type Output: Send + 'static;

    /// Writes. An error means that SQLite failed; everything it wrote is rolled back.
    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output>;
}

/// A command together with whoever waits for its answer.
trait Job: Send {
    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
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
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the thread. `dispatch` is called after each commit with what it leads to, before any caller has its
    /// answer: so whoever was answered finds what is kept in memory as the commit left it. With `halt_after_commits` the
    /// writer dies right after that many commits without a word to anybody, as a process does that is killed.
    pub(crate) fn start(
        connection: Connection,
        counters: Counters,
        halt_after_commits: Option<u64>,
        dispatch: impl FnMut(Vec<Notice>) + Send + 'static,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let stats = Arc::new(WriterStats::default());
        let (commits, committed) = watch::channel(0);
        let thread = Thread {
            connection,
            counters,
            waiting,
            stats: Arc::clone(&stats),
            commits,
            halt_after_commits,
            dispatch: Box::new(dispatch),
            #[cfg(feature = "failpoints")]
            failpoints: Failpoints::from_environment()?,
        };
        let handle = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || thread.run())?;
        Ok((
            Self {
                jobs,
                stats,
                committed,
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

    pub(crate) fn stats(&self) -> &WriterStats {
        &self.stats
    }
}

struct Thread {
    connection: Connection,
    counters: Counters,
    waiting: mpsc::Receiver<Box<dyn Job>>,
    stats: Arc<WriterStats>,
    commits: watch::Sender<u64>,
    halt_after_commits: Option<u64>,
    dispatch: Box<dyn FnMut(Vec<Notice>) + Send>,
    #[cfg(feature = "failpoints")]
    failpoints: Failpoints,
}

impl Thread {
    /// Runs until it is ended or every [`Writer`] is gone, and everything they handed over is written.
    fn run(mut self) {
        let mut group = Vec::with_capacity(MAX_GROUP);
        let mut last = false;
        while !last && self.waiting.blocking_recv_many(&mut group, MAX_GROUP) > 0 {
            last = group.iter().any(|job| job.is_last());
            match self.commit(&mut group) {
                Ok(notices) => {
                    if self.halts() {
                        return;
                    }
                    (self.dispatch)(notices);
                    group.drain(..).for_each(|job| job.answer(Ok(())));
                    self.commits
                        .send_replace(self.stats.commits.load(Ordering::Relaxed));
                }
                Err(_) if group.len() > 1 => {
                    for job in group.drain(..) {
                        self.commit_alone(job);
                    }
                }
                Err(error) => {
                    let error = store_error(error);
                    group.drain(..).for_each(|job| job.answer(Err(error.clone())));
                }
            }
        }
        // Leaves one file behind instead of three; the next start doesn't need it.
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn halts(&self) -> bool {
        self.halt_after_commits
            .is_some_and(|most| self.stats.commits.load(Ordering::Relaxed) >= most)
    }

    fn commit_alone(&mut self, job: Box<dyn Job>) {
        let mut group = vec![job];
        let (answer, notices) = match self.commit(&mut group) {
            Ok(notices) => (Ok(()), notices),
            Err(error) => (Err(store_error(error)), Vec::new()),
        };
        (self.dispatch)(notices);
        group.drain(..).for_each(|job| job.answer(answer.clone()));
        self.commits
            .send_replace(self.stats.commits.load(Ordering::Relaxed));
    }

    /// Applies the group in one transaction. After an error nothing of it is written and the counters stand as before.
    fn commit(&mut self, group: &mut [Box<dyn Job>]) -> rusqlite::Result<Vec<Notice>> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut tx = Tx::new(&self.connection, self.counters);
        let applied = group.iter_mut().try_for_each(|job| job.apply(&mut tx));
        let (counters, notices) = tx.into_parts();
        #[cfg(feature = "failpoints")]
        self.failpoints
            .pass(Stage::Before, group.iter().map(|job| job.name()));
        let committed =
            applied.and_then(|()| self.connection.prepare_cached("COMMIT")?.execute([]).map(|_| ()));
        if let Err(error) = committed {
            // SQLite may have rolled back by itself already; then this fails and changes nothing.
            let _ = self.connection.execute_batch("ROLLBACK");
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
}

/// SQLite's error as the ports tell it.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full("the disk of the data directory is full".into()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::failed(error),
    }
}
