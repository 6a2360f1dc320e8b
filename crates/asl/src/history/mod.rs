//! The history of an execution, in the event types, the order and the JSON shape of `GetExecutionHistory`.

mod json;

pub(crate) use json::time_text;

use std::sync::Arc;

use crate::Value;
use jiff::Timestamp;

/// One event of an execution's history.
///
/// Serialises as Step Functions answers it: `timestamp` (RFC 3339, milliseconds), `type`, `id`, `previousEventId`
/// and the type's own details, in which payloads are JSON as text.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// When it happened.
    pub timestamp: Timestamp,
    /// Its number within the execution, from 1 without gaps.
    pub id: u64,
    /// The event that led to it; 0 for the first.
    pub previous_event_id: u64,
    /// What happened.
    pub kind: HistoryEventKind,
}

/// The kind of state, as it stands in an event's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the states of the language")]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

/// The error and the cause of an event that tells of a failure; either may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorDetails {
    /// The error's name.
    pub error: Option<String>,
    /// The cause in words.
    pub cause: Option<String>,
}

/// What a Task event tells about its resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceDetails {
    /// The service, such as `dynamodb` or `aws-sdk:s3`.
    pub resource_type: String,
    /// The action, such as `putItem` or `sendMessage.waitForTaskToken`.
    pub resource: String,
}

/// What happened, with its details.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the names and fields are those of GetExecutionHistory"
)]
pub enum HistoryEventKind {
    ExecutionStarted {
        input: Value,
        role_arn: Arc<str>,
    },
    ExecutionSucceeded {
        output: Value,
    },
    ExecutionFailed(ErrorDetails),
    ExecutionTimedOut(ErrorDetails),
    ExecutionAborted(ErrorDetails),
    StateEntered {
        state: StateType,
        name: Arc<str>,
        input: Value,
    },
    StateExited {
        state: StateType,
        name: Arc<str>,
        output: Value,
        assigned: Option<Value>,
    },
    LambdaFunctionScheduled {
        resource: String,
        input: Value,
        timeout_s: Option<u64>,
    },
    LambdaFunctionStarted,
    LambdaFunctionSucceeded {
        output: Value,
    },
    LambdaFunctionFailed(ErrorDetails),
    LambdaFunctionTimedOut(ErrorDetails),
    ActivityScheduled {
        resource: String,
        input: Value,
        timeout_s: Option<u64>,
        heartbeat_s: Option<u64>,
    },
    ActivityStarted,
    ActivitySucceeded {
        output: Value,
    },
    ActivityFailed(ErrorDetails),
    ActivityTimedOut(ErrorDetails),
    TaskScheduled {
        task: Arc<ResourceDetails>,
        region: String,
        parameters: Value,
        timeout_s: Option<u64>,
        heartbeat_s: Option<u64>,
    },
    TaskStarted(Arc<ResourceDetails>),
    TaskSubmitted {
        task: Arc<ResourceDetails>,
        output: Value,
    },
    TaskSucceeded {
        task: Arc<ResourceDetails>,
        output: Value,
    },
    TaskFailed {
        task: Arc<ResourceDetails>,
        details: ErrorDetails,
    },
    TaskTimedOut {
        task: Arc<ResourceDetails>,
        details: ErrorDetails,
    },
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    MapStateStarted {
        length: usize,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapIterationStarted {
        name: Arc<str>,
        index: usize,
    },
    MapIterationSucceeded {
        name: Arc<str>,
        index: usize,
    },
    MapIterationFailed {
        name: Arc<str>,
        index: usize,
    },
    MapIterationAborted {
        name: Arc<str>,
        index: usize,
    },
    MapRunStarted {
        map_run_arn: String,
    },
    MapRunSucceeded,
    MapRunFailed(ErrorDetails),
    EvaluationFailed {
        details: ErrorDetails,
        location: String,
        state: Arc<str>,
    },
}

impl HistoryEvent {
    /// The event's type by its AWS name, such as `PassStateEntered`.
    pub fn type_name(&self) -> &'static str {
        self.kind.type_name()
    }
}

impl HistoryEventKind {
    /// The type's AWS name, such as `PassStateEntered`.
    pub fn type_name(&self) -> &'static str {
        use HistoryEventKind as K;
        match self {
            K::ExecutionStarted { .. } => "ExecutionStarted",
            K::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            K::ExecutionFailed(_) => "ExecutionFailed",
            K::ExecutionTimedOut(_) => "ExecutionTimedOut",
            K::ExecutionAborted(_) => "ExecutionAborted",
            K::StateEntered { state, .. } => state.entered(),
            K::StateExited { state, .. } => state.exited(),
            K::LambdaFunctionScheduled { .. } => "LambdaFunctionScheduled",
            K::LambdaFunctionStarted => "LambdaFunctionStarted",
            K::LambdaFunctionSucceeded { .. } => "LambdaFunctionSucceeded",
            K::LambdaFunctionFailed(_) => "LambdaFunctionFailed",
            K::LambdaFunctionTimedOut(_) => "LambdaFunctionTimedOut",
            K::ActivityScheduled { .. } => "ActivityScheduled",
            K::ActivityStarted => "ActivityStarted",
            K::ActivitySucceeded { .. } => "ActivitySucceeded",
            K::ActivityFailed(_) => "ActivityFailed",
            K::ActivityTimedOut(_) => "ActivityTimedOut",
            K::TaskScheduled { .. } => "TaskScheduled",
            K::TaskStarted(_) => "TaskStarted",
            K::TaskSubmitted { .. } => "TaskSubmitted",
            K::TaskSucceeded { .. } => "TaskSucceeded",
            K::TaskFailed { .. } => "TaskFailed",
            K::TaskTimedOut { .. } => "TaskTimedOut",
            K::ParallelStateStarted => "ParallelStateStarted",
            K::ParallelStateSucceeded => "ParallelStateSucceeded",
            K::ParallelStateFailed => "ParallelStateFailed",
            K::MapStateStarted { .. } => "MapStateStarted",
            K::MapStateSucceeded => "MapStateSucceeded",
            K::MapStateFailed => "MapStateFailed",
            K::MapIterationStarted { .. } => "MapIterationStarted",
            K::MapIterationSucceeded { .. } => "MapIterationSucceeded",
            K::MapIterationFailed { .. } => "MapIterationFailed",
            K::MapIterationAborted { .. } => "MapIterationAborted",
            K::MapRunStarted { .. } => "MapRunStarted",
            K::MapRunSucceeded => "MapRunSucceeded",
            K::MapRunFailed(_) => "MapRunFailed",
            K::EvaluationFailed { .. } => "EvaluationFailed",
        }
    }
}

impl StateType {
    fn entered(self) -> &'static str {
        match self {
            StateType::Pass => "PassStateEntered",
            StateType::Task => "TaskStateEntered",
            StateType::Choice => "ChoiceStateEntered",
            StateType::Wait => "WaitStateEntered",
            StateType::Succeed => "SucceedStateEntered",
            StateType::Fail => "FailStateEntered",
            StateType::Parallel => "ParallelStateEntered",
            StateType::Map => "MapStateEntered",
        }
    }

    fn exited(self) -> &'static str {
        match self {
            StateType::Pass => "PassStateExited",
            StateType::Task => "TaskStateExited",
            StateType::Choice => "ChoiceStateExited",
            StateType::Wait => "WaitStateExited",
            StateType::Succeed => "SucceedStateExited",
            StateType::Fail => "FailStateExited",
            StateType::Parallel => "ParallelStateExited",
            StateType::Map => "MapStateExited",
        }
    }
}
