//! An execution's spans, told from its history: each state, and within it each attempt at its task.

use std::collections::HashMap;

use domain::{OrderId, Timestamp};
use ports::trace::{Name, Service, SpanData, SpanDetail, SpanId, SpanKind, SpanOutcome, TraceId};
use serde_json::Value;

use super::spans::{EXECUTION, attempt_span, execution_span, order_of, workflow};
use crate::executions::Story;

/// The spans of the execution: its own first, then those of its states and attempts.
pub(super) fn spans(trace: TraceId, story: &Story) -> Vec<SpanData> {
    let mut teller = Teller {
        trace,
        service: workflow(&story.info.state_machine),
        order: order_of(&story.info.name),
        spans: Vec::new(),
        visits: HashMap::new(),
        states: HashMap::new(),
        of_event: HashMap::new(),
    };
    let execution = execution_span(trace, &story.info.name);
    let root = teller.begin(execution, None, EXECUTION, story.info.started_at);
    for event in &story.events {
        // An event that lacks what every event has can't be told.
        let _ = teller.tell(execution, event);
    }
    let last = story.events.last().and_then(time_of);
    let end = story.info.stopped_at.or(last).unwrap_or(story.info.started_at);
    let failed = !matches!(story.info.status.as_str(), "SUCCEEDED" | "RUNNING");
    teller.end(root, end, failed, story.info.error.clone());
    teller.spans
}

struct Teller {
    trace: TraceId,
    service: Service,
    order: Option<OrderId>,
    spans: Vec<SpanData>,
    /// How often each state was entered.
    visits: HashMap<String, u32>,
    /// The latest visit of each state.
    states: HashMap<String, Visit>,
    /// The state that each event belongs to.
    of_event: HashMap<u64, String>,
}

#[derive(Clone, Copy)]
struct Visit {
    number: u32,
    id: SpanId,
    at: usize,
    attempts: u32,
    /// The attempt that is under way.
    attempt: Option<usize>,
}

impl Teller {
    fn begin(&mut self, id: SpanId, parent: Option<SpanId>, name: &str, at: Timestamp) -> usize {
        let at_us = at.as_ms().saturating_mul(1_000);
        self.spans.push(SpanData {
            trace: self.trace,
            id,
            parent,
            service: self.service,
            caller: None,
            name: Name::of(name),
            kind: SpanKind::Internal,
            started_us: at_us,
            ended_us: at_us,
            outcome: SpanOutcome::Ok,
            order: self.order,
            detail: None,
        });
        self.spans.len() - 1
    }

    fn end(&mut self, span: usize, at: Timestamp, failed: bool, error: Option<String>) {
        if let Some(span) = self.spans.get_mut(span) {
            span.ended_us = at.as_ms().saturating_mul(1_000).max(span.started_us);
            span.outcome = if failed {
                SpanOutcome::Fault
            } else {
                SpanOutcome::Ok
            };
            span.detail = error.map(|error| {
                Box::new(SpanDetail {
                    error: Some(error),
                    attributes: Vec::new(),
                })
            });
        }
    }

    fn tell(&mut self, execution: SpanId, event: &Value) -> Option<()> {
        let (kind, at) = (event.get("type")?.as_str()?, time_of(event)?);
        let (id, previous) = (
            event.get("id")?.as_u64()?,
            event.get("previousEventId")?.as_u64()?,
        );
        let detail = |name: &str| {
            let members = event.as_object()?;
            let (_, details) = members.iter().find(|(key, _)| key.ends_with("EventDetails"))?;
            details.get(name)?.as_str().map(str::to_owned)
        };
        let entered = kind.ends_with("StateEntered").then(|| detail("name")).flatten();
        let state = entered
            .clone()
            .or_else(|| self.of_event.get(&previous).cloned())?;
        self.of_event.insert(id, state.clone());
        if entered.is_some() {
            self.enter(execution, &state, at);
        }
        let visit = self.states.get(&state).copied()?;
        if matches!(
            kind,
            "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled"
        ) {
            let number = visit.attempts + 1;
            let id = attempt_span(self.trace, &state, visit.number, number);
            let attempt = self.begin(id, Some(visit.id), &format!("{state} attempt {number}"), at);
            let now = Visit {
                attempts: number,
                attempt: Some(attempt),
                ..visit
            };
            self.states.insert(state, now);
        } else if let (Some(attempt), Some(failed)) = (visit.attempt, end_of_call(kind)) {
            self.end(attempt, at, failed, detail("error"));
            self.states.insert(
                state,
                Visit {
                    attempt: None,
                    ..visit
                },
            );
        } else if kind.ends_with("StateExited") {
            self.end(visit.at, at, false, None);
        }
        Some(())
    }

    fn enter(&mut self, execution: SpanId, state: &str, at: Timestamp) {
        let number = self.visits.entry(state.to_owned()).or_default();
        *number += 1;
        let number = *number;
        let id = SpanId::of(self.trace, "state", format!("{state}/{number}").as_bytes());
        let visit = Visit {
            number,
            id,
            at: self.begin(id, Some(execution), state, at),
            attempts: 0,
            attempt: None,
        };
        self.states.insert(state.to_owned(), visit);
    }
}

/// Whether a call ended with this event, and if so whether it failed.
fn end_of_call(kind: &str) -> Option<bool> {
    let of_call = ["Task", "LambdaFunction", "Activity"]
        .iter()
        .any(|start| kind.starts_with(start));
    match kind {
        _ if !of_call => None,
        _ if kind.ends_with("Succeeded") => Some(false),
        _ if kind.ends_with("Failed") || kind.ends_with("TimedOut") => Some(true),
        _ => None,
    }
}

fn time_of(event: &Value) -> Option<Timestamp> {
    event.get("timestamp")?.as_str()?.parse().ok()
}
