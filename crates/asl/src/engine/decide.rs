//! The Choice state.

use crate::Value;

use super::view::{Given, View};
use super::{Engine, flow::Exit};
use crate::failure::Failure;
use crate::model::choice::{ChoiceError, Condition, Rule};
use crate::model::{Flow, StateIndex};
use crate::snapshot::BranchId;

impl Engine<'_> {
    pub(super) fn choose(
        &mut self,
        id: BranchId,
        rules: &[Rule],
        default: Option<StateIndex>,
    ) -> Result<(), Failure> {
        let view = self.view(id)?;
        let input = view.selected_input()?;
        let mut chosen = None;
        for rule in rules {
            if view.holds(&rule.condition, &input)? {
                chosen = Some(rule);
                break;
            }
        }
        let exit = match (chosen, default) {
            (Some(rule), _) => view.leave_by_rule(rule, &input)?,
            (None, Some(next)) => view.leave_by_default(next, &input)?,
            (None, None) => {
                let problem = "Failed to transition out of the state. The state's choices do not match its input, and \
                               it has no default.";
                return Err(Failure::named("States.NoChoiceMatched", view.located(problem)));
            }
        };
        self.exit(id, exit)
    }
}

impl View<'_> {
    fn holds(&self, condition: &Condition, input: &Value) -> Result<bool, Failure> {
        match condition {
            Condition::Jsonata(expression) => {
                match self.jsonata("Condition", expression, Given::input(input))? {
                    Value::Bool(answer) => Ok(answer),
                    other => Err(self.unexpected_type("Condition", expression, "boolean", &other)),
                }
            }
            Condition::And(_)
            | Condition::Or(_)
            | Condition::Not(_)
            | Condition::Test { .. }
            | Condition::Always(_) => condition.holds(&self.scope(input)).map_err(|error| match error {
                ChoiceError::InvalidPath { path } => self.runtime(format!(
                    "Invalid path '{path}': The choice state's condition path references an invalid value."
                )),
                ChoiceError::Expression(error) => self.runtime(error),
            }),
        }
    }

    fn leave_by_rule(&self, rule: &Rule, input: &Value) -> Result<Exit, Failure> {
        let given = Given::input(input);
        let assigned = rule
            .assign
            .as_ref()
            .map(|data| self.data(data, given))
            .transpose()?;
        let exit = self.leave(input, rule.next)?;
        match &rule.output {
            Some(template) => {
                let output = self.jsonata_template("Output", template, given)?;
                Ok(Exit {
                    output,
                    assigned,
                    ..exit
                })
            }
            None => Ok(Exit { assigned, ..exit }),
        }
    }

    /// No rule holds: the state's own `Assign` counts.
    fn leave_by_default(&self, next: StateIndex, input: &Value) -> Result<Exit, Failure> {
        let assigned = match &self.state.flow {
            Flow::JsonPath(flow) => {
                let assign = flow.assign.as_ref();
                assign
                    .map(|template| self.template(template, input))
                    .transpose()?
            }
            Flow::Jsonata(flow) => {
                let (assign, given) = (flow.assign.as_ref(), Given::input(input));
                assign
                    .map(|template| self.jsonata_template("Assign", template, given))
                    .transpose()?
            }
        };
        Ok(Exit {
            assigned,
            ..self.leave(input, next)?
        })
    }

    /// The output that the state has whatever its rules say.
    fn leave(&self, input: &Value, next: StateIndex) -> Result<Exit, Failure> {
        let output = match &self.state.flow {
            Flow::JsonPath(flow) => self.selected(&flow.output, input)?,
            Flow::Jsonata(flow) => match &flow.output {
                Some(template) => self.jsonata_template("Output", template, Given::input(input))?,
                None => input.clone(),
            },
        };
        Ok(Exit {
            output,
            assigned: None,
            next: Some(next),
        })
    }
}
