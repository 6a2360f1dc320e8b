//! How data flows through a state: from its input to its effective input, and from its result to its output.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::view::{Given, View, located};
use super::{Engine, stray_branch};
use crate::failure::Failure;
use crate::history::{HistoryEventKind, Payload};
use crate::limits::{MAX_LIVE_BYTES, MAX_VARIABLES_BYTES, Size};
use crate::model::{Flow, JsonataFlow, Kind, PathFlow, ResultPath, Selection, State, StateIndex};
use crate::path::ReferencePath;
use crate::snapshot::{Activity, Branch, BranchId};

/// What leaving a state makes: its output, and the variables it assigns.
pub(super) struct Exit {
    pub output: Payload,
    /// How large the output is at most, where that follows from what is known already.
    pub size: Option<Size>,
    pub assigned: Option<Value>,
    /// Where to; `None` ends the branch.
    pub next: Option<StateIndex>,
}

/// A payload with the most that it can measure, where that is known.
pub(super) struct Measured(pub Payload, pub Option<Size>);

impl Engine<'_> {
    /// The state's input after `InputPath`, and after `Parameters` or `Arguments`.
    pub(super) fn effective_input(&mut self, id: BranchId) -> Result<Payload, Failure> {
        self.view(id)?.effective_input()
    }

    /// Leaves a state that has its result.
    pub(super) fn complete_state(&mut self, id: BranchId, result: Payload) -> Result<(), Failure> {
        self.complete_measured(id, Measured(result, None))
    }

    /// As [`complete_state`](Self::complete_state), with a result that has been measured.
    pub(super) fn complete_measured(&mut self, id: BranchId, result: Measured) -> Result<(), Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        let exit = match &state.flow {
            Flow::JsonPath(flow) => self.complete_path(id, state, flow, result)?,
            Flow::Jsonata(flow) => self.result_view(id)?.complete_jsonata(flow, &result.0)?,
        };
        self.exit(id, exit)
    }

    fn complete_path(
        &mut self,
        id: BranchId,
        state: &State,
        flow: &PathFlow,
        result: Measured,
    ) -> Result<Exit, Failure> {
        let view = self.result_view(id)?;
        let result = match &flow.selector {
            Some(template) => Measured(Arc::new(view.template(template, &result.0)?), None),
            None => result,
        };
        let assign = flow.assign.as_ref();
        let assigned = assign
            .map(|template| view.template(template, &result.0))
            .transpose()?;
        let Measured(output, size) = match (&flow.output, places_result(state)) {
            (Selection::Whole, false) => result,
            (selection, false) => Measured(view.selected(selection, &result.0)?, None),
            (Selection::Whole, true) => self.place(id, &flow.result, result)?,
            (selection, true) => {
                let Measured(combined, _) = view.placed(&flow.result, &result)?;
                Measured(view.selected(selection, &combined)?, None)
            }
        };
        Ok(Exit {
            output,
            size,
            assigned,
            next: state.next,
        })
    }

    /// The state's input with the result where `ResultPath` puts it, for a state that is left with this as its output:
    /// nothing that may still go wrong can be caught, so the input itself is changed where nobody else holds it.
    fn place(&mut self, id: BranchId, path: &ResultPath, result: Measured) -> Result<Measured, Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        let (ResultPath::At(path), Some(branch)) = (path, self.snapshot.branch_mut(id)) else {
            return self.result_view(id)?.placed(path, &result);
        };
        let Measured(result, size) = result;
        let size = size.or_else(|| Size::of(&result));
        let size = size.map(|inner| branch.input_size.with(inner, path.as_str()));
        path.set(Arc::make_mut(&mut branch.input), Arc::unwrap_or_clone(result))
            .map_err(|_problem| not_placed(state, branch, path))?;
        Ok(Measured(branch.input.clone(), size))
    }

    /// Leaves a state: tells the history, keeps the variables and goes on to the next state, or ends the branch.
    pub(super) fn exit(&mut self, id: BranchId, exit: Exit) -> Result<(), Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        let known = exit.size.filter(|size| size.is_allowed());
        let Some(size) = known.or_else(|| Size::of(&exit.output)) else {
            return Err(Failure::too_large(&state.name).fatal());
        };
        self.bytes += size.bytes;
        let assigned = exit.assigned.map(Arc::new);
        let kind = HistoryEventKind::StateExited {
            state: state.state_type(),
            name: state.name.clone(),
            output: exit.output.clone(),
            assigned: assigned.clone(),
        };
        if let Some(assigned) = &assigned {
            self.assign(id, assigned)?;
        }
        self.record(id, kind);
        let Some(next) = exit.next else {
            self.branch_succeeded(id, exit.output);
            return Ok(());
        };
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.state = next;
            branch.input = exit.output;
            branch.input_size = size;
            branch.activity = Activity::Enter;
            self.ready.push_back(id);
        }
        self.check_live_bytes()
    }

    /// Many branches that each hold what they may can still be too much together.
    fn check_live_bytes(&self) -> Result<(), Failure> {
        let held = |branch: &Branch| branch.input_size.bytes.saturating_add(branch.variable_bytes);
        let live = self
            .snapshot
            .branches
            .iter()
            .map(held)
            .fold(0, usize::saturating_add);
        if live > MAX_LIVE_BYTES {
            let problem =
                format!("The branches of the execution hold more than {MAX_LIVE_BYTES} bytes together.");
            return Err(Failure::named("States.DataLimitExceeded", problem).fatal());
        }
        Ok(())
    }

    fn assign(&mut self, id: BranchId, assigned: &Payload) -> Result<(), Failure> {
        let too_large = || Failure::too_large("Assign").fatal();
        let size = self.admit(assigned).ok_or_else(too_large)?;
        let (Value::Object(assigned), Some(branch)) = (&**assigned, self.snapshot.branch_mut(id)) else {
            return Ok(());
        };
        for (name, value) in assigned {
            branch.variables.insert(name.clone(), value.clone());
        }
        // What was replaced is counted too, until that seems to be too much.
        branch.variable_bytes = branch.variable_bytes.saturating_add(size.bytes);
        if branch.variable_bytes > MAX_VARIABLES_BYTES {
            let sizes = branch.variables.values().map(Size::of);
            branch.variable_bytes = sizes
                .flatten()
                .map(|size| size.bytes)
                .fold(0, usize::saturating_add);
        }
        if branch.variable_bytes > MAX_VARIABLES_BYTES {
            Err(too_large())
        } else {
            Ok(())
        }
    }
}

