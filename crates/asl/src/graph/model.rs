//! A definition as boxes and lines, before they have places.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::condition;
use crate::Resource;

/// How deep machines are drawn inside each other.
const MAX_DEPTH: usize = 24;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    End,
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
    /// A state of no known type.
    Unknown,
}

impl Kind {
    fn of(state: &Map<String, Value>) -> Self {
        match state.get("Type").and_then(Value::as_str) {
            Some("Pass") => Self::Pass,
            Some("Task") => Self::Task,
            Some("Choice") => Self::Choice,
            Some("Wait") => Self::Wait,
            Some("Succeed") => Self::Succeed,
            Some("Fail") => Self::Fail,
            Some("Parallel") => Self::Parallel,
            Some("Map") => Self::Map,
            _ => Self::Unknown,
        }
    }

    /// The word for it in class names and captions.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Pass => "pass",
            Self::Task => "task",
            Self::Choice => "choice",
            Self::Wait => "wait",
            Self::Succeed => "succeed",
            Self::Fail => "fail",
            Self::Parallel => "parallel",
            Self::Map => "map",
            Self::Unknown => "unknown",
        }
    }
}

/// A box.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// What it does in a word or two: `lambda:invoke`, `60 s`.
    pub(super) detail: String,
    /// What a Parallel or Map state contains.
    pub(super) machines: Vec<Machine>,
}

/// Why a line is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Line {
    Next,
    Choice,
    Catch,
}

/// A line from one box to another.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) line: Line,
    pub(super) label: String,
    /// Which rule of a Choice state it is; that of `Default` is the number after the last.
    pub(super) rule: Option<usize>,
}

/// Boxes and the lines between them.
#[derive(Debug, Default)]
pub(super) struct Machine {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

impl Machine {
    /// Reads a definition. Lines to states that do not exist are left out.
    pub(super) fn read(definition: &Value) -> Self {
        match definition {
            Value::Object(object) => Self::of(object, true, 0),
            _ => Self::default(),
        }
    }

    fn of(object: &Map<String, Value>, is_outermost: bool, depth: usize) -> Self {
        let mut machine = Self::default();
        let Some(Value::Object(states)) = object.get("States") else {
            return machine;
        };
        for (name, state) in states {
            if let Value::Object(state) = state {
                machine.nodes.push(node(name, state, depth));
            }
        }
        let names: HashMap<String, usize> = machine
            .nodes
            .iter()
            .enumerate()
            .map(|(index, node)| (node.name.clone(), index))
            .collect();
        let end = machine.nodes.len() + 1;
        let start_at = object
            .get("StartAt")
            .and_then(Value::as_str)
            .and_then(|name| names.get(name).copied());
        if let Some(start_at) = start_at.filter(|_| is_outermost) {
            machine.edge(end - 1, start_at, Line::Next, String::new());
        }
        for (name, state) in states {
            if let (Value::Object(state), Some(from)) = (state, names.get(name)) {
                machine.edges_of(*from, state, &names, is_outermost.then_some(end));
            }
        }
        if is_outermost {
            machine.nodes.push(marker(Kind::Start));
            machine.nodes.push(marker(Kind::End));
        }
        machine
    }

    fn edges_of(
        &mut self,
        from: usize,
        state: &Map<String, Value>,
        names: &HashMap<String, usize>,
        end: Option<usize>,
    ) {
        let target = |value: Option<&Value>| names.get(value?.as_str()?).copied();
        if let Some(to) = target(state.get("Next")) {
            self.edge(from, to, Line::Next, String::new());
        }
        let rules = state.get("Choices").and_then(Value::as_array);
        let rules = rules.map_or(&[][..], Vec::as_slice);
        for (number, rule) in rules.iter().enumerate() {
            let rule = rule.as_object();
            if let (Some(rule), Some(to)) = (rule, rule.and_then(|rule| target(rule.get("Next")))) {
                self.rule(from, to, number, condition::in_short(rule));
            }
        }
        if let Some(to) = target(state.get("Default")) {
            self.rule(from, to, rules.len(), "otherwise".to_owned());
        }
        let catchers = state.get("Catch").and_then(Value::as_array).into_iter().flatten();
        for catcher in catchers {
            if let Some(to) = target(catcher.get("Next")) {
                self.edge(from, to, Line::Catch, caught(catcher));
            }
        }
        let ends = state.get("End") == Some(&Value::Bool(true))
            || state.get("Type").and_then(Value::as_str) == Some("Succeed");
        if let Some(end) = end.filter(|_| ends) {
            self.edge(from, end, Line::Next, String::new());
        }
    }

