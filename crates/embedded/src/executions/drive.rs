//! Drives executions: calls functions, waits for timers, and commits what comes of it.

use std::sync::Arc;
use std::time::Duration;

use asl::EventKind;
use domain::Timestamp;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ports::clock::Clock;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::ReadyExecution;
use super::integrations::call_function;
use super::journal::{Finish, GiveUp, status_name};
use super::run::{Identity, ReplayError, Run, Segment};
use crate::Engine;
use crate::error::Chain;
use crate::observe::spans;

/// How long to wait before a write is tried again that the store could not make.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// An execution that waits longer than this for a timer, and for nothing else, leaves memory meanwhile.
const PARK_AFTER_MS: i64 = 10_000;

/// Drives each execution that is ready, until the engine stops.
pub(crate) async fn dispatch(engine: Engine) {
    let slots = Arc::new(Semaphore::new(engine.settings().limits.concurrent_executions));
    let mut driven = JoinSet::new();
    let executor = Arc::clone(engine.executor());
    let mut waiting = executor.waiting.lock().await;
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            (slot, waiting.recv().await)
        };
        let (slot, ready) = tokio::select! {
            biased;
            () = engine.stopping() => break,
            next = next => next,
        };
        let Some(ready) = ready else { break };
        let engine = engine.clone();
        driven.spawn(async move {
            let parked = drive(&engine, ready).await;
            engine.executor().leave();
            drop(slot);
            if let Some((key, until)) = parked {
                tokio::select! {
                    () = engine.time().sleep_until(until) => engine.executor().push(ReadyExecution::Stored(key)),
                    () = engine.stopping() => {}
                }
            }
        });
        while driven.try_join_next().is_some() {}
    }
    while driven.join_next().await.is_some() {}
}

/// Drives one execution until it ends, the engine stops, or it waits long: then its key and until when.
async fn drive(engine: &Engine, ready: ReadyExecution) -> Option<(i64, Timestamp)> {
    let run = match ready {
        ReadyExecution::Loaded(run) => Arc::unwrap_or_clone(run),
        ReadyExecution::Stored(key) => read_back(engine, key).await?,
    };
    let mut segment = Segment::open(run);
    let mut calls = FuturesUnordered::new();
    loop {
        segment = segment.call_deferred(engine, engine.time().now());
        if segment.is_dirty() {
            segment = Segment::open(commit(engine, segment).await?);
        }
        if segment.has_deferred() {
            continue;
        }
        if engine.is_stopping() {
            return None;
        }
        let trace = segment.run().trace().to_owned();
        for (task, function) in segment.take_functions() {
            calls.push(call_function(engine.clone(), trace.clone(), task, function));
        }
        let wake_at = segment.run().wake_at();
        let alone = calls.is_empty();
        if let (true, Some(at)) = (alone, wake_at)
            && at.as_ms() - engine.time().now().as_ms() > PARK_AFTER_MS
        {
            return Some((segment.run().key, at));
        }
        let happened = tokio::select! {
            biased;
            Some(answer) = calls.next(), if !alone => answer,
            () = timer(engine, wake_at, alone) => EventKind::Woken,
            () = engine.stopping(), if alone => return None,
        };
        segment = segment.happen(engine, happened, engine.time().now());
    }
}

/// Fires at `at`. With nothing else under way that is what the execution waits for, else a deadline.
async fn timer(engine: &Engine, at: Option<Timestamp>, alone: bool) {
    match at {
        Some(at) if alone => engine.time().sleep_until(at).await,
        Some(at) => engine.time().deadline(at).await,
        None => std::future::pending().await,
    }
}

/// Commits the segment; `None` when the execution ended with it, or the engine stops before it could be written.
async fn commit(engine: &Engine, mut segment: Segment) -> Option<Run> {
    loop {
        match engine.writer().execute(segment.advance()).await {
            Ok(Ok(())) => break,
            Ok(Err((at, refusal))) => segment = segment.refused(engine, at, refusal),
            Err(error) => {
                tracing::error!(event_type = "execution_not_written", execution = segment.run().identity.name, error = %Chain(&error));
                if !pause(engine).await {
                    return None;
                }
            }
        }
    }
    if let Some(finish) = segment.finish() {
        note_finished(engine, &segment.run().identity, &finish);
        return None;
    }
    Some(segment.committed())
}

/// Counts an execution that has ended, and logs one that failed.
pub(super) fn note_finished(engine: &Engine, identity: &Identity, finish: &Finish) {
    let machine = engine.executor().machine();
    let dimensions = [("StateMachineArn", machine.arn.as_str())];
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
            traceId = identity.trace,
            status = status_name(finish.status),
            error = finish.error.as_deref(),
            cause = finish.cause.as_deref()
        );
    }
}

/// Reads an execution back; `None` when there's none, when it can't be read by this release, or when the engine stops.
async fn read_back(engine: &Engine, key: i64) -> Option<Run> {
    let machine = engine.executor().machine();
    loop {
        match engine
            .readers()
            .read(|connection| Run::replay(connection, machine, key, None))
        {
            Ok(Ok(run)) => return Some(run),
            Ok(Err(ReplayError::Missing)) => return None,
            Ok(Err(error)) => {
                tracing::error!(event_type = "execution_not_resumed", execution = key, error = %Chain(&error));
                give_up(engine, key, &error).await;
                return None;
            }
            Err(error) => {
                tracing::error!(event_type = "execution_not_read", execution = key, error = %Chain(&error));
                if !pause(engine).await {
                    return None;
                }
            }
        }
    }
}

/// Ends an execution that can't go on, so that its order doesn't wait in silence.
async fn give_up(engine: &Engine, key: i64, error: &ReplayError) {
    let at = engine.time().now();
    loop {
        let command = GiveUp {
            key,
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
    let dimensions = [("StateMachineArn", engine.executor().machine().arn.as_str())];
    engine.metrics().count("ExecutionsFailed", &dimensions, 1);
}

/// Waits before the store is asked again; `false` when the engine stops meanwhile.
async fn pause(engine: &Engine) -> bool {
    tokio::select! {
        () = tokio::time::sleep(RETRY_AFTER) => true,
        () = engine.stopping() => false,
    }
}
