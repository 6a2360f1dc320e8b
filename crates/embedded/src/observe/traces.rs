//! Kept traces: their spans stored as they come, read as a waterfall.

#[cfg(test)]
mod tests;

use domain::{OrderId, Timestamp};
use ports::observability::{Keeping, Span, SpanOutcome, Trace, TraceFilter, TraceSummary, x_ray_trace_id};
use ports::trace::{SpanData, TraceId};
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction};

use super::stored::StoredSpan;
use super::waterfall;
use crate::error::Chain;

/// The most traces that are kept, and for how long: X-Ray's 30 days.
const MAX_TRACES: i64 = 20_000;
const KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// The most spans of one trace: a caller that sends every request in the same trace fills no disk.
const MAX_SPANS: usize = 2_000;
/// From so many microseconds on a span is slow.
const SLOW_US: u64 = 1_000_000;

/// The most traces that one transaction deletes.
const DELETED_AT_ONCE: u32 = 2_000;

/// Stores spans: a row for all of a trace that came together.
pub(super) fn insert(tx: &Transaction<'_>, spans: &[SpanData]) -> rusqlite::Result<()> {
    let mut note = tx.prepare_cached(
        "INSERT INTO kept_traces (id, started_us, ended_us, outcome, slow, name, order_id, spans)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET
            name = iif(excluded.started_us < started_us, excluded.name, name),
            started_us = min(started_us, excluded.started_us), ended_us = max(ended_us, excluded.ended_us),
            outcome = max(outcome, excluded.outcome), slow = max(slow, excluded.slow),
            order_id = coalesce(order_id, excluded.order_id), spans = spans + excluded.spans
         RETURNING spans",
    )?;
    let mut insert = tx.prepare_cached("INSERT INTO kept_spans (trace, first, spans) VALUES (?1, ?2, ?3)")?;
    let mut by_trace: Vec<&SpanData> = spans.iter().collect();
    by_trace.sort_by_key(|span| span.trace);
    for spans in by_trace.chunk_by(|one, next| one.trace == next.trace) {
        let Some(glance) = Glance::of(spans) else { continue };
        let came: usize = note.query_row(glance.row(), |row| row.get(0))?;
        let before = came.saturating_sub(spans.len());
        let room = MAX_SPANS.saturating_sub(before).min(spans.len());
        let stored: Vec<StoredSpan<'_>> = spans.iter().take(room).map(|span| (*span).into()).collect();
        if !stored.is_empty() {
            // A span holds text and numbers, which always have a JSON text.
            let json = serde_json::to_string(&stored).unwrap_or_default();
            insert.execute((glance.id, before, json))?;
        }
    }
    Ok(())
}

/// What some spans of a trace tell of it at a glance.
struct Glance {
    id: [u8; 16],
    started_us: i64,
    ended_us: i64,
    outcome: i64,
    is_slow: bool,
    name: &'static str,
    order: Option<String>,
    spans: usize,
}

impl Glance {
    /// Of spans of one trace; `None` without any.
    fn of(spans: &[&SpanData]) -> Option<Self> {
        let first = spans.iter().min_by_key(|span| span.started_us)?;
        Some(Self {
            id: first.trace.0.to_be_bytes(),
            started_us: first.started_us,
            ended_us: spans.iter().map(|span| span.ended_us).max()?,
            outcome: spans.iter().map(|span| severity(span.outcome)).max()?,
            is_slow: spans.iter().any(|span| is_slow(span.duration_us())),
            name: first.name.as_str(),
            order: spans
                .iter()
                .find_map(|span| span.order)
                .map(|order| order.to_string()),
            spans: spans.len(),
        })
    }

    fn row(&self) -> impl Params {
        (
            self.id,
            self.started_us,
            self.ended_us,
            self.outcome,
            self.is_slow,
            self.name,
            &self.order,
            self.spans,
        )
    }
}

/// Deletes what is too much or too old, at most some at once; says whether there is more of it.
pub(super) fn expire(tx: &Transaction<'_>, now_us: i64) -> rusqlite::Result<bool> {
    let due: Vec<[u8; 16]> = tx
        .prepare_cached(
            "SELECT id FROM kept_traces ORDER BY started_us LIMIT min(?3,
               max((SELECT count(*) FROM kept_traces) - ?1, (SELECT count(*) FROM kept_traces WHERE started_us < ?2)))",
        )?
        .query_map((MAX_TRACES, now_us - KEPT_US, DELETED_AT_ONCE), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &due {
        tx.prepare_cached("DELETE FROM kept_spans WHERE trace = ?1")?
            .execute([id])?;
        tx.prepare_cached("DELETE FROM kept_traces WHERE id = ?1")?
            .execute([id])?;
    }
    Ok(due.len() == DELETED_AT_ONCE as usize)
}

