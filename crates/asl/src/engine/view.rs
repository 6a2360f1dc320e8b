//! What an expression of a state can see, and how an expression that fails makes the state fail.

use std::borrow::Cow;

use crate::Value;

use super::{Engine, context, stray_branch};
use crate::Snapshot;
use crate::failure::Failure;
use crate::jsonata::{self, States};
use crate::model::{ContextUse, Data, Machine, Message, Number, State};
use crate::payload::{EvaluationError, Expression, Scope, Template, Variables};
use crate::snapshot::{Branch, BranchId};

/// A branch in its state, with what its expressions can see besides their input.
pub(super) struct View<'a> {
    pub state: &'a State,
    pub branch: &'a Branch,
    context: Value,
    variables: Cow<'a, Variables>,
    /// The token of a task that waits for it.
    pub token: Option<String>,
    seed: u64,
}

/// What a JSONata expression finds in `$states`, besides the context.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub input: &'a Value,
    pub result: Option<&'a Value>,
    pub error_output: Option<&'a Value>,
}

impl<'a> Given<'a> {
    pub(super) fn input(input: &'a Value) -> Given<'a> {
        Given {
            input,
            result: None,
            error_output: None,
        }
    }
}

impl Engine<'_> {
    /// What the expressions of a branch's state see, with chance of their own.
    pub(super) fn view(&mut self, id: BranchId) -> Result<View<'_>, Failure> {
        let seed = self.chance.draw();
        View::new(self.machine, &self.snapshot, id, seed, |state| state.context)
    }

    /// As [`view`](Self::view), for the expressions that work on the state's result.
    pub(super) fn result_view(&mut self, id: BranchId) -> Result<View<'_>, Failure> {
        let seed = self.chance.draw();
        View::new(self.machine, &self.snapshot, id, seed, |state| {
            state.result_context
        })
    }
}