    fn edge(&mut self, from: usize, to: usize, line: Line, label: String) {
        self.edges.push(Edge {
            from,
            to,
            line,
            label,
            rule: None,
        });
    }

    fn rule(&mut self, from: usize, to: usize, number: usize, label: String) {
        self.edges.push(Edge {
            from,
            to,
            line: Line::Choice,
            label,
            rule: Some(number),
        });
    }
}

fn marker(kind: Kind) -> Node {
    Node {
        name: String::new(),
        kind,
        detail: String::new(),
        machines: Vec::new(),
    }
}

/// The errors that a catcher takes; nothing for those that take all.
fn caught(catcher: &Value) -> String {
    let names = catcher
        .get("ErrorEquals")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let names: Vec<&str> = names
        .filter_map(Value::as_str)
        .filter(|name| *name != "States.ALL")
        .collect();
    names.join(", ")
}

fn node(name: &str, state: &Map<String, Value>, depth: usize) -> Node {
    let kind = Kind::of(state);
    let mut machines = Vec::new();
    if depth < MAX_DEPTH {
        let branches = state
            .get("Branches")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let processors = ["ItemProcessor", "Iterator"]
            .into_iter()
            .filter_map(|field| state.get(field));
        for machine in branches.chain(processors).filter_map(Value::as_object) {
            machines.push(Machine::of(machine, false, depth + 1));
        }
    }
    Node {
        name: name.to_owned(),
        kind,
        detail: detail(name, kind, state),
        machines,
    }
}

fn detail(name: &str, kind: Kind, state: &Map<String, Value>) -> String {
    let text = |field: &str| {
        state
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    match kind {
        Kind::Task => match Resource::parse(&text("Resource")) {
            Some(resource @ Resource::Service { .. }) => {
                format!("{}:{}", resource.resource_type(), resource.action_with_pattern())
            }
            Some(Resource::Lambda(arn) | Resource::Activity(arn)) => {
                arn.splitn(7, ':').nth(6).unwrap_or_default().to_owned()
            }
            None => text("Resource"),
        },
        Kind::Wait => match (state.get("Seconds"), state.get("Timestamp")) {
            (Some(Value::Number(seconds)), _) => format!("{seconds} s"),
            (Some(Value::String(expression)), _) | (None, Some(Value::String(expression))) => {
                expression.clone()
            }
            _ => text("SecondsPath") + &text("TimestampPath"),
        },
        Kind::Fail => Some(text("Error") + &text("ErrorPath"))
            .filter(|error| error != name)
            .unwrap_or_default(),
        Kind::Map => {
            let distributed = ["ItemProcessor", "Iterator"].iter().any(|field| {
                state
                    .get(*field)
                    .and_then(|processor| processor.pointer("/ProcessorConfig/Mode"))
                    == Some(&Value::from("DISTRIBUTED"))
            });
            let items = text("ItemsPath") + &text("Items");
            let mode = if distributed { "distributed " } else { "" };
            format!(
                "{mode}for each {}",
                if items.is_empty() { "item" } else { &items }
            )
        }
        Kind::Start
        | Kind::End
        | Kind::Pass
        | Kind::Choice
        | Kind::Succeed
        | Kind::Parallel
        | Kind::Unknown => String::new(),
    }
}
