//! Followers of the change stream: functions that get every change, in order, in batches.
//!
//! A follower's place is a checkpoint in the database, moved on once its function has succeeded.

mod change;

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use ports::StoreError;
use ports::clock::Clock;
use ports::feed::LiveFeed;
use ports::function::{Context, FunctionError, Invocation};
use ports::stream::TableChange;
use rusqlite::OptionalExtension;
use serde_json::json;
use tokio::task::JoinSet;

use crate::error::Chain;
use crate::lambda::{Function, request_id};
use crate::orders::Change;
use crate::queue::{DeadLetter, send_dead_letter};
use crate::tx::Tx;
use crate::writer::Command;
use crate::{Engine, StreamSourceSettings};

/// The longest wait between two attempts.
const MAX_BACK_OFF: Duration = Duration::from_secs(20);

/// Starts each function that follows the stream.
pub(crate) async fn spawn(engine: &Engine, workers: &mut JoinSet<()>) -> Result<(), StoreError> {
    for settings in &engine.settings().functions {
        let (Some(source), Some(function)) =
            (&settings.stream_source, engine.lambda().function(&settings.name))
        else {
            continue;
        };
        let consumer = engine.names().id("consumer", &settings.name);
        let checkpoint: Option<i64> = engine.readers().read(|connection| {
            connection
                .query_row(
                    "SELECT seq FROM checkpoints WHERE consumer = ?1",
                    [consumer],
                    |row| row.get(0),
                )
                .optional()
        })?;
        let follower = Follower {
            engine: engine.clone(),
            consumer,
            function,
            source: source.clone(),
            at: checkpoint.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0),
            gathered: 0,
        };
        workers.spawn(follower.run());
    }
    Ok(())
}

/// What came of handing over a batch.
enum HandedOver {
    /// The checkpoint is behind it.
    Done,
    /// It failed, and is to be cut in two.
    Halve,
    /// The engine stops, or the checkpoint stays: what follows must wait.
    Stopped,
}

struct Follower {
    engine: Engine,
    consumer: i64,
    function: Arc<Function>,
    source: StreamSourceSettings,
    at: u64,
    /// Up to here changes have gathered already.
    gathered: u64,
}

impl Follower {
    async fn run(mut self) {
        let engine = self.engine.clone();
        loop {
            tokio::select! {
                biased;
                () = engine.stopping() => return,
                () = self.next_change() => {}
            }
            // Before the read: what is committed after it is not to be jumped over.
            let latest = engine.latest_change();
            match engine.changes_after(self.at, self.source.batch_size).await {
                Ok(changes) if changes.is_empty() => {
                    // What is missing has expired: go on with what there is.
                    self.at = latest;
                }
                Ok(changes) => self.hand_over(&changes).await,
                Err(error) => {
                    tracing::error!(event_type = "stream_not_read", function = self.function.name(), error = %Chain(&error));
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Waits for a change. In a rush it lets changes gather, so that few calls take many, and then goes through all of them: one
    /// that is left behind would have to read them from the table.
    async fn next_change(&mut self) {
        self.engine.wait_for_change(self.at).await;
        if self.at >= self.gathered {
            self.engine.writer().rush().pause().await;
            self.gathered = self.engine.latest_change();
        }
    }

    /// Hands over a batch; one that fails is cut in two where the template says so, and each half is a batch of its own
    /// then, so that one bad change is given up alone.
    async fn hand_over(&mut self, changes: &[Arc<Change>]) {
        let mut batches = vec![changes];
        while let Some(batch) = batches.pop() {
            match self.hand_over_whole(batch).await {
                HandedOver::Done => {}
                HandedOver::Stopped => return,
                HandedOver::Halve => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second, first]);
                }
            }
        }
    }

    /// Calls the function until it succeeds or its attempts are spent, then moves the checkpoint.
    async fn hand_over_whole(&mut self, changes: &[Arc<Change>]) -> HandedOver {
        let Some(last) = changes.last().map(|change| change.seq) else {
            return HandedOver::Done;
        };
        let mut attempts = 0;
        let mut given_up = None;
        loop {
            let context = Context {
                request_id: request_id(),
                trace_id: "".into(),
            };
            let Err(error) = self.function.invoke(invocation(changes), context).await else {
                break;
            };
            if self.source.bisect_on_error && changes.len() > 1 {
                return HandedOver::Halve;
            }
            attempts += 1;
            if self
                .source
                .maximum_retry_attempts
                .is_some_and(|most| attempts > most)
            {
                given_up = Some(error);
                break;
            }
            let wait = Duration::from_millis(100 << attempts.min(10)).min(MAX_BACK_OFF);
            let at = Timestamp::from_ms(self.engine.time().now().as_ms() + wait.as_millis() as i64);
            tokio::select! {
                () = self.engine.time().sleep_until(at) => {}
                () = self.engine.stopping() => return HandedOver::Stopped,
            }
        }
        let checkpoint = MoveCheckpoint {
            consumer: self.consumer,
            seq: last,
            given_up: given_up.map(|error| self.given_up(changes, &error)),
            now: self.engine.time().now(),
        };
        match self.engine.writer().execute(checkpoint).await {
            Ok(()) => {
                self.at = last;
                HandedOver::Done
            }
            Err(error) => {
                tracing::error!(event_type = "checkpoint_not_moved", function = self.function.name(), error = %Chain(&error));
                tokio::time::sleep(Duration::from_secs(1)).await;
                HandedOver::Stopped
            }
        }
    }

    fn given_up(&self, changes: &[Arc<Change>], error: &FunctionError) -> GivenUp {
        tracing::error!(
            event_type = "stream_batch_given_up",
            function = self.function.name(),
            changes = changes.len(),
            error = error.error_type,
            message = error.message
        );
        let range = |change: Option<&Arc<Change>>| change.map(|change| change.seq.to_string());
        let body = json!({
            "requestContext": {"functionArn": self.function.name(), "condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "startSequenceNumber": range(changes.first()),
                "endSequenceNumber": range(changes.last()),
                "batchSize": changes.len(),
            },
        });
        GivenUp {
            queue: self
                .source
                .on_failure
                .as_ref()
                .map(|queue| self.engine.names().id("queue", queue)),
            body: body.to_string(),
            error: error.to_string(),
            source: format!("stream:{}", self.function.name()),
        }
    }
}

/// A batch that a function never took.
struct GivenUp {
    queue: Option<i64>,
    body: String,
    error: String,
    source: String,
}

struct MoveCheckpoint {
    consumer: i64,
    seq: u64,
    given_up: Option<GivenUp>,
    now: Timestamp,
}

impl Command for MoveCheckpoint {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        tx.prepare("INSERT INTO checkpoints (consumer, seq) VALUES (?1, ?2) ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq")?
            .execute((self.consumer, i64::try_from(self.seq).unwrap_or(i64::MAX)))?;
        if let Some(GivenUp {
            queue: Some(queue),
            body,
            error,
            source,
        }) = &self.given_up
        {
            let letter = DeadLetter {
                queue: *queue,
                body,
                trace: "",
                sent_at: self.now.as_ms(),
                at: self.now,
                receives: 1,
                last_error: Some(error),
                source,
            };
            send_dead_letter(tx, &letter)?;
        }
        Ok(())
    }
}

fn invocation(changes: &[Arc<Change>]) -> Invocation {
    let changes = changes.iter().map(Arc::clone);
    Invocation::Stream(changes.map(|change| change as Arc<dyn TableChange>).collect())
}
