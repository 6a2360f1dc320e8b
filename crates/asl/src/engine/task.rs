//! The Task state: calling it, and what comes of the call.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::view::{Given, View};
use super::wait::whole_number;
use super::{Engine, stray_branch};
use crate::failure::{ErrorKind, Failure};
use crate::history::{HistoryEventKind as Event, Payload};
use crate::limits::payload_bytes;
use crate::model::{Kind, Number, State, Task};
use crate::snapshot::{Activity, BranchId, Heartbeat, OpenTask};
use crate::{Definition, Effect, Resource, Snapshot, TaskCall, TaskId};

/// The longest that a task may take, in seconds, as AWS bounds `TimeoutSeconds`.
const MAX_TIMEOUT_S: i64 = 99_999_999;

/// What a task is called with.
struct Request {
    input: Payload,
    credentials: Option<Value>,
    timeout_s: Option<u64>,
    heartbeat_s: Option<u64>,
    token: Option<String>,
}

/// The attempts whose outcome is awaited, as they were first issued.
pub(crate) fn open_calls(definition: &Definition, snapshot: &Snapshot) -> Vec<TaskCall> {
    let machine = definition.machine();
    let call = |(id, open): (BranchId, &OpenTask)| {
        let view = View::new(machine, snapshot, id, open.seed, |state| state.context).ok()?;
        let Kind::Task(task) = &view.state.kind else {
            return None;
        };
        let request = view.request(task).ok()?;
        Some(call(
            view.state,
            task,
            open,
            attempt(&view.branch.retries),
            request,
        ))
    };
    let open = snapshot
        .branches
        .iter()
        .filter_map(|branch| match &branch.activity {
            Activity::Task(open) => Some((branch.id, open)),
            Activity::Enter
            | Activity::Retry
            | Activity::Wait { .. }
            | Activity::BackOff { .. }
            | Activity::Parallel { .. }
            | Activity::Map(_) => None,
        });
    open.filter_map(call).collect()
}

fn call(state: &State, task: &Task, open: &OpenTask, attempt: u32, request: Request) -> TaskCall {
    TaskCall {
        task: open.id,
        state: state.name.to_string(),
        visit: open.visit,
        attempt,
        resource: task.resource.clone(),
        input: Arc::unwrap_or_clone(request.input),
        credentials: request.credentials,
        token: request.token,
        timeout_at: open.timeout_at,
        heartbeat_s: request.heartbeat_s,
    }
}

fn attempt(retries: &[u32]) -> u32 {
    retries.iter().sum::<u32>().saturating_add(1)
}

