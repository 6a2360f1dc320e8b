//! The Choice state.

use serde_json::Value;

use super::view::{Given, View};
use super::{Engine, flow::Exit};
use crate::failure::Failure;
use crate::history::Payload;
use crate::model::choice::{ChoiceError, Condition, Rule};
use crate::model::{Data, Flow, Selection, StateIndex};
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

    fn leave_by_rule(&self, rule: &Rule, input: &Payload) -> Result<Exit, Failure> {
        let assigned = self.assigned(rule.assign.as_ref(), input)?;
        let output = match &rule.output {
            Some(template) => {
                std::sync::Arc::new(self.jsonata_template("Output", template, Given::input(input))?)
            }
            None => self.default_output(input)?,
        };
        Ok(Exit {
            output,
            assigned,
            next: Some(rule.next),
        })
    }

    fn leave_by_default(&self, next: StateIndex, input: &Payload) -> Result<Exit, Failure> {
        let assigned = match &self.state.flow {
            Flow::JsonPath(flow) => flow
                .assign
                .as_ref()
                .map(|template| self.template(template, input))
                .transpose()?,
            Flow::Jsonata(flow) => flow
                .assign
                .as_ref()
                .map(|template| self.jsonata_template("Assign", template, Given::input(input)))
                .transpose()?,
        };
        Ok(Exit {
            output: self.default_output(input)?,
            assigned,
            next: Some(next),
        })
    }

    fn assigned(&self, assign: Option<&Data>, input: &Value) -> Result<Option<Value>, Failure> {
        assign
            .map(|data| self.data(data, Given::input(input)))
            .transpose()
    }

    /// The state's own output, when the rule has none.
    fn default_output(&self, input: &Payload) -> Result<Payload, Failure> {
        match &self.state.flow {
            Flow::JsonPath(flow) => match &flow.output {
                Selection::Whole => Ok(input.clone()),
                selection => self.selected(selection, input),
            },
            Flow::Jsonata(flow) => match &flow.output {
                Some(template) => Ok(std::sync::Arc::new(self.jsonata_template(
                    "Output",
                    template,
                    Given::input(input),
                )?)),
                None => Ok(input.clone()),
            },
        }
    }
}
