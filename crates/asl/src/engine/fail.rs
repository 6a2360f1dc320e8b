//! What a failed state does: try again, go where its error is caught, or fail the branch that it is in.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::flow::Exit;
use super::view::{Given, View};
use crate::failure::Failure;
use crate::history::HistoryEventKind as Event;
use crate::model::retry::{CatchFlow, Catcher, Retrier};
use crate::model::{Kind, State};
use crate::snapshot::{Activity, BranchId};
use crate::{Effect, TaskId, Value};

impl Engine<'_> {
    /// A state failed by itself, not by something inside it.
    pub(super) fn fail_state(&mut self, id: BranchId, mut failure: Failure) {
        let Some(state) = self.state(id) else {
            return self.finish_failed(&failure);
        };
        if let Some(location) = failure.location.take() {
            let kind = Event::EvaluationFailed {
                details: failure.details(),
                location,
                state: state.name.clone(),
            };
            self.record(id, kind);
        }
        if failure.is_catchable() {
            self.fail_container(id, state, failure);
        } else {
            self.close_inner(id);
            self.branch_failed(id, failure);
        }
    }

    /// A state failed, perhaps by what happened inside it: retry it, catch the error, or pass it on.
    pub(super) fn fail_container(&mut self, id: BranchId, state: &State, failure: Failure) {
        self.close_inner(id);
        if self.retry(id, state, &failure) {
            return;
        }
        match &state.kind {
            Kind::Parallel { .. } => {
                self.record(id, Event::ParallelStateFailed);
            }
            Kind::Map(_) => {
                self.record(id, Event::MapStateFailed);
            }
            Kind::Pass { .. }
            | Kind::Task(_)
            | Kind::Choice { .. }
            | Kind::Wait(_)
            | Kind::Succeed
            | Kind::Fail { .. } => {}
        }
        match state
            .catchers
            .iter()
            .find(|catcher| catcher.errors.matches(&failure))
        {
            Some(catcher) => {
                if let Err(failure) = self.catch(id, catcher, &failure) {
                    self.branch_failed(id, failure);
                }
            }
            None => self.branch_failed(id, failure),
        }
    }

    /// Puts the branch into back-off when a retrier takes the failure and has attempts left.
    fn retry(&mut self, id: BranchId, state: &State, failure: &Failure) -> bool {
        let matching = state
            .retriers
            .iter()
            .enumerate()
            .find(|(_, retrier)| retrier.errors.matches(failure));
        let Some((index, retrier)) = matching else {
            return false;
        };
        let (at, chance) = (self.at, self.chance.draw_fraction());
        let Some(branch) = self.snapshot.branch_mut(id) else {
            return false;
        };
        if branch.retries.len() <= index {
            branch.retries.resize(index + 1, 0);
        }
        let Some(used) = branch
            .retries
            .get_mut(index)
            .filter(|used| **used < retrier.max_attempts)
        else {
            return false;
        };
        let until = resume_at(retrier, *used, chance, at);
        *used += 1;
        branch.activity = Activity::BackOff { until };
        if until <= at {
            branch.activity = Activity::Retry;
            self.ready.push_back(id);
        }
        true
    }

    fn catch(&mut self, id: BranchId, catcher: &Catcher, failure: &Failure) -> Result<(), Failure> {
        let error = failure.output();
        let exit = self.view(id)?.caught(catcher, &error)?;
        self.exit(id, exit)
    }

    /// A branch ended with an error that nothing in it caught.
    pub(super) fn branch_failed(&mut self, id: BranchId, failure: Failure) {
        let parent = self.snapshot.branch(id).and_then(|branch| branch.parent);
        match parent {
            None => self.finish_failed(&failure),
            Some(parent) => match self.state(parent.branch).map(|state| &state.kind) {
                Some(Kind::Map(_)) => self.iteration_failed(id, parent, failure),
                Some(_) => self.parallel_branch_failed(id, parent, failure),
                None => self.finish_failed(&failure),
            },
        }
    }

    /// A branch came to its end.
    pub(super) fn branch_succeeded(&mut self, id: BranchId, output: Value) {
        let parent = self.snapshot.branch(id).and_then(|branch| branch.parent);
        match parent {
            None => self.finish_succeeded(output),
            Some(parent) => match self.state(parent.branch).map(|state| &state.kind) {
                Some(Kind::Map(_)) => self.iteration_succeeded(id, parent, output),
                Some(_) | None => self.parallel_branch_succeeded(id, parent, output),
            },
        }
    }

    /// Takes a branch away that has ended; its parent's history goes on from there.
    pub(super) fn remove(&mut self, id: BranchId) {
        let Ok(at) = self
            .snapshot
            .branches
            .binary_search_by_key(&id, |branch| branch.id)
        else {
            return;
        };
        let branch = self.snapshot.branches.remove(at);
        if let Some(parent) = branch
            .parent
            .and_then(|parent| self.snapshot.branch_mut(parent.branch))
        {
            parent.last_event = parent.last_event.max(branch.last_event);
        }
    }

    /// Ends everything that runs inside a branch's state.
    pub(super) fn close_inner(&mut self, id: BranchId) {
        // A branch's id is higher than its parent's, so one pass finds the inner ones of inner ones too.
        let mut closed = vec![id];
        let mut cancelled: Vec<TaskId> = Vec::new();
        for branch in &self.snapshot.branches {
            if branch
                .parent
                .is_some_and(|parent| closed.contains(&parent.branch))
            {
                closed.push(branch.id);
                if let Activity::Task(open) = &branch.activity {
                    cancelled.push(open.id);
                }
            }
        }
        if closed.len() == 1 {
            return;
        }
        self.record_aborted_iterations(id);
        self.snapshot
            .branches
            .retain(|branch| branch.id == id || closed.binary_search(&branch.id).is_err());
        self.effects.extend(cancelled.into_iter().map(Effect::Cancel));
    }
}

/// When a retrier tries again. A clock at the end of time tries at once.
fn resume_at(retrier: &Retrier, used: u32, chance: f64, at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(retrier.delay_ms(used, chance)))
        .unwrap_or(at)
}

impl View<'_> {
    /// What leaving by a catcher makes.
    fn caught(&self, catcher: &Catcher, error: &Value) -> Result<Exit, Failure> {
        let next = Some(catcher.next);
        match &catcher.flow {
            CatchFlow::JsonPath { result, assign } => {
                let assigned = assign
                    .as_ref()
                    .map(|template| self.template(template, error))
                    .transpose()?;
                Ok(Exit {
                    output: self.placed(result, error.clone())?,
                    assigned,
                    next,
                })
            }
            CatchFlow::Jsonata { output, assign } => {
                let given = Given {
                    error_output: Some(error),
                    ..Given::input(&self.branch.input)
                };
                let evaluate = |field: &str, template| self.jsonata_template(field, template, given);
                let assigned = assign
                    .as_ref()
                    .map(|template| evaluate("Assign", template))
                    .transpose()?;
                let output = output
                    .as_ref()
                    .map(|template| evaluate("Output", template))
                    .transpose()?;
                Ok(Exit {
                    output: output.unwrap_or_else(|| error.clone()),
                    assigned,
                    next,
                })
            }
        }
    }
}
