//! Kept traces: stored span by span as they come, read as a waterfall.

use domain::{OrderId, Timestamp};
use ports::observability::{Keeping, Span, SpanOutcome, Trace, TraceFilter, TraceSummary, x_ray_trace_id};
use ports::trace::{SpanData, TraceId};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::waterfall;
use crate::error::Chain;

/// The most traces that are kept, and for how long: X-Ray's 30 days.
const MAX_TRACES: i64 = 20_000;
const KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// The most spans of one trace: a caller that sends every request in the same trace fills no disk.
const MAX_SPANS: i64 = 2_000;

/// Stores spans.
pub(super) fn insert(tx: &Transaction<'_>, spans: &[SpanData]) -> rusqlite::Result<()> {
    let mut note = tx.prepare_cached(
        "INSERT INTO traces (id, seq, started_us, ended_us, outcome, order_id, spans)
         VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM traces), ?2, ?3, ?4, ?5, 1)
         ON CONFLICT (id) DO UPDATE SET started_us = min(started_us, excluded.started_us),
            ended_us = max(ended_us, excluded.ended_us), outcome = max(outcome, excluded.outcome),
            order_id = coalesce(order_id, excluded.order_id), spans = spans + 1
         RETURNING spans",
    )?;
    let mut insert =
        tx.prepare_cached("INSERT OR REPLACE INTO spans (trace, seq, span) VALUES (?1, ?2, ?3)")?;
    for span in spans {
        let id = span.trace.0.to_be_bytes();
        let order = span.order.map(|order| order.to_string());
        let row = (id, span.started_us, span.ended_us, severity(span.outcome), order);
        let seq: i64 = note.query_row(row, |row| row.get(0))?;
        if seq <= MAX_SPANS {
            // A span holds text and numbers, which always have a JSON text.
            insert.execute((
                id,
                seq,
                serde_json::to_string(&waterfall::span(span)).unwrap_or_default(),
            ))?;
        }
    }
    Ok(())
}

/// Deletes what is too much or too old, at most a few hundred traces at once.
pub(super) fn expire(tx: &Transaction<'_>, now_us: i64) -> rusqlite::Result<()> {
    let due: Vec<[u8; 16]> = tx
        .prepare_cached(
            "SELECT id FROM traces ORDER BY started_us
             LIMIT min(2000, max((SELECT count(*) FROM traces) - ?1, (SELECT count(*) FROM traces WHERE started_us < ?2)))",
        )?
        .query_map((MAX_TRACES, now_us - KEPT_US), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in due {
        tx.prepare_cached("DELETE FROM spans WHERE trace = ?1")?
            .execute([id])?;
        tx.prepare_cached("DELETE FROM traces WHERE id = ?1")?
            .execute([id])?;
    }
    Ok(())
}

/// The spans of a trace, as they were stored.
pub(super) fn spans(connection: &Connection, trace: TraceId) -> rusqlite::Result<Vec<Span>> {
    let mut rows = connection.prepare_cached("SELECT span FROM spans WHERE trace = ?1 ORDER BY seq")?;
    let rows = rows.query_map([trace.0.to_be_bytes()], |row| row.get::<_, String>(0))?;
    let mut spans = Vec::new();
    for text in rows {
        match serde_json::from_str(&text?) {
            Ok(span) => spans.push(span),
            Err(error) => tracing::warn!(event_type = "span_not_read", error = %Chain(&error)),
        }
    }
    Ok(spans)
}

/// The order that a kept trace is about, if it is about one; `None` when no such trace was kept.
pub(super) fn find(connection: &Connection, trace: TraceId) -> rusqlite::Result<Option<Option<String>>> {
    connection
        .prepare_cached("SELECT order_id FROM traces WHERE id = ?1")?
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
    let mut rows = connection.prepare_cached(
        "SELECT t.id, t.started_us, t.ended_us, t.outcome, t.order_id, t.spans FROM traces t
         WHERE t.started_us >= coalesce(?1, t.started_us) AND t.started_us < coalesce(?2, t.started_us + 1)
            AND (NOT ?3 OR t.outcome > 0) AND t.ended_us - t.started_us >= ?4
         ORDER BY t.started_us DESC LIMIT ?5",
    )?;
    let at_least = i64::try_from(filter.at_least_us.unwrap_or(0)).unwrap_or(i64::MAX);
    let rows = rows.query_map(
        (us(filter.from), us(filter.to), filter.failed, at_least, limit),
        |row| {
            let (id, started, ended): ([u8; 16], i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((
                TraceId(u128::from_be_bytes(id)),
                started,
                ended,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ))
        },
    )?;
    let mut summaries = Vec::new();
    for row in rows {
        let (trace, started_us, ended_us, outcome, order_id, count): (_, i64, i64, i64, _, _) = row?;
        let root = spans(connection, trace)?;
        let name = waterfall::root_name(&root);
        let duration_us = u64::try_from(ended_us - started_us).unwrap_or(0);
        summaries.push(TraceSummary {
            x_ray_trace_id: x_ray_trace_id(&trace.to_string()),
            trace_id: trace.to_string(),
            order_id,
            name,
            started_at: Timestamp::from_ms(started_us.div_euclid(1_000)),
            duration_us,
            outcome: of_severity(outcome),
            spans: count,
            keeping: keeping(trace, of_severity(outcome), &root),
        });
    }
    Ok(summaries)
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
        false => keeping(trace, outcome, spans),
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
fn keeping(trace: TraceId, outcome: SpanOutcome, spans: &[Span]) -> Keeping {
    let is_slow = spans.iter().any(|span| span.duration_us >= 1_000_000);
    match outcome {
        _ if trace.is_sampled() => Keeping::Sampled,
        SpanOutcome::Error | SpanOutcome::Fault | SpanOutcome::Throttle => Keeping::Failed,
        SpanOutcome::Ok if is_slow => Keeping::Slow,
        SpanOutcome::Ok => Keeping::Sampled,
    }
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
