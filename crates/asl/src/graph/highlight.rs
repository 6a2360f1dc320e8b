//! What of a definition an execution took, as a picture shows it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::decided;
use crate::history::{HistoryEvent, HistoryEventKind, StateType};

/// What of a definition an execution took. States go by their names, which are unique in the whole definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlight {
    /// The states that were entered.
    pub visited: HashSet<String>,
    /// The states that failed, whether the failure was caught or not.
    pub failed: HashSet<String>,
    /// The states that the execution is in now.
    pub current: HashSet<String>,
    /// The transitions that were taken, each from one state to another.
    pub taken: HashSet<(String, String)>,
    /// The rules of Choice states that led on, each by its number; see [`decide`](Self::decide).
    pub rules: HashMap<String, HashSet<usize>>,
}

impl Highlight {
    /// No highlighting at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// What a history tells, from its first event on.
    #[must_use]
    pub fn of(history: &[HistoryEvent]) -> Self {
        let mut reader = Reader::default();
        for event in history {
            reader.read(event);
        }
        let Reader {
            mut highlight,
            open,
            ended,
            ..
        } = reader;
        if !ended {
            highlight.current = open
                .into_iter()
                .filter(|(_, times)| *times > 0)
                .map(|(name, _)| name)
                .collect();
        }
        highlight
    }

    /// Adds a state that was entered from another one, or at the start.
    pub fn enter(&mut self, from: Option<&str>, state: &str) {
        self.visited.insert(state.to_owned());
        if let Some(from) = from {
            self.taken.insert((from.to_owned(), state.to_owned()));
        }
    }

    /// Finds out which rule of a Choice state led from it to `next`, where several do. `definition` is what the picture
    /// shows, `input` what the state was entered with. What can't be told leaves all of them marked.
    pub fn decide(&mut self, definition: &Value, state: &str, input: Value, next: &str) {
        if let Some(rule) = decided::rule(definition, state, input, next) {
            self.rules.entry(state.to_owned()).or_default().insert(rule);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.visited.is_empty() && self.failed.is_empty() && self.current.is_empty() && self.taken.is_empty()
    }
}

/// Goes through a history and remembers where each event happened.
#[derive(Default)]
struct Reader {
    highlight: Highlight,
    /// The state that each event belongs to, and whether the event is a failure.
    places: HashMap<u64, (String, bool)>,
    types: HashMap<String, StateType>,
    /// The Parallel or Map state around a state.
    around: HashMap<String, String>,
    /// How often each state was entered and not left.
    open: HashMap<String, i64>,
    ended: bool,
}

impl Reader {
    fn read(&mut self, event: &HistoryEvent) {
        use HistoryEventKind as K;
        let before = self.places.get(&event.previous_event_id).cloned();
        let (place, is_failure) = match &event.kind {
            K::StateEntered { state, name, .. } => {
                self.enter(before.map(|(name, _)| name), *state, name);
                (Some(name.to_string()), *state == StateType::Fail)
            }
            K::StateExited { name, .. } => {
                if !before.is_some_and(|(_, failed)| failed) {
                    self.highlight.failed.remove(&**name);
                }
                *self.open.entry(name.to_string()).or_default() -= 1;
                (Some(name.to_string()), false)
            }
            K::EvaluationFailed { state, .. } => (Some(state.to_string()), true),
            K::TaskFailed { .. }
            | K::TaskTimedOut { .. }
            | K::LambdaFunctionFailed(_)
            | K::LambdaFunctionTimedOut(_)
            | K::ActivityFailed(_)
            | K::ActivityTimedOut(_) => (before.map(|(name, _)| name), true),
            K::ParallelStateFailed => (self.container(before, StateType::Parallel), true),
            K::MapStateFailed | K::MapRunFailed(_) => (self.container(before, StateType::Map), true),
            K::ParallelStateSucceeded => (self.container(before, StateType::Parallel), false),
            K::MapStateSucceeded | K::MapRunSucceeded => (self.container(before, StateType::Map), false),
            K::ExecutionSucceeded { .. }
            | K::ExecutionFailed(_)
            | K::ExecutionTimedOut(_)
            | K::ExecutionAborted(_) => {
                self.ended = true;
                (None, false)
            }
            _ => (before.map(|(name, _)| name), false),
        };
        if let Some(place) = place {
            if is_failure {
                self.leave_inside(&place);
                self.highlight.failed.insert(place.clone());
            }
            self.places.insert(event.id, (place, is_failure));
        }
    }

    fn enter(&mut self, from: Option<String>, state: StateType, name: &str) {
        let is_inner = from.as_ref().is_some_and(|from| {
            self.open.get(from).is_some_and(|times| *times > 0)
                && matches!(self.types.get(from), Some(StateType::Parallel | StateType::Map))
        });
        match from {
            // A branch begins: no line leads there.
            Some(around) if is_inner => {
                self.around.insert(name.to_owned(), around);
                self.highlight.enter(None, name);
            }
            Some(from) => {
                if let Some(around) = self.around.get(&from).cloned() {
                    self.around.insert(name.to_owned(), around);
                }
                self.highlight.enter(Some(&from), name);
            }
            None => self.highlight.enter(None, name),
        }
        self.types.insert(name.to_owned(), state);
        *self.open.entry(name.to_owned()).or_default() += 1;
    }

    /// What was going on inside a state that failed has ended with it.
    fn leave_inside(&mut self, outer: &str) {
        let inner: Vec<String> = self
            .around
            .iter()
            .filter(|(_, around)| *around == outer)
            .map(|(name, _)| name.clone())
            .collect();
        for name in inner {
            if self.open.insert(name.clone(), 0).is_some_and(|times| times > 0) {
                self.leave_inside(&name);
            }
        }
    }

    /// The state of that type which the end of a branch or an iteration belongs to.
    fn container(&self, before: Option<(String, bool)>, wanted: StateType) -> Option<String> {
        let (mut place, _) = before?;
        // A state that has been left is inside the one that is meant.
        while self.types.get(&place) != Some(&wanted) || self.open.get(&place).is_none_or(|times| *times < 1)
        {
            place = self.around.get(&place)?.clone();
        }
        Some(place)
    }
}
