//! A history event as JSON, in the members that `GetExecutionHistory` gives it.

use crate::Value;
use crate::value::Object;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use smol_str::{SmolStr, format_smolstr};

use super::{ErrorDetails, HistoryEvent, HistoryEventKind as Kind, ResourceDetails};

/// A time as the history and the context object write it: RFC 3339 in UTC with milliseconds.
pub(crate) fn time_text(at: Timestamp) -> SmolStr {
    let time = Offset::UTC.to_datetime(at);
    if time.year() < 0 {
        return format_smolstr!("{at:.3}");
    }
    // Digit by digit: an execution writes a few, and the formatter costs ten times as much.
    let mut text = *b"0000-00-00T00:00:00.000Z";
    put_digits(&mut text[0..4], time.year().unsigned_abs());
    put_digits(&mut text[5..7], time.month().unsigned_abs().into());
    put_digits(&mut text[8..10], time.day().unsigned_abs().into());
    put_digits(&mut text[11..13], time.hour().unsigned_abs().into());
    put_digits(&mut text[14..16], time.minute().unsigned_abs().into());
    put_digits(&mut text[17..19], time.second().unsigned_abs().into());
    put_digits(&mut text[20..23], time.millisecond().unsigned_abs());
    std::str::from_utf8(&text).unwrap_or_default().into()
}

/// Writes the last digits of a number.
fn put_digits(place: &mut [u8], number: u16) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[usize::from(rest % 10)];
        rest /= 10;
    }
}

impl Serialize for HistoryEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &time_text(self.timestamp))?;
        map.serialize_entry("type", self.type_name())?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if let Some(member) = details_member(&self.kind) {
            map.serialize_entry(member, &Details(&self.kind))?;
        }
        map.end()
    }
}

/// The member that holds an event's details; the Started, Succeeded and Failed events of containers have none.
fn details_member(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::ExecutionStarted { .. } => "executionStartedEventDetails",
        Kind::ExecutionSucceeded { .. } => "executionSucceededEventDetails",
        Kind::ExecutionFailed(_) => "executionFailedEventDetails",
        Kind::ExecutionTimedOut(_) => "executionTimedOutEventDetails",
        Kind::ExecutionAborted(_) => "executionAbortedEventDetails",
        Kind::StateEntered { .. } => "stateEnteredEventDetails",
        Kind::StateExited { .. } => "stateExitedEventDetails",
        Kind::LambdaFunctionScheduled { .. } => "lambdaFunctionScheduledEventDetails",
        Kind::LambdaFunctionSucceeded { .. } => "lambdaFunctionSucceededEventDetails",
        Kind::LambdaFunctionFailed(_) => "lambdaFunctionFailedEventDetails",
        Kind::LambdaFunctionTimedOut(_) => "lambdaFunctionTimedOutEventDetails",
        Kind::ActivityScheduled { .. } => "activityScheduledEventDetails",
        Kind::ActivitySucceeded { .. } => "activitySucceededEventDetails",
        Kind::ActivityFailed(_) => "activityFailedEventDetails",
        Kind::ActivityTimedOut(_) => "activityTimedOutEventDetails",
        Kind::TaskScheduled { .. } => "taskScheduledEventDetails",
        Kind::TaskStarted(_) => "taskStartedEventDetails",
        Kind::TaskSubmitted { .. } => "taskSubmittedEventDetails",
        Kind::TaskSucceeded { .. } => "taskSucceededEventDetails",
        Kind::TaskFailed { .. } => "taskFailedEventDetails",
        Kind::TaskTimedOut { .. } => "taskTimedOutEventDetails",
        Kind::MapStateStarted { .. } => "mapStateStartedEventDetails",
        Kind::MapIterationStarted { .. } => "mapIterationStartedEventDetails",
        Kind::MapIterationSucceeded { .. } => "mapIterationSucceededEventDetails",
        Kind::MapIterationFailed { .. } => "mapIterationFailedEventDetails",
        Kind::MapIterationAborted { .. } => "mapIterationAbortedEventDetails",
        Kind::MapRunStarted { .. } => "mapRunStartedEventDetails",
        Kind::MapRunFailed(_) => "mapRunFailedEventDetails",
        Kind::EvaluationFailed { .. } => "evaluationFailedEventDetails",
        Kind::LambdaFunctionStarted
        | Kind::ActivityStarted
        | Kind::ParallelStateStarted
        | Kind::ParallelStateSucceeded
        | Kind::ParallelStateFailed
        | Kind::MapStateSucceeded
        | Kind::MapStateFailed
        | Kind::MapRunSucceeded => return None,
    })
}