impl Engine<'_> {
    /// Counts one more visit of a Task state.
    pub(super) fn count_visit(&mut self, state: &State) {
        let Kind::Task(task) = &state.kind else { return };
        let slot = task.slot as usize;
        let visits = &mut self.snapshot.visits;
        if visits.len() <= slot {
            visits.resize(slot + 1, 0);
        }
        if let Some(visits) = visits.get_mut(slot) {
            *visits = visits.saturating_add(1);
        }
    }

    pub(super) fn call_task(&mut self, id: BranchId, task: &Task) -> Result<(), Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        let seed = self.chance.draw();
        let view = View::new(self.machine, &self.snapshot, id, seed, |state| state.context)?;
        let request = view.request(task)?;
        let attempt = attempt(&view.branch.retries);
        if self.admit(&request.input).is_none() {
            return Err(Failure::too_large(&state.name).fatal());
        }
        self.snapshot.last_task += 1;
        let open = OpenTask {
            id: TaskId(self.snapshot.last_task),
            visit: self.snapshot.visits.get(task.slot as usize).copied().unwrap_or(1),
            seed,
            submitted: false,
            timeout_at: request.timeout_s.and_then(|timeout_s| self.in_seconds(timeout_s)),
            heartbeat: request.heartbeat_s.and_then(|every_s| {
                Some(Heartbeat {
                    every_s,
                    due_at: self.in_seconds(every_s)?,
                })
            }),
        };
        self.record_scheduled(id, task, &request);
        self.effects
            .push(Effect::Call(call(state, task, &open, attempt, request)));
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.activity = Activity::Task(open);
        }
        Ok(())
    }

    fn in_seconds(&self, seconds: u64) -> Option<Timestamp> {
        self.at
            .checked_add(SignedDuration::from_secs(i64::try_from(seconds).ok()?))
            .ok()
    }

    fn record_scheduled(&mut self, id: BranchId, task: &Task, request: &Request) {
        let &Request {
            timeout_s,
            heartbeat_s,
            ..
        } = request;
        let input = request.input.clone();
        let (scheduled, started) = match &task.resource {
            Resource::Lambda(arn) => (
                Event::LambdaFunctionScheduled {
                    resource: arn.clone(),
                    input,
                    timeout_s,
                },
                Event::LambdaFunctionStarted,
            ),
            Resource::Activity(arn) => (
                Event::ActivityScheduled {
                    resource: arn.clone(),
                    input,
                    timeout_s,
                    heartbeat_s,
                },
                Event::ActivityStarted,
            ),
            Resource::Service { .. } => (
                Event::TaskScheduled {
                    task: task.details.clone(),
                    parameters: input,
                    timeout_s,
                    heartbeat_s,
                },
                Event::TaskStarted(task.details.clone()),
            ),
        };
        self.record(id, scheduled);
        self.record(id, started);
    }

    pub(super) fn task_succeeded(&mut self, task: TaskId, output: Value) {
        let Some((id, state, called)) = self.open_task(task) else {
            return;
        };
        if payload_bytes(&output).is_none() {
            let source = match &called.resource {
                Resource::Lambda(arn) | Resource::Activity(arn) => arn.clone(),
                Resource::Service { .. } => called.details.resource_type.clone(),
            };
            return self.task_failed(task, Failure::too_large(&source));
        }
        self.record_submitted(id, called, &Arc::new(Value::Null));
        let output = Arc::new(output);
        let succeeded = match called.resource {
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
        };
        self.record(id, succeeded);
        debug_assert!(matches!(state.kind, Kind::Task(_)));
        if let Err(failure) = self.complete_state(id, output) {
            self.fail_state(id, failure);
        }
    }

    pub(super) fn task_failed(&mut self, task: TaskId, failure: Failure) {
        let Some((id, ..)) = self.open_task(task) else {
            return;
        };
        let failure = self.task_ended(id, failure);
        self.fail_state(id, failure);
    }

    /// Tells the history that an attempt failed, before its state does.
    pub(super) fn task_ended(&mut self, id: BranchId, failure: Failure) -> Failure {
        let Some(Kind::Task(task)) = self.state(id).map(|state| &state.kind) else {
            return stray_branch();
        };
        let details = failure.details();
        let timed_out = matches!(failure.kind, ErrorKind::Timeout | ErrorKind::HeartbeatTimeout);
        let named = task.details.clone();
        let event = match (&task.resource, timed_out) {
            (Resource::Lambda(_), true) => Event::LambdaFunctionTimedOut(details),
            (Resource::Lambda(_), false) => Event::LambdaFunctionFailed(details),
            (Resource::Activity(_), true) => Event::ActivityTimedOut(details),
            (Resource::Activity(_), false) => Event::ActivityFailed(details),
            (Resource::Service { .. }, true) => Event::TaskTimedOut { task: named, details },
            (Resource::Service { .. }, false) => Event::TaskFailed { task: named, details },
        };
        self.record(id, event);
        if timed_out {
            self.cancel(id);
        }
        failure
    }

    pub(super) fn task_submitted(&mut self, task: TaskId, output: Value) {
        let Some((id, _, called)) = self.open_task(task) else {
            return;
        };
        if payload_bytes(&output).is_some() {
            self.record_submitted(id, called, &Arc::new(output));
        } else {
            self.task_failed(task, Failure::too_large(&called.details.resource_type));
        }
    }

    /// Tells the history once that a request was accepted whose result comes later.
    fn record_submitted(&mut self, id: BranchId, task: &Task, output: &Payload) {
        if !task.resource.is_submitted_first() {
            return;
        }
        let Some(branch) = self.snapshot.branch_mut(id) else {
            return;
        };
        let Activity::Task(open) = &mut branch.activity else {
            return;
        };
        if !std::mem::replace(&mut open.submitted, true) {
            self.record(
                id,
                Event::TaskSubmitted {
                    task: task.details.clone(),
                    output: output.clone(),
                },
            );
        }
    }

    pub(super) fn heartbeat(&mut self, task: TaskId) {
        let Some((id, ..)) = self.open_task(task) else {
            return;
        };
        let at = self.at;
        let Some(branch) = self.snapshot.branch_mut(id) else {
            return;
        };
        if let Activity::Task(OpenTask {
            heartbeat: Some(heartbeat),
            ..
        }) = &mut branch.activity
        {
            let every = SignedDuration::from_secs(i64::try_from(heartbeat.every_s).unwrap_or(MAX_TIMEOUT_S));
            heartbeat.due_at = at.checked_add(every).unwrap_or(heartbeat.due_at);
        }
    }

    /// Says that nobody waits for the branch's task any more.
    pub(super) fn cancel(&mut self, id: BranchId) {
        if let Some(Activity::Task(open)) = self.snapshot.branch(id).map(|branch| &branch.activity) {
            self.effects.push(Effect::Cancel(open.id));
        }
    }
}

