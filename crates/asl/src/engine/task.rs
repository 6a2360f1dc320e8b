//! The Task state: calling it, and what comes of the call.

use crate::Value;
use jiff::{SignedDuration, Timestamp};

use super::view::{Given, View};
use super::wait::whole_number;
use super::{Engine, stray_branch};
use crate::failure::Failure;
use crate::history::HistoryEventKind as Event;
use crate::model::{Kind, Number, State, Task};
use crate::snapshot::{Activity, BranchId, Heartbeat, OpenTask, region};
use crate::{Definition, Effect, Resource, Snapshot, TaskCall, TaskId};

/// The longest that a task may take, in seconds, as AWS bounds `TimeoutSeconds`.
const MAX_TIMEOUT_S: i64 = 99_999_999;

/// What a task is called with.
struct Request {
    input: Value,
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
            | Activity::Parallel(_)
            | Activity::Map(_) => None,
        });
    open.filter_map(call).collect()
}

fn call(state: &State, task: &Task, open: &OpenTask, attempt: u32, request: Request) -> TaskCall {
    TaskCall {
        task: open.id,
        state: state.name.clone(),
        visit: open.visit,
        attempt,
        resource: task.resource.clone(),
        input: request.input,
        credentials: request.credentials,
        token: request.token,
        timeout_at: open.timeout_at,
        heartbeat_s: request.heartbeat_s,
    }
}

fn attempt(retries: &[u32]) -> u32 {
    retries
        .iter()
        .fold(1, |attempts: u32, used| attempts.saturating_add(*used))
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
        self.snapshot.last_task = self.snapshot.last_task.saturating_add(1);
        let open = OpenTask {
            id: TaskId(self.snapshot.last_task),
            visit: self.snapshot.visits.get(task.slot as usize).copied().unwrap_or(1),
            seed,
            accepted: false,
            timeout_at: request.timeout_s.and_then(|timeout_s| self.in_seconds(timeout_s)),
            heartbeat: request.heartbeat_s.and_then(|every_s| {
                Some(Heartbeat {
                    every_s,
                    due_at: self.in_seconds(every_s)?,
                })
            }),
        };
        self.record_scheduled(id, task, &request);
        self.emit(Effect::Call(call(state, task, &open, attempt, request)));
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
        match &*task.resource {
            Resource::Lambda(arn) => {
                self.record_with(id, || Event::LambdaFunctionScheduled {
                    resource: arn.clone(),
                    input,
                    timeout_s,
                });
                self.record(id, Event::LambdaFunctionStarted);
            }
            // An activity's task has started when a worker takes it, which shows later.
            Resource::Activity(arn) => {
                self.record_with(id, || Event::ActivityScheduled {
                    resource: arn.clone(),
                    input,
                    timeout_s,
                    heartbeat_s,
                });
            }
            Resource::Service { .. } => {
                let arn = self.snapshot.execution.arn.clone();
                self.record_with(id, || Event::TaskScheduled {
                    task: task.details.clone(),
                    region: region(&arn).to_owned(),
                    parameters: input,
                    timeout_s,
                    heartbeat_s,
                });
                self.record(id, Event::TaskStarted(task.details.clone()));
            }
        }
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