struct Details<'a>(&'a Kind);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Kind::ExecutionStarted { input, role_arn } => {
                payload(&mut map, "input", "inputDetails", input)?;
                map.serialize_entry("roleArn", role_arn)?;
            }
            Kind::ExecutionSucceeded { output }
            | Kind::LambdaFunctionSucceeded { output }
            | Kind::ActivitySucceeded { output } => payload(&mut map, "output", "outputDetails", output)?,
            Kind::ExecutionFailed(details)
            | Kind::ExecutionTimedOut(details)
            | Kind::ExecutionAborted(details)
            | Kind::LambdaFunctionFailed(details)
            | Kind::LambdaFunctionTimedOut(details)
            | Kind::ActivityFailed(details)
            | Kind::ActivityTimedOut(details)
            | Kind::MapRunFailed(details) => error(&mut map, details)?,
            Kind::StateEntered { name, input, .. } => {
                map.serialize_entry("name", name)?;
                payload(&mut map, "input", "inputDetails", input)?;
            }
            Kind::StateExited {
                name,
                output,
                assigned,
                ..
            } => {
                map.serialize_entry("name", name)?;
                payload(&mut map, "output", "outputDetails", output)?;
                if let Some(Value::Object(variables)) = assigned {
                    map.serialize_entry("assignedVariables", &Texts(variables))?;
                    map.serialize_entry("assignedVariablesDetails", &Truncated::NO)?;
                }
            }
            Kind::LambdaFunctionScheduled {
                resource,
                input,
                timeout_s,
            } => {
                map.serialize_entry("resource", resource)?;
                payload(&mut map, "input", "inputDetails", input)?;
                seconds(&mut map, "timeoutInSeconds", *timeout_s)?;
            }
            Kind::ActivityScheduled {
                resource,
                input,
                timeout_s,
                heartbeat_s,
            } => {
                map.serialize_entry("resource", resource)?;
                payload(&mut map, "input", "inputDetails", input)?;
                seconds(&mut map, "timeoutInSeconds", *timeout_s)?;
                seconds(&mut map, "heartbeatInSeconds", *heartbeat_s)?;
            }
            Kind::TaskScheduled {
                task,
                region,
                parameters,
                timeout_s,
                heartbeat_s,
            } => {
                resource(&mut map, task)?;
                map.serialize_entry("region", region)?;
                map.serialize_entry("parameters", &parameters.to_string())?;
                seconds(&mut map, "timeoutInSeconds", *timeout_s)?;
                seconds(&mut map, "heartbeatInSeconds", *heartbeat_s)?;
            }
            Kind::TaskStarted(task) => resource(&mut map, task)?,
            Kind::TaskSubmitted { task, output } | Kind::TaskSucceeded { task, output } => {
                resource(&mut map, task)?;
                payload(&mut map, "output", "outputDetails", output)?;
            }
            Kind::TaskFailed { task, details } | Kind::TaskTimedOut { task, details } => {
                resource(&mut map, task)?;
                error(&mut map, details)?;
            }
            Kind::MapStateStarted { length } => map.serialize_entry("length", length)?,
            Kind::MapIterationStarted { name, index }
            | Kind::MapIterationSucceeded { name, index }
            | Kind::MapIterationFailed { name, index }
            | Kind::MapIterationAborted { name, index } => {
                map.serialize_entry("name", name)?;
                map.serialize_entry("index", index)?;
            }
            Kind::MapRunStarted { map_run_arn } => map.serialize_entry("mapRunArn", map_run_arn)?,
            Kind::EvaluationFailed {
                details,
                location,
                state,
            } => {
                error(&mut map, details)?;
                map.serialize_entry("location", location)?;
                map.serialize_entry("state", state)?;
            }
            Kind::LambdaFunctionStarted
            | Kind::ActivityStarted
            | Kind::ParallelStateStarted
            | Kind::ParallelStateSucceeded
            | Kind::ParallelStateFailed
            | Kind::MapStateSucceeded
            | Kind::MapStateFailed
            | Kind::MapRunSucceeded => {}
        }
        map.end()
    }
}

/// What AWS adds to each payload: whether it was cut short, which never happens here.
#[derive(Serialize)]
struct Truncated {
    truncated: bool,
}

impl Truncated {
    const NO: Truncated = Truncated { truncated: false };
}

/// Variables by their names, each as JSON text.
struct Texts<'a>(&'a Object);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, &value.to_string())?;
        }
        map.end()
    }
}

fn payload<M: SerializeMap>(map: &mut M, member: &str, details: &str, value: &Value) -> Result<(), M::Error> {
    map.serialize_entry(member, &value.to_string())?;
    map.serialize_entry(details, &Truncated::NO)
}

fn error<M: SerializeMap>(map: &mut M, details: &ErrorDetails) -> Result<(), M::Error> {
    for (member, value) in [("error", &details.error), ("cause", &details.cause)] {
        if let Some(value) = value {
            map.serialize_entry(member, value)?;
        }
    }
    Ok(())
}

fn resource<M: SerializeMap>(map: &mut M, task: &ResourceDetails) -> Result<(), M::Error> {
    map.serialize_entry("resourceType", &task.resource_type)?;
    map.serialize_entry("resource", &task.resource)
}

fn seconds<M: SerializeMap>(map: &mut M, member: &str, value: Option<u64>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(member, &value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_formatter_does() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.9999Z",
            "2024-02-29T12:34:56.789999Z",
            "0000-01-01T00:00:00Z",
            "9999-12-30T22:00:00.001Z",
            "-000044-03-15T11:00:00.5Z",
        ] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(time_text(at), format!("{at:.3}"));
        }
    }
}