impl<'d> Engine<'d> {
    /// The branch that waits for a task, with its state; `None` when the task is over or never was.
    fn open_task(&self, task: TaskId) -> Option<(BranchId, &'d State, &'d Task)> {
        let waits = |activity: &Activity| matches!(activity, Activity::Task(open) if open.id == task);
        let id = self
            .snapshot
            .branches
            .iter()
            .find(|branch| waits(&branch.activity))?
            .id;
        let state = self.state(id)?;
        let Kind::Task(called) = &state.kind else {
            return None;
        };
        Some((id, state, called))
    }
}

impl View<'_> {
    fn request(&self, task: &Task) -> Result<Request, Failure> {
        let input = self.effective_input()?;
        // Timeouts and credentials are read from the state's input, not from what Parameters made of it.
        let raw = self.selected_input()?;
        let credentials = task
            .credentials
            .as_ref()
            .map(|data| self.data(data, Given::input(&raw)))
            .transpose()?;
        Ok(Request {
            input,
            credentials,
            timeout_s: self.timer(task.timeout.as_ref(), &raw)?,
            heartbeat_s: self.timer(task.heartbeat.as_ref(), &raw)?,
            token: self.token.clone(),
        })
    }

    /// A positive number of seconds, as `TimeoutSeconds` and `HeartbeatSeconds` take it.
    fn timer(&self, number: Option<&Number>, input: &Value) -> Result<Option<u64>, Failure> {
        let Some(number) = number else { return Ok(None) };
        let value = self.number(number, input)?;
        let valid = whole_number(&value).filter(|seconds| (1..=MAX_TIMEOUT_S).contains(seconds));
        match (valid.and_then(|seconds| u64::try_from(seconds).ok()), number) {
            (Some(seconds), _) => Ok(Some(seconds)),
            (None, Number::Path { field, text, .. }) => Err(self.runtime(format!(
                "The {field} parameter does not reference a valid value: {text} == {value}"
            ))),
            (None, Number::Jsonata { field, expression }) => {
                Err(self.unexpected_type(field, expression, "positive integer", &value))
            }
            (None, Number::Literal(_)) => Err(self.runtime(format!("{value} is no valid number of seconds"))),
        }
    }
}
