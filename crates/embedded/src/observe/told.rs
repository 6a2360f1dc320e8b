//! Kept spans for whoever has no access to the journal, such as an OpenTelemetry collector: those of the states and attempts
//! come with them as soon as their execution has ended.

use std::sync::Arc;

use ports::trace::{ServiceKind, SpanData, SpanSink};

use super::spans::EXECUTION;
use super::{Observer, states};
use crate::error::Chain;
use crate::executions::read_story;

/// A sink that is told the states too.
struct WithStates {
    observer: Observer,
    next: Arc<dyn SpanSink>,
}

impl Observer {
    /// Hands spans on to `next`; for each execution that has ended, also those of its states and attempts. They are read
    /// from the journal, so only for traces that are kept, and on the thread that empties the tracer.
    #[must_use]
    pub fn with_states(&self, next: Arc<dyn SpanSink>) -> Arc<dyn SpanSink> {
        Arc::new(WithStates {
            observer: self.clone(),
            next,
        })
    }

    fn states_of(&self, ended: &SpanData) -> Vec<SpanData> {
        let Some(order) = ended.order else {
            return Vec::new();
        };
        let (engine, execution) = (&self.engine, order.to_string());
        let story = engine
            .readers()
            .read(|connection| read_story(engine, connection, &execution));
        match story {
            // The first is the execution's own, which came by itself.
            Ok(story) => story
                .iter()
                .flat_map(|story| states::spans(ended.trace, story).into_iter().skip(1))
                .collect(),
            Err(error) => {
                tracing::warn!(event_type = "states_not_told", orderId = %order, error = %Chain(&error));
                Vec::new()
            }
        }
    }
}

impl SpanSink for WithStates {
    fn accept(&self, spans: &[SpanData]) {
        let has_ended = |span: &&SpanData| {
            span.service.kind == ServiceKind::StateMachine && span.name.as_str() == EXECUTION
        };
        let states: Vec<SpanData> = spans
            .iter()
            .filter(has_ended)
            .flat_map(|span| self.observer.states_of(span))
            .collect();
        self.next.accept(spans);
        if !states.is_empty() {
            self.next.accept(&states);
        }
    }
}