impl<'a> View<'a> {
    pub(super) fn new(
        machine: &'a Machine,
        snapshot: &'a Snapshot,
        id: BranchId,
        seed: u64,
        reads: impl Fn(&State) -> ContextUse,
    ) -> Result<View<'a>, Failure> {
        let branch = snapshot.branch(id).ok_or_else(stray_branch)?;
        let state = machine
            .states
            .get(branch.state as usize)
            .ok_or_else(stray_branch)?;
        let (token, seed) = match context::task_secrets(snapshot, state, seed) {
            Some((token, seed)) => (Some(token), seed),
            None => (None, seed),
        };
        let context = context::build(snapshot, branch, state, token.as_deref(), reads(state));
        Ok(View {
            state,
            branch,
            context,
            variables: visible_variables(snapshot, branch),
            token,
            seed,
        })
    }

    /// Makes an item the one that the context object tells of.
    pub(super) fn put_item(&mut self, index: usize, value: &Value) {
        if let Value::Object(context) = &self.context {
            let item = [("Item", context::item_at(index, value))];
            self.context = context.with("Map", item.into()).into();
        }
    }

    /// Says at which state the failure was.
    pub(super) fn runtime(&self, problem: impl std::fmt::Display) -> Failure {
        Failure::runtime(self.located(problem))
    }

    /// A cause as AWS words it.
    pub(super) fn located(&self, problem: impl std::fmt::Display) -> String {
        located(self.state, self.branch, problem)
    }

    pub(super) fn scope<'s>(&'s self, input: &'s Value) -> Scope<'s> {
        Scope {
            input,
            context: &self.context,
            variables: &self.variables,
            seed: self.seed,
        }
    }

    pub(super) fn template(&self, template: &Template, input: &Value) -> Result<Value, Failure> {
        template
            .evaluate(&self.scope(input))
            .map_err(|error| self.runtime(error))
    }

    /// A path that selects data, such as `InputPath`.
    pub(super) fn select(&self, path: &Expression, input: &Value) -> Result<Value, Failure> {
        path.evaluate(&self.scope(input))
            .map_err(|error| self.runtime(error.as_invalid_path()))
    }

    /// A JSON tree with expressions in it, in either language.
    pub(super) fn data(&self, data: &Data, given: Given<'_>) -> Result<Value, Failure> {
        match data {
            Data::Path(template) => self.template(template, given.input),
            Data::Jsonata { field, template } => self.jsonata_template(field, template, given),
        }
    }

    pub(super) fn jsonata_template(
        &self,
        field: &str,
        template: &jsonata::Template,
        given: Given<'_>,
    ) -> Result<Value, Failure> {
        template
            .evaluate(&self.jsonata_scope(given), field)
            .map_err(|error| Failure::evaluation(error.location().to_owned(), self.located(&error)))
    }

    pub(super) fn jsonata(
        &self,
        field: &str,
        expression: &jsonata::Expression,
        given: Given<'_>,
    ) -> Result<Value, Failure> {
        expression
            .evaluate(&self.jsonata_scope(given), field)
            .map_err(|error| Failure::evaluation(error.location().to_owned(), self.located(&error)))
    }

    fn jsonata_scope<'s>(&'s self, given: Given<'s>) -> jsonata::Scope<'s> {
        jsonata::Scope {
            states: States {
                input: given.input,
                result: given.result,
                error_output: given.error_output,
                context: &self.context,
            },
            variables: &self.variables,
            seed: self.seed,
            now_ms: self.branch.entered_at.as_millisecond(),
        }
    }

    /// A number's value, whatever it turned out to be; `None` where a path leads nowhere gives that error.
    pub(super) fn number(&self, number: &Number, input: &Value) -> Result<Value, Failure> {
        match number {
            Number::Literal(value) => Ok(value.clone()),
            Number::Path { path, .. } => self.select(path, input),
            Number::Jsonata { field, expression } => self.jsonata(field, expression, Given::input(input)),
        }
    }

    /// A text, as an error's name or cause.
    pub(super) fn message(&self, message: &Message, input: &Value) -> Result<String, Failure> {
        match message {
            Message::Literal(text) => Ok(text.clone()),
            Message::Path { field, path, text } => {
                let value = path
                    .evaluate(&self.scope(input))
                    .map_err(|error| self.missing(field, error))?;
                match value {
                    Value::String(text) => Ok(text.into()),
                    other => Err(self.runtime(format!(
                        "The JSONPath '{text}' specified for the field '{field}' must refer to a string but was: {other}"
                    ))),
                }
            }
            Message::Jsonata { field, expression } => {
                match self.jsonata(field, expression, Given::input(input))? {
                    Value::String(text) => Ok(text.into()),
                    other => Err(self.unexpected_type(field, expression, "string", &other)),
                }
            }
        }
    }

    fn missing(&self, field: &str, error: EvaluationError) -> Failure {
        self.runtime(error.in_field(field))
    }

    /// A JSONata expression gave a value of another type than its field wants.
    pub(super) fn unexpected_type(
        &self,
        field: &str,
        expression: &jsonata::Expression,
        expected: &str,
        value: &Value,
    ) -> Failure {
        let problem = format!(
            "The JSONata expression '{}' specified for the field '{field}' returned an unexpected result type. \
             Expected '{expected}', but was '{}' for value: {value}",
            expression.as_str(),
            type_name(value)
        );
        Failure::evaluation(field, self.located(problem))
    }
}

/// A value's type as causes name it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The variables of a branch together with those of the branches around it, up to a distributed Map, whose children
/// are executions of their own.
fn visible_variables<'a>(snapshot: &'a Snapshot, branch: &'a Branch) -> Cow<'a, Variables> {
    let mut visible = Cow::Borrowed(&branch.variables);
    let mut inner = branch;
    while let Some((_, outer)) = snapshot.outer(inner) {
        if inner.unrecorded && !outer.unrecorded {
            break;
        }
        if visible.is_empty() {
            visible = Cow::Borrowed(&outer.variables);
        } else if !outer.variables.is_empty() {
            let visible = visible.to_mut();
            for (name, value) in &outer.variables {
                visible.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        inner = outer;
    }
    visible
}

/// A cause as AWS words it: at which state it was, entered by which event.
pub(super) fn located(state: &State, branch: &Branch, problem: impl std::fmt::Display) -> String {
    let (name, event) = (&state.name, branch.entered_event);
    format!(
        "An error occurred while executing the state '{name}' (entered at the event id #{event}). {problem}"
    )
}
