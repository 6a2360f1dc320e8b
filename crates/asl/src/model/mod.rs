//! A definition compiled for running: states indexed, paths and templates parsed, so that a step looks nothing up.

pub(crate) mod choice;
mod compile;
mod context;
pub(crate) mod retry;

use std::sync::Arc;

use crate::Value;

use crate::history::{ResourceDetails, StateType};
use crate::path::ReferencePath;
use crate::{Resource, jsonata, payload};

pub(crate) use compile::compile;
pub(crate) use context::{ContextUse, Member};

use choice::Rule;
use retry::{Catcher, Retrier};

/// A state's place among all the states of a definition, nested ones included.
pub(crate) type StateIndex = u32;

/// A whole definition: its states and those of all the machines nested in it.
#[derive(Debug)]
pub(crate) struct Machine {
    pub states: Vec<State>,
    pub start: StateIndex,
    /// How long an execution may run, in seconds.
    pub timeout_s: Option<u64>,
    /// Whether any expression reads the execution's input from the context object.
    pub reads_execution_input: bool,
}

/// One state.
#[derive(Debug)]
pub(crate) struct State {
    pub name: Arc<str>,
    pub kind: Kind,
    /// Where it goes when it is done; `None` ends its machine.
    pub next: Option<StateIndex>,
    pub flow: Flow,
    pub retriers: Vec<Retrier>,
    pub catchers: Vec<Catcher>,
    /// What its expressions read from the context object, all of them.
    pub context: ContextUse,
    /// What those read that work on the state's result.
    pub result_context: ContextUse,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Pass {
        result: Option<Value>,
    },
    Task(Box<Task>),
    Choice {
        rules: Vec<Rule>,
        default: Option<StateIndex>,
    },
    Wait(Until),
    Succeed,
    Fail {
        error: Option<Message>,
        cause: Option<Message>,
    },
    Parallel {
        starts: Vec<StateIndex>,
    },
    Map(Box<MapState>),
}

#[derive(Debug)]
pub(crate) struct Task {
    pub resource: Arc<Resource>,
    pub details: Arc<ResourceDetails>,
    pub timeout: Option<Number>,
    pub heartbeat: Option<Number>,
    pub credentials: Option<Data>,
    /// This task's place among the visit counters.
    pub slot: u32,
}

#[derive(Debug)]
pub(crate) struct MapState {
    pub start: StateIndex,
    pub distributed: bool,
    pub items: Items,
    pub selector: Option<Data>,
    pub batch: Option<Batch>,
    pub concurrency: Option<Number>,
    pub tolerated_count: Option<Number>,
    pub tolerated_percentage: Option<Number>,
}

/// Where a Map state's items come from.
#[derive(Debug)]
pub(crate) enum Items {
    /// The state's effective input itself.
    Input,
    Path(payload::Expression),
    /// An array with expressions in it.
    Jsonata(jsonata::Template),
    /// An expression that gives an array.
    Expression(jsonata::Expression),
}

/// How a distributed Map puts items together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub max_items: Option<Number>,
    pub max_bytes: Option<Number>,
    pub input: Option<Data>,
}

#[derive(Debug)]
pub(crate) enum Until {
    Seconds(Number),
    Timestamp(Message),
}

/// A number in a definition: written there, or read when the state runs.
#[derive(Debug)]
pub(crate) enum Number {
    Literal(Value),
    Path {
        field: &'static str,
        path: payload::Expression,
        text: String,
    },
    Jsonata {
        field: &'static str,
        expression: jsonata::Expression,
    },
}

/// A string in a definition: written there, or read when the state runs.
#[derive(Debug)]
pub(crate) enum Message {
    Literal(String),
    Path {
        field: &'static str,
        path: payload::Expression,
        text: String,
    },
    Jsonata {
        field: &'static str,
        expression: jsonata::Expression,
    },
}

/// A JSON tree in a definition with expressions in it.
#[derive(Debug)]
pub(crate) enum Data {
    Path(payload::Template),
    Jsonata {
        field: &'static str,
        template: jsonata::Template,
    },
}

/// How data flows through a state, by its query language.
#[derive(Debug)]
pub(crate) enum Flow {
    JsonPath(Box<PathFlow>),
    Jsonata(Box<JsonataFlow>),
}

#[derive(Debug)]
pub(crate) struct PathFlow {
    pub input: Selection,
    pub parameters: Option<payload::Template>,
    pub selector: Option<payload::Template>,
    pub result: ResultPath,
    pub output: Selection,
    pub assign: Option<payload::Template>,
}

#[derive(Debug)]
pub(crate) struct JsonataFlow {
    pub arguments: Option<jsonata::Template>,
    pub output: Option<jsonata::Template>,
    pub assign: Option<jsonata::Template>,
}

/// What `InputPath` or `OutputPath` lets through.
#[derive(Debug)]
pub(crate) enum Selection {
    Whole,
    Nothing,
    Path(payload::Expression),
}

/// Where `ResultPath` puts the result in the state's input.
#[derive(Debug)]
pub(crate) enum ResultPath {
    Replace,
    Discard,
    At(ReferencePath),
}

impl State {
    /// The kind of state as the history names it.
    pub(crate) fn state_type(&self) -> StateType {
        match self.kind {
            Kind::Pass { .. } => StateType::Pass,
            Kind::Task(_) => StateType::Task,
            Kind::Choice { .. } => StateType::Choice,
            Kind::Wait(_) => StateType::Wait,
            Kind::Succeed => StateType::Succeed,
            Kind::Fail { .. } => StateType::Fail,
            Kind::Parallel { .. } => StateType::Parallel,
            Kind::Map(_) => StateType::Map,
        }
    }

    /// Whether the state's context object counts retries.
    pub(crate) fn retries(&self) -> bool {
        matches!(self.kind, Kind::Task(_) | Kind::Parallel { .. } | Kind::Map(_))
    }
}
