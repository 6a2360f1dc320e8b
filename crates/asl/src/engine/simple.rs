//! Trying a state: the states that need no waiting here, the others in modules of their own.

use super::view::View;
use super::{Engine, stray_branch};
use crate::Value;
use crate::failure::Failure;
use crate::model::{Flow, Kind, Message};
use crate::snapshot::BranchId;

impl Engine<'_> {
    /// Tries the state that a branch is in, for the first time or again.
    pub(super) fn attempt(&mut self, id: BranchId) -> Result<(), Failure> {
        let Some(state) = self.state(id) else {
            return Err(stray_branch());
        };
        match &state.kind {
            Kind::Pass { result } => self.pass(id, result.as_ref()),
            Kind::Task(task) => self.call_task(id, task),
            Kind::Choice { rules, default } => self.choose(id, rules, *default),
            Kind::Wait(until) => self.wait(id, until),
            Kind::Succeed => {
                let input = self.effective_input(id)?;
                self.complete_state(id, input)
            }
            Kind::Fail { error, cause } => Err(self.view(id)?.fail(error.as_ref(), cause.as_ref())?),
            Kind::Parallel { starts } => self.start_parallel(id, starts),
            Kind::Map(map) => self.start_map(id, map),
        }
    }

    fn pass(&mut self, id: BranchId, result: Option<&Value>) -> Result<(), Failure> {
        let result = match result {
            Some(result) => result.clone(),
            None => self.effective_input(id)?,
        };
        self.complete_state(id, result)
    }
}

impl View<'_> {
    /// What a Fail state fails with.
    fn fail(&self, error: Option<&Message>, cause: Option<&Message>) -> Result<Failure, Failure> {
        let text = |message: Option<&Message>| {
            message
                .map(|message| self.message(message, &self.branch.input))
                .transpose()
        };
        let (error, cause) = (text(error)?, text(cause)?);
        Ok(Failure {
            error: error.clone(),
            cause: cause.clone(),
            ..Failure::named("", "")
        })
    }

    /// What a state of JSONPath works on; in JSONata it is the input itself.
    pub(super) fn selected_input(&self) -> Result<Value, Failure> {
        match &self.state.flow {
            Flow::JsonPath(flow) => self.selected(&flow.input, &self.branch.input),
            Flow::Jsonata(_) => Ok(self.branch.input.clone()),
        }
    }
}
