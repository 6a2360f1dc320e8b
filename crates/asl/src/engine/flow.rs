//! How data flows through a state: from its input to its effective input, and from its result to its output.

use super::view::{Given, View};
use super::{Engine, stray_branch};
use crate::Value;
use crate::failure::Failure;
use crate::history::HistoryEventKind;
use crate::limits::{MAX_LIVE_BYTES, MAX_VARIABLES_BYTES};
use crate::model::{Flow, JsonataFlow, Kind, PathFlow, ResultPath, Selection, State, StateIndex};
use crate::snapshot::{Activity, Branch, BranchId};
use crate::value::Object;

/// What leaving a state makes: its output, and the variables it assigns.
pub(super) struct Exit {
    pub output: Value,
    pub assigned: Option<Value>,
    /// Where to; `None` ends the branch.
    pub next: Option<StateIndex>,
}

impl Engine<'_> {
    /// The state's input after `InputPath`, and after `Parameters` or `Arguments`.
    pub(super) fn effective_input(&mut self, id: BranchId) -> Result<Value, Failure> {
        self.view(id)?.effective_input()
    }

    /// Leaves a state that has its result.
    pub(super) fn complete_state(&mut self, id: BranchId, result: Value) -> Result<(), Failure> {
        let view = self.result_view(id)?;
        let exit = match &view.state.flow {
            Flow::JsonPath(flow) => view.complete_path(flow, result)?,
            Flow::Jsonata(flow) => view.complete_jsonata(flow, result)?,
        };
        self.exit(id, exit)
    }

    /// Leaves a state: tells the history, keeps the variables and goes on to the next state, or ends the branch.
    pub(super) fn exit(&mut self, id: BranchId, exit: Exit) -> Result<(), Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        let Some(size) = self.admit(&exit.output) else {
            return Err(Failure::too_large(&state.name).fatal());
        };
        let assigned = exit.assigned;
        if let Some(assigned) = &assigned {
            self.assign(id, assigned)?;
        }
        self.record_with(id, || HistoryEventKind::StateExited {
            state: state.state_type(),
            name: state.name.clone(),
            output: exit.output.clone(),
            assigned,
        });
        let Some(next) = exit.next else {
            self.branch_succeeded(id, exit.output);
            return Ok(());
        };
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.state = next;
            branch.input = exit.output;
            branch.input_bytes = size.bytes;
            branch.activity = Activity::Enter;
            self.ready.push_back(id);
        }
        self.check_live_bytes()
    }

    /// Many branches that each hold what they may can still be too much together.
    fn check_live_bytes(&self) -> Result<(), Failure> {
        let held = |branch: &Branch| branch.input_bytes.saturating_add(branch.variable_bytes);
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

    fn assign(&mut self, id: BranchId, assigned: &Value) -> Result<(), Failure> {
        let too_large = || Failure::too_large("Assign").fatal();
        let size = self.admit(assigned).ok_or_else(too_large)?;
        let (Value::Object(assigned), Some(branch)) = (assigned, self.snapshot.branch_mut(id)) else {
            return Ok(());
        };
        for (name, value) in assigned {
            branch.variables.insert(name.clone(), value.clone());
        }
        // What was replaced is counted too, until that seems to be too much.
        branch.variable_bytes = branch.variable_bytes.saturating_add(size.bytes);
        if branch.variable_bytes > MAX_VARIABLES_BYTES {
            let sizes = branch.variables.values().map(|value| value.extent().bytes);
            branch.variable_bytes = sizes.fold(0, usize::saturating_add);
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
    pub(super) fn effective_input(&self) -> Result<Value, Failure> {
        let raw = &self.branch.input;
        match &self.state.flow {
            Flow::JsonPath(flow) => {
                let input = self.selected(&flow.input, raw)?;
                match &flow.parameters {
                    Some(template) => self.template(template, &input),
                    None => Ok(input),
                }
            }
            Flow::Jsonata(flow) => match &flow.arguments {
                Some(template) => self.jsonata_template("Arguments", template, Given::input(raw)),
                None => Ok(raw.clone()),
            },
        }
    }

    /// What `InputPath` or `OutputPath` lets through.
    pub(super) fn selected(&self, selection: &Selection, value: &Value) -> Result<Value, Failure> {
        match selection {
            Selection::Whole => Ok(value.clone()),
            Selection::Nothing => Ok(Object::default().into()),
            Selection::Path(path) => self.select(path, value),
        }
    }

    /// The state's input with the result where `ResultPath` puts it.
    pub(super) fn placed(&self, path: &ResultPath, result: Value) -> Result<Value, Failure> {
        let input = &self.branch.input;
        match path {
            ResultPath::Replace => Ok(result),
            ResultPath::Discard => Ok(input.clone()),
            ResultPath::At(path) => path.put(input, result).map_err(|_problem| {
                let (path, input) = (path.as_str(), crate::payload::quoted(input));
                let problem = format!("Unable to apply step \"{path}\" to input {input}");
                Failure::named("States.ResultPathMatchFailure", self.located(problem))
            }),
        }
    }

    fn complete_path(&self, flow: &PathFlow, result: Value) -> Result<Exit, Failure> {
        let result = match &flow.selector {
            Some(template) => self.template(template, &result)?,
            None => result,
        };
        let assign = flow.assign.as_ref();
        let assigned = assign
            .map(|template| self.template(template, &result))
            .transpose()?;
        let combined = if places_result(self.state) {
            self.placed(&flow.result, result)?
        } else {
            result
        };
        Ok(Exit {
            output: self.selected(&flow.output, &combined)?,
            assigned,
            next: self.state.next,
        })
    }

    fn complete_jsonata(&self, flow: &JsonataFlow, result: Value) -> Result<Exit, Failure> {
        let given = Given {
            input: &self.branch.input,
            result: self.jsonata_result(&result),
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
        Ok(Exit {
            output: output.unwrap_or(result),
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
