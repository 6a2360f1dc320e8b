//! How an execution ends: what is counted and said of it, and the end of one that can't be read any more.

use std::time::Duration;

use ports::StoreError;
use ports::clock::Clock;

use super::journal::{Finish, GiveUp, UNREADABLE, UNWRITABLE, status_name};
use super::run::{Identity, ReplayError};
use crate::Engine;
use crate::error::Chain;
use crate::observe::spans;

/// How long to wait before a write is tried again that the store could not make.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Counts an execution that has ended, and logs one that failed.
pub(super) fn note_finished(engine: &Engine, identity: &Identity, finish: &Finish) {
    let machine = engine.executor().machine();
    let dimensions = [("StateMachineArn", machine.arn.as_ref())];
    spans::finished(engine, identity, finish);
    let metric = match finish.status {
        1 => "ExecutionsSucceeded",
        2 => "ExecutionsFailed",
        3 => "ExecutionsTimedOut",
        _ => "ExecutionsAborted",
    };
    engine.metrics().count(metric, &dimensions, 1);
    let took_ms = finish.at.as_ms() - identity.started_at.as_ms();
    engine
        .metrics()
        .observe("ExecutionTime", &dimensions, took_ms as f64);
    if finish.status > 1 {
        tracing::error!(
            event_type = "execution_failed",
            execution = identity.name,
            traceId = &*identity.trace,
            status = status_name(finish.status),
            error = finish.error.as_deref(),
            cause = finish.cause.as_deref()
        );
    }
}

/// Ends an execution that can't be read, so that its order doesn't wait in silence.
pub(super) async fn give_up(engine: &Engine, key: i64, error: &ReplayError) {
    let at = engine.time().now();
    loop {
        let command = GiveUp {
            key,
            error: UNREADABLE,
            cause: error.to_string(),
            at,
        };
        match engine.writer().execute(command).await {
            Ok(()) => break,
            Err(error) => {
                tracing::error!(event_type = "execution_not_written", execution = key, error = %Chain(&error));
                if !pause(engine).await {
                    return;
                }
            }
        }
    }
    let dimensions = [("StateMachineArn", engine.executor().machine().arn.as_ref())];
    engine.metrics().count("ExecutionsFailed", &dimensions, 1);
}

/// Ends an execution whose next step the store failed to write each time, so that its order doesn't wait in silence.
///
/// # Errors
/// When this can't be written either: then it is the store that is in trouble and not the execution.
pub(super) async fn give_up_unwritable(
    engine: &Engine,
    key: i64,
    identity: &Identity,
    error: &StoreError,
) -> Result<(), StoreError> {
    let (at, cause) = (engine.time().now(), Chain(error).to_string());
    let command = GiveUp {
        key,
        error: UNWRITABLE,
        cause: cause.clone(),
        at,
    };
    engine.writer().execute(command).await?;
    let finish = Finish {
        status: 2,
        error: Some(UNWRITABLE.to_owned()),
        cause: Some(cause),
        at,
    };
    note_finished(engine, identity, &finish);
    Ok(())
}

/// Waits before the store is asked again; `false` when the engine stops meanwhile.
async fn pause(engine: &Engine) -> bool {
    tokio::select! {
        () = tokio::time::sleep(RETRY_AFTER) => true,
        () = engine.stopping() => false,
    }
}