/// The spans of a trace, as they were stored.
pub(super) fn spans(connection: &Connection, trace: TraceId) -> rusqlite::Result<Vec<Span>> {
    let mut rows =
        connection.prepare_cached("SELECT spans FROM kept_spans WHERE trace = ?1 ORDER BY first")?;
    let mut rows = rows.query([trace.0.to_be_bytes()])?;
    let mut spans = Vec::new();
    while let Some(row) = rows.next()? {
        match serde_json::from_str::<Vec<StoredSpan<'_>>>(row.get_ref(0)?.as_str()?) {
            Ok(stored) => spans.extend(stored.into_iter().map(Span::from)),
            Err(error) => tracing::warn!(event_type = "spans_not_read", error = %Chain(&error)),
        }
    }
    Ok(spans)
}

/// The order that a kept trace is about, if it is about one; `None` when no such trace was kept.
pub(super) fn find(connection: &Connection, trace: TraceId) -> rusqlite::Result<Option<Option<String>>> {
    connection
        .prepare_cached("SELECT order_id FROM kept_traces WHERE id = ?1")?
        .query_row([trace.0.to_be_bytes()], |row| row.get(0))
        .optional()
}

/// Traces at a glance, newest first.
pub(super) fn list(
    connection: &Connection,
    filter: &TraceFilter,
    limit: u32,
) -> rusqlite::Result<Vec<TraceSummary>> {
    let us = |at: Option<Timestamp>| at.map(|at| at.as_ms().saturating_mul(1_000));
    let at_least = i64::try_from(filter.at_least_us.unwrap_or(0)).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT id, started_us, ended_us, outcome, slow, name, order_id, spans FROM kept_traces
             WHERE started_us >= coalesce(?1, started_us) AND started_us < coalesce(?2, started_us + 1)
                AND (NOT ?3 OR outcome > 0) AND ended_us - started_us >= ?4
             ORDER BY started_us DESC LIMIT ?5",
        )?
        .query_map(
            (us(filter.from), us(filter.to), filter.failed, at_least, limit),
            read_summary,
        )?
        .collect()
}

fn read_summary(row: &Row<'_>) -> rusqlite::Result<TraceSummary> {
    let trace = TraceId(u128::from_be_bytes(row.get(0)?));
    let (started_us, ended_us): (i64, i64) = (row.get(1)?, row.get(2)?);
    let outcome = of_severity(row.get(3)?);
    Ok(TraceSummary {
        x_ray_trace_id: x_ray_trace_id(&trace.to_string()),
        trace_id: trace.to_string(),
        order_id: row.get(6)?,
        name: row.get(5)?,
        started_at: Timestamp::from_ms(started_us.div_euclid(1_000)),
        duration_us: u64::try_from(ended_us - started_us).unwrap_or(0),
        outcome,
        spans: row.get(7)?,
        keeping: keeping(trace, outcome, row.get(4)?),
    })
}

/// Puts a trace together; `None` without any span.
pub(super) fn assemble(
    trace: TraceId,
    order: Option<OrderId>,
    spans: Vec<Span>,
    from_journal: bool,
) -> Option<Trace> {
    let keeping_of = |outcome, spans: &[Span]| match from_journal {
        true => Keeping::Journal,
        false => keeping(trace, outcome, spans.iter().any(|span| is_slow(span.duration_us))),
    };
    let spans = waterfall::arrange(spans);
    let first = spans.first()?;
    let started_at = spans.iter().map(|span| span.started_at).min()?;
    let duration_us = spans.iter().map(|span| span.offset_us + span.duration_us).max()?;
    let outcome = spans
        .iter()
        .map(|span| span.outcome)
        .max_by_key(|o| severity(*o))?;
    Some(Trace {
        summary: TraceSummary {
            x_ray_trace_id: x_ray_trace_id(&trace.to_string()),
            trace_id: trace.to_string(),
            order_id: order.map(|order| order.to_string()),
            name: first.name.clone(),
            started_at,
            duration_us,
            outcome,
            spans: u32::try_from(spans.len()).unwrap_or(u32::MAX),
            keeping: keeping_of(outcome, &spans),
        },
        spans,
    })
}

/// Why a trace was kept, as far as it shows.
fn keeping(trace: TraceId, outcome: SpanOutcome, is_slow: bool) -> Keeping {
    match outcome {
        _ if trace.is_sampled() => Keeping::Sampled,
        SpanOutcome::Error | SpanOutcome::Fault | SpanOutcome::Throttle => Keeping::Failed,
        SpanOutcome::Ok if is_slow => Keeping::Slow,
        SpanOutcome::Ok => Keeping::Sampled,
    }
}

fn is_slow(duration_us: u64) -> bool {
    duration_us >= SLOW_US
}

fn severity(outcome: SpanOutcome) -> i64 {
    match outcome {
        SpanOutcome::Ok => 0,
        SpanOutcome::Throttle => 1,
        SpanOutcome::Error => 2,
        SpanOutcome::Fault => 3,
    }
}

fn of_severity(severity: i64) -> SpanOutcome {
    match severity {
        0 => SpanOutcome::Ok,
        1 => SpanOutcome::Throttle,
        2 => SpanOutcome::Error,
        _ => SpanOutcome::Fault,
    }
}
