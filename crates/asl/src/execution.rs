//! What goes into an execution and what comes out of it: the start, the events, and for each a [`Step`].

use std::fmt;
use std::sync::Arc;

use crate::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{HistoryEvent, Resource, Snapshot};

/// What starts an execution.
#[derive(Debug, Clone)]
pub struct Start {
    /// The execution's ARN, `$$.Execution.Id`.
    pub execution_arn: Arc<str>,
    /// The execution's name, at most 80 characters, unique for its machine.
    pub execution_name: Arc<str>,
    /// The state machine's ARN, `$$.StateMachine.Id`.
    pub machine_arn: Arc<str>,
    /// The state machine's name, `$$.StateMachine.Name`.
    pub machine_name: Arc<str>,
    /// The role that the execution runs under, `$$.Execution.RoleArn`.
    pub role_arn: Arc<str>,
    /// The execution's input.
    pub input: Value,
    /// The time now.
    pub at: Timestamp,
    /// Chance: must be unguessable when task tokens are in use, since they are made from it.
    pub seed: u64,
}

/// Something that happened to an execution.
#[derive(Debug, Clone)]
pub struct Event {
    /// The time now. Must not run backwards from one event of an execution to the next.
    pub at: Timestamp,
    /// Chance: feeds `States.MathRandom`, `States.UUID`, retry jitter and task tokens.
    pub seed: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to an execution.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A task attempt has its answer.
    TaskSucceeded {
        /// The attempt, from [`TaskCall::task`].
        task: TaskId,
        /// What the task answered, at most 256 KiB as JSON text.
        output: Value,
    },
    /// A task attempt failed.
    TaskFailed {
        /// The attempt, from [`TaskCall::task`].
        task: TaskId,
        /// The error's name, such as `Lambda.TooManyRequestsException`; empty when the worker gave none.
        error: String,
        /// The error's cause in words; may be empty.
        cause: String,
    },
    /// A `.sync` or `.waitForTaskToken` request was accepted and now runs, or a worker took an activity's task; the
    /// result comes later. A caller that doesn't know may leave this event out.
    TaskSubmitted {
        /// The attempt, from [`TaskCall::task`].
        task: TaskId,
        /// What the service answered to the request.
        output: Value,
    },
    /// The worker of a task attempt is alive: the heartbeat's timer starts anew.
    Heartbeat {
        /// The attempt, from [`TaskCall::task`].
        task: TaskId,
    },
    /// Time has passed: every timer due at [`Event::at`] fires (Wait, retry back-off, TimeoutSeconds,
    /// HeartbeatSeconds, the machine's own timeout), and work that an earlier step left over goes on.
    Woken,
    /// Somebody stops the execution.
    Aborted {
        /// The error's name; may be empty.
        error: String,
        /// The cause in words; may be empty.
        cause: String,
    },
}

/// Names one attempt of one task within its execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a start or an event led to.
#[derive(Debug, Clone)]
pub struct Step {
    /// The execution as it is now; store it before acting on the effects.
    pub snapshot: Snapshot,
    /// What to append to the execution's history.
    pub history: Vec<HistoryEvent>,
    /// What the caller must now do, in order.
    pub effects: Vec<Effect>,
}

/// Something that the caller must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call a task and report its outcome as an event.
    Call(TaskCall),
    /// Nobody waits for this task any more; its outcome will be ignored.
    Cancel(TaskId),
    /// The execution is over.
    Finished(Outcome),
}

/// One attempt of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskCall {
    /// Names this attempt.
    pub task: TaskId,
    /// The name of the Task state.
    pub state: Arc<str>,
    /// How often the execution has entered this state, from 1. With the execution's ARN and the state's name
    /// it makes the idempotency key, which is the same for every attempt of one visit.
    pub visit: u32,
    /// The attempt within the visit, from 1; each retry counts up.
    pub attempt: u32,
    /// What to call.
    pub resource: Arc<Resource>,
    /// The task's effective input, after `Parameters` or `Arguments`.
    pub input: Value,
    /// The task's `Credentials`, evaluated.
    pub credentials: Option<Value>,
    /// The token that `$$.Task.Token` gave out, when the task waits for it.
    pub token: Option<String>,
    /// When the attempt times out, by `TimeoutSeconds`.
    pub timeout_at: Option<Timestamp>,
    /// How often the worker must give a sign of life, by `HeartbeatSeconds`.
    pub heartbeat_s: Option<u64>,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It reached its end.
    Succeeded {
        /// The last state's output.
        output: Value,
    },
    /// A state failed and nothing caught it.
    Failed {
        /// The error's name; empty when the Fail state gave none.
        error: String,
        /// The cause in words; may be empty.
        cause: String,
    },
    /// It ran longer than the machine's `TimeoutSeconds`.
    TimedOut {
        /// The error's name.
        error: String,
        /// The cause in words; may be empty.
        cause: String,
    },
    /// Somebody stopped it.
    Aborted {
        /// The error's name; may be empty.
        error: String,
        /// The cause in words; may be empty.
        cause: String,
    },
}

impl Outcome {
    /// The status by Step Functions' name: `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub fn status(&self) -> &'static str {
        match self {
            Outcome::Succeeded { .. } => "SUCCEEDED",
            Outcome::Failed { .. } => "FAILED",
            Outcome::TimedOut { .. } => "TIMED_OUT",
            Outcome::Aborted { .. } => "ABORTED",
        }
    }
}
