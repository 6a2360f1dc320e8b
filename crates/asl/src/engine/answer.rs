//! What comes of a task's call: its result, its failure, and signs of life before either.

use crate::Value;
use jiff::SignedDuration;

use super::{Engine, stray_branch};
use crate::failure::{ErrorKind, Failure};
use crate::history::HistoryEventKind as Event;
use crate::limits;
use crate::model::{Kind, Task};
use crate::snapshot::{Activity, BranchId, OpenTask};
use crate::{Effect, Resource, TaskId};

impl<'d> Engine<'d> {
    pub(super) fn task_succeeded(&mut self, task: TaskId, output: Value) {
        let Some((id, called)) = self.open_task(task) else {
            return;
        };
        if limits::measure(&output).is_none() {
            let source = match &*called.resource {
                Resource::Lambda(arn) | Resource::Activity(arn) => arn,
                Resource::Service { .. } => &called.details.resource_type,
            };
            return self.task_failed(task, Failure::too_large(source));
        }
        self.record_accepted(id, called, || Value::Null);
        self.record_with(id, || match *called.resource {
            Resource::Lambda(_) => Event::LambdaFunctionSucceeded {
                output: output.clone(),
            },
            Resource::Activity(_) => Event::ActivitySucceeded {
                output: output.clone(),
            },
            Resource::Service { .. } => Event::TaskSucceeded {
                task: called.details.clone(),
                output: output.clone(),
            },
        });
        if let Err(failure) = self.complete_state(id, output) {
            self.fail_state(id, failure);
        }
    }

    pub(super) fn task_failed(&mut self, task: TaskId, failure: Failure) {
        let Some((id, called)) = self.open_task(task) else {
            return;
        };
        // A service that fails may never have accepted the request; an activity's worker has the task that it fails.
        if matches!(*called.resource, Resource::Activity(_)) {
            self.record_accepted(id, called, || Value::Null);
        }
        let failure = self.task_ended(id, failure);
        self.fail_state(id, failure);
    }

    /// A task's timer ran out before its answer came.
    pub(super) fn task_timed_out(&mut self, id: BranchId, failure: Failure) -> Failure {
        self.cancel(id);
        self.task_ended(id, failure)
    }

    /// Tells the history that an attempt failed, before its state does.
    fn task_ended(&mut self, id: BranchId, failure: Failure) -> Failure {
        let Some(Kind::Task(task)) = self.state(id).map(|state| &state.kind) else {
            return stray_branch();
        };
        let details = failure.details();
        let timed_out = matches!(failure.kind, ErrorKind::Timeout | ErrorKind::HeartbeatTimeout);
        let named = task.details.clone();
        let event = match (&*task.resource, timed_out) {
            (Resource::Lambda(_), true) => Event::LambdaFunctionTimedOut(details),
            (Resource::Lambda(_), false) => Event::LambdaFunctionFailed(details),
            (Resource::Activity(_), true) => Event::ActivityTimedOut(details),
            (Resource::Activity(_), false) => Event::ActivityFailed(details),
            (Resource::Service { .. }, true) => Event::TaskTimedOut { task: named, details },
            (Resource::Service { .. }, false) => Event::TaskFailed { task: named, details },
        };
        self.record(id, event);
        failure
    }

    pub(super) fn task_submitted(&mut self, task: TaskId, output: Value) {
        let Some((id, called)) = self.open_task(task) else {
            return;
        };
        if limits::measure(&output).is_some() {
            self.record_accepted(id, called, || output);
        } else {
            self.task_failed(task, Failure::too_large(&called.details.resource_type));
        }
    }

    /// Tells the history once that the request was accepted, of tasks whose result comes later.
    fn record_accepted(&mut self, id: BranchId, task: &Task, output: impl FnOnce() -> Value) {
        if !task.resource.is_accepted_first() {
            return;
        }
        let Some(Activity::Task(open)) = self.snapshot.branch_mut(id).map(|branch| &mut branch.activity)
        else {
            return;
        };
        if std::mem::replace(&mut open.accepted, true) {
            return;
        }
        let event = match *task.resource {
            Resource::Activity(_) => Event::ActivityStarted,
            Resource::Lambda(_) | Resource::Service { .. } => Event::TaskSubmitted {
                task: task.details.clone(),
                output: output(),
            },
        };
        self.record(id, event);
    }

    pub(super) fn heartbeat(&mut self, task: TaskId) {
        let Some((id, called)) = self.open_task(task) else {
            return;
        };
        if matches!(*called.resource, Resource::Activity(_)) {
            self.record_accepted(id, called, || Value::Null);
        }
        let at = self.at;
        let Some(Activity::Task(open)) = self.snapshot.branch_mut(id).map(|branch| &mut branch.activity)
        else {
            return;
        };
        if let OpenTask {
            heartbeat: Some(heartbeat),
            ..
        } = open
        {
            let every = i64::try_from(heartbeat.every_s)
                .ok()
                .map(SignedDuration::from_secs);
            let due_at = every.and_then(|every| at.checked_add(every).ok());
            heartbeat.due_at = due_at.unwrap_or(heartbeat.due_at);
        }
    }

    /// Says that nobody waits for the branch's task any more.
    fn cancel(&mut self, id: BranchId) {
        if let Some(Activity::Task(open)) = self.snapshot.branch(id).map(|branch| &branch.activity) {
            self.emit(Effect::Cancel(open.id));
        }
    }

    /// The branch that waits for a task; `None` when the task is over or never was.
    fn open_task(&self, task: TaskId) -> Option<(BranchId, &'d Task)> {
        let waits = |activity: &Activity| matches!(activity, Activity::Task(open) if open.id == task);
        let id = self
            .snapshot
            .branches
            .iter()
            .find(|branch| waits(&branch.activity))?
            .id;
        let Kind::Task(called) = &self.state(id)?.kind else {
            return None;
        };
        Some((id, called))
    }
}
