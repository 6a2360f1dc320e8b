//! The Wait state, and everything else that a clock ends.

use crate::Value;
use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::view::{Given, View};
use crate::failure::Failure;
use crate::limits::MAX_WAIT_S;
use crate::model::choice::parse_timestamp;
use crate::model::{Message, Number, Until};
use crate::snapshot::{Activity, BranchId};

/// What a timer that ran out was for.
enum Due {
    WaitOver,
    /// A Map state can start more iterations, which an earlier step left over.
    MapCanGoOn,
    RetryNow,
    TaskTimedOut,
    HeartbeatMissed,
}

impl Engine<'_> {
    pub(super) fn wait(&mut self, id: BranchId, until: &Until) -> Result<(), Failure> {
        let at = self.at;
        let view = self.view(id)?;
        let until = match until {
            Until::Seconds(seconds) => view.wait_seconds(seconds, at)?,
            Until::Timestamp(timestamp) => view.wait_timestamp(timestamp)?,
        };
        if until.duration_since(at).as_secs() > MAX_WAIT_S {
            return Err(view.runtime("Wait state delay is too long."));
        }
        if let Some(branch) = self.snapshot.branch_mut(id) {
            branch.activity = Activity::Wait { until };
        }
        if until <= at { self.leave_wait(id) } else { Ok(()) }
    }

    fn leave_wait(&mut self, id: BranchId) -> Result<(), Failure> {
        let input = self.view(id)?.selected_input()?;
        self.complete_state(id, input)
    }

    /// Lets every timer that is due fire, and goes on with what an earlier step left over.
    pub(super) fn wake(&mut self) {
        let mut due = Vec::new();
        for branch in &self.snapshot.branches {
            match due_at(&branch.activity, self.at) {
                Some(timer) => due.push((branch.id, timer)),
                None => match &branch.activity {
                    Activity::Enter | Activity::Retry => self.ready.push_back(branch.id),
                    Activity::Map(progress) if progress.can_start() => due.push((branch.id, Due::MapCanGoOn)),
                    Activity::Wait { .. }
                    | Activity::BackOff { .. }
                    | Activity::Task(_)
                    | Activity::Parallel(_)
                    | Activity::Map(_) => {}
                },
            }
        }
        for (id, timer) in due {
            self.fire(id, &timer);
        }
    }

    fn fire(&mut self, id: BranchId, timer: &Due) {
        let result = match timer {
            Due::WaitOver => self.leave_wait(id),
            Due::RetryNow => {
                if let Some(branch) = self.snapshot.branch_mut(id) {
                    branch.activity = Activity::Retry;
                    self.ready.push_back(id);
                }
                Ok(())
            }
            Due::MapCanGoOn => self.go_on_with_map(id),
            Due::TaskTimedOut => Err(self.task_timed_out(id, Failure::timeout())),
            Due::HeartbeatMissed => Err(self.task_timed_out(id, Failure::heartbeat_timeout())),
        };
        // An earlier timer of this step may have ended the branch: then there is no state to fail.
        if let (Err(failure), true) = (result, self.snapshot.branch(id).is_some()) {
            self.fail_state(id, failure);
        }
    }
}

/// Which timer of an activity is due.
fn due_at(activity: &Activity, at: Timestamp) -> Option<Due> {
    match activity {
        Activity::Wait { until } => (*until <= at).then_some(Due::WaitOver),
        Activity::BackOff { until } => (*until <= at).then_some(Due::RetryNow),
        Activity::Task(task) => {
            if task.timeout_at.is_some_and(|timeout_at| timeout_at <= at) {
                Some(Due::TaskTimedOut)
            } else {
                task.heartbeat
                    .filter(|heartbeat| heartbeat.due_at <= at)
                    .map(|_| Due::HeartbeatMissed)
            }
        }
        Activity::Enter | Activity::Retry | Activity::Parallel(_) | Activity::Map(_) => None,
    }
}

impl View<'_> {
    fn wait_seconds(&self, seconds: &Number, at: Timestamp) -> Result<Timestamp, Failure> {
        let input = self.selected_input()?;
        let value = match seconds {
            Number::Path { path, text, .. } => path.evaluate(&self.scope(&input)).map_err(|_missing| {
                self.runtime(format!(
                    "The SecondsPath parameter does not reference an input value: {text}"
                ))
            })?,
            Number::Literal(_) | Number::Jsonata { .. } => self.number(seconds, &input)?,
        };
        let invalid = || {
            let name = match seconds {
                Number::Path { text, .. } => {
                    format!("The SecondsPath parameter does not reference a valid value: {text} == {value}")
                }
                Number::Literal(_) | Number::Jsonata { .. } => {
                    format!("The Seconds parameter is not a whole number of seconds: {value}")
                }
            };
            match seconds {
                Number::Jsonata { field, .. } => Failure::evaluation(*field, self.located(name)),
                Number::Path { .. } | Number::Literal(_) => self.runtime(name),
            }
        };
        let seconds = whole_number(&value)
            .filter(|seconds| *seconds >= 0)
            .ok_or_else(invalid)?;
        if seconds > MAX_WAIT_S {
            return Err(self.runtime("Wait state delay is too long."));
        }
        at.checked_add(SignedDuration::from_secs(seconds))
            .map_err(|_overflow| self.runtime("Wait state delay is too long."))
    }

    fn wait_timestamp(&self, timestamp: &Message) -> Result<Timestamp, Failure> {
        let input = self.selected_input()?;
        match timestamp {
            Message::Literal(text) => parse_timestamp(text).ok_or_else(|| self.runtime(bad_timestamp(text))),
            Message::Path { path, text, .. } => {
                let value = path.evaluate(&self.scope(&input)).map_err(|_missing| {
                    self.runtime(format!(
                        "The TimestampPath parameter does not reference an input value: {text}"
                    ))
                })?;
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                value.as_str().and_then(parse_timestamp).ok_or_else(|| {
                    self.runtime(format!(
                        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time \
                         format string: {text} == {shown}"
                    ))
                })
            }
            Message::Jsonata { field, expression } => {
                match self.jsonata(field, expression, Given::input(&input))? {
                    Value::String(text) => parse_timestamp(&text)
                        .ok_or_else(|| Failure::evaluation(*field, self.located(bad_timestamp(&text)))),
                    other => Err(self.unexpected_type(field, expression, "string", &other)),
                }
            }
        }
    }
}

fn bad_timestamp(text: &str) -> String {
    format!(
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"
    )
}

/// A number without a fraction, however it is written (`5`, `5.0`, `5e0`).
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    number.as_i64().or_else(|| {
        let float = number
            .as_f64()
            .filter(|float| float.fract() == 0.0 && float.abs() < 1e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "a whole number within 53 bits")]
        let whole = float as i64;
        Some(whole)
    })
}