impl View<'_> {
    /// The state's input after `InputPath`, and after `Parameters` or `Arguments`.
    pub(super) fn effective_input(&self) -> Result<Payload, Failure> {
        let raw = &self.branch.input;
        match &self.state.flow {
            Flow::JsonPath(flow) => {
                let input = self.selected(&flow.input, raw)?;
                match &flow.parameters {
                    Some(template) => Ok(Arc::new(self.template(template, &input)?)),
                    None => Ok(input),
                }
            }
            Flow::Jsonata(flow) => match &flow.arguments {
                Some(template) => Ok(Arc::new(self.jsonata_template(
                    "Arguments",
                    template,
                    Given::input(raw),
                )?)),
                None => Ok(raw.clone()),
            },
        }
    }

    /// What `InputPath` or `OutputPath` lets through.
    pub(super) fn selected(&self, selection: &Selection, value: &Payload) -> Result<Payload, Failure> {
        match selection {
            Selection::Whole => Ok(value.clone()),
            Selection::Nothing => Ok(Arc::new(Value::Object(Map::new()))),
            Selection::Path(path) => Ok(Arc::new(self.select(path, value)?)),
        }
    }

    /// The state's input with the result where `ResultPath` puts it.
    pub(super) fn placed(&self, path: &ResultPath, result: &Measured) -> Result<Measured, Failure> {
        let (input, size) = (&self.branch.input, self.branch.input_size);
        let Measured(result, measured) = result;
        match path {
            ResultPath::Replace => Ok(Measured(result.clone(), *measured)),
            ResultPath::Discard => Ok(Measured(input.clone(), Some(size))),
            ResultPath::At(path) => {
                let mut combined = Value::clone(input);
                path.set(&mut combined, Value::clone(result))
                    .map_err(|_problem| not_placed(self.state, self.branch, path))?;
                let inner = measured.or_else(|| Size::of(result));
                let size = inner.map(|inner| size.with(inner, path.as_str()));
                Ok(Measured(Arc::new(combined), size))
            }
        }
    }

    fn complete_jsonata(&self, flow: &JsonataFlow, result: &Payload) -> Result<Exit, Failure> {
        let given = Given {
            input: &self.branch.input,
            result: self.jsonata_result(result),
            error_output: None,
        };
        let evaluate = |field: &str, template| self.jsonata_template(field, template, given);
        let assigned = flow
            .assign
            .as_ref()
            .map(|template| evaluate("Assign", template))
            .transpose()?;
        let output = flow
            .output
            .as_ref()
            .map(|template| evaluate("Output", template))
            .transpose()?;
        let output = output.map_or_else(|| result.clone(), Arc::new);
        Ok(Exit {
            output,
            size: None,
            assigned,
            next: self.state.next,
        })
    }

    /// `$states.result` exists only in the states that call or run something.
    fn jsonata_result<'r>(&self, result: &'r Value) -> Option<&'r Value> {
        match self.state.kind {
            Kind::Task(_) | Kind::Parallel { .. } | Kind::Map(_) => Some(result),
            Kind::Pass { .. } | Kind::Choice { .. } | Kind::Wait(_) | Kind::Succeed | Kind::Fail { .. } => {
                None
            }
        }
    }
}

/// Whether the state has a result of its own, which `ResultPath` places.
fn places_result(state: &State) -> bool {
    match state.kind {
        Kind::Pass { .. } | Kind::Task(_) | Kind::Parallel { .. } | Kind::Map(_) => true,
        Kind::Choice { .. } | Kind::Wait(_) | Kind::Succeed | Kind::Fail { .. } => false,
    }
}

/// Something in the input is in the way of the result.
fn not_placed(state: &State, branch: &Branch, path: &ReferencePath) -> Failure {
    let (path, input) = (path.as_str(), crate::payload::quoted(&branch.input));
    let problem = format!("Unable to apply step \"{path}\" to input {input}");
    Failure::named("States.ResultPathMatchFailure", located(state, branch, problem))
}
