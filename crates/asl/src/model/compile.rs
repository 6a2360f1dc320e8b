//! From a definition's JSON to its compiled form.
//!
//! [`validate`](crate::validate) has looked at the definition before and told everything that is wrong with it in one
//! go. This module still takes nothing on trust: what it cannot compile is a fault too.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Kind, Machine, Member, State, StateIndex};
use crate::Fault;

mod choices;
mod fields;
mod flow;
mod kinds;

use fields::Fields;

/// The query language of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    JsonPath,
    Jsonata,
}

impl Language {
    /// The language that an object asks for, or else the one around it.
    fn of(object: &Map<String, Value>, around: Language) -> Language {
        match object.get("QueryLanguage").and_then(Value::as_str) {
            Some("JSONata") => Language::Jsonata,
            Some("JSONPath") => Language::JsonPath,
            Some(_) | None => around,
        }
    }
}

/// Compiles a whole definition.
pub(crate) fn compile(definition: &Value) -> Result<Machine, Vec<Fault>> {
    let mut compiler = Compiler::default();
    let Value::Object(object) = definition else {
        return Err(vec![Fault::new(
            "",
            "a definition is a JSON object",
            "{\"StartAt\": …, \"States\": {…}}",
        )]);
    };
    let start = compiler.machine(object, "", Language::of(object, Language::JsonPath));
    let states: Vec<State> = compiler.states.into_iter().flatten().collect();
    match start {
        Some(start) if compiler.faults.is_empty() => Ok(Machine {
            reads_execution_input: states
                .iter()
                .any(|state| state.context.reads(Member::ExecutionInput)),
            states,
            start,
            timeout_s: object.get("TimeoutSeconds").and_then(Value::as_u64),
        }),
        _ => Err(compiler.faults),
    }
}

/// Collects the states of all nested machines in one list, and what is wrong with them.
#[derive(Default)]
pub(super) struct Compiler {
    states: Vec<Option<State>>,
    faults: Vec<Fault>,
    /// How many Task states there are so far; each has a slot for its visits.
    task_slots: u32,
}

impl Compiler {
    /// Compiles one machine (the whole, a branch or an item processor) and gives the index of its first state.
    fn machine(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
        language: Language,
    ) -> Option<StateIndex> {
        let Some(Value::Object(states)) = object.get("States") else {
            self.fault(
                format!("{pointer}/States"),
                "States is missing or no object",
                "give an object of states",
            );
            return None;
        };
        let mut names = HashMap::with_capacity(states.len());
        for name in states.keys() {
            let index = StateIndex::try_from(self.states.len()).unwrap_or(StateIndex::MAX);
            names.insert(name.as_str(), index);
            self.states.push(None);
        }
        for (name, state) in states {
            let pointer = format!("{pointer}/States/{}", escape(name));
            let Value::Object(state) = state else {
                self.fault(
                    pointer,
                    "a state is a JSON object",
                    "{\"Type\": \"Pass\", \"End\": true}",
                );
                continue;
            };
            let fields = Fields {
                object: state,
                pointer: &pointer,
                language: Language::of(state, language),
                machine_language: language,
                names: &names,
            };
            if let (Some(compiled), Some(index)) = (self.state(name, &fields), names.get(name.as_str())) {
                self.states[*index as usize] = Some(compiled);
            }
        }
        let start_at = object.get("StartAt").and_then(Value::as_str).unwrap_or_default();
        let start = names.get(start_at).copied();
        if start.is_none() {
            self.fault(
                format!("{pointer}/StartAt"),
                "StartAt names no state",
                "name one of the machine's States",
            );
        }
        start
    }

    fn state(&mut self, name: &str, fields: &Fields<'_>) -> Option<State> {
        let kind = self.kind(fields)?;
        let next = match kind {
            Kind::Succeed | Kind::Fail { .. } | Kind::Choice { .. } => None,
            Kind::Pass { .. } | Kind::Task(_) | Kind::Wait(_) | Kind::Parallel { .. } | Kind::Map(_) => {
                self.transition(fields)?
            }
        };
        Some(State {
            name: Arc::from(name),
            next,
            flow: self.flow(fields)?,
            retriers: self.retriers(fields)?,
            catchers: self.catchers(fields)?,
            context: fields.context_use(|_| true),
            result_context: fields.context_use(works_on_result),
            kind,
        })
    }

    /// `Next`, or `None` for `"End": true`.
    fn transition(&mut self, fields: &Fields<'_>) -> Option<Option<StateIndex>> {
        if fields.get("End") == Some(&Value::Bool(true)) {
            return Some(None);
        }
        self.target(fields, "Next").map(Some)
    }

    /// The state that a field names.
    fn target(&mut self, fields: &Fields<'_>, field: &str) -> Option<StateIndex> {
        let target = fields
            .text(field)
            .and_then(|name| fields.names.get(name))
            .copied();
        if target.is_none() {
            let problem = format!("{field} names no state of this machine");
            self.fault(
                fields.at(field),
                problem,
                "name one of the machine's States, or say \"End\": true",
            );
        }
        target
    }

    fn fault(&mut self, pointer: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(pointer, problem, remedy));
    }

    /// What a parser gave, or a fault at the field.
    fn parsed<T, E: std::fmt::Display>(&mut self, pointer: String, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.fault(pointer, error.to_string(), "");
                None
            }
        }
    }
}

/// Whether a field's expressions are evaluated when the state has its result.
fn works_on_result(field: &str) -> bool {
    matches!(
        field,
        "ResultSelector" | "ResultPath" | "Assign" | "Output" | "OutputPath"
    )
}

/// A name as one step of a JSON pointer.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
