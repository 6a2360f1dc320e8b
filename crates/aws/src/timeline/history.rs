//! What Step Functions tells of an order's execution: its history, event by event.
//!
//! The execution's name is the order's id, so its ARN follows from the state machine's. Payloads stay out: they hold what
//! the order's own facts tell.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::operation::get_execution_history::GetExecutionHistoryError;
use aws_sdk_sfn::types::HistoryEvent;
use domain::{Order, OrderId, OrderStatus, Timestamp};
use ports::StoreError;
use ports::orders::TimelineEntry;
use serde_json::{Value, json};

use super::facts::entry;
use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::store::{Store, call};

/// The most events of one call.
const PAGE: i32 = 1_000;

/// The history of an execution ends at 25,000 events.
const MAX_PAGES: u32 = 25;

/// What can be told of an execution.
pub(super) enum History {
    /// Its events, oldest first.
    Kept(Vec<TimelineEntry>),
    /// There is none of that name, or not any more.
    NotFound,
    /// The state machine is an EXPRESS one, of which no history can be asked for.
    Unsupported,
}

/// The code by which an API says that it isn't for machines of this type.
const WRONG_TYPE: &str = "StateMachineTypeNotSupported";

/// The events of the order's execution.
pub(super) async fn of_execution(store: &Store, id: OrderId) -> Result<History, StoreError> {
    let arn = execution_arn(store.name(Variable::StateMachineArn)?, id)?;
    let mut entries = Vec::new();
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let request = store
            .states()
            .get_execution_history()
            .execution_arn(&arn)
            .max_results(PAGE)
            .include_execution_data(false)
            .set_next_token(token);
        let answer = match call("states", "GetExecutionHistory", request.send()).await {
            Ok(answer) => answer,
            Err(error) => {
                return match error.as_service_error() {
                    Some(GetExecutionHistoryError::ExecutionDoesNotExist(_)) => Ok(History::NotFound),
                    // The ARN is made as a STANDARD machine's is, so one that isn't right is of another type.
                    Some(GetExecutionHistoryError::InvalidArn(_)) => Ok(History::Unsupported),
                    Some(_) | None if error.code() == Some(WRONG_TYPE) => Ok(History::Unsupported),
                    Some(_) | None => Err(store_error(error)),
                };
            }
        };
        entries.extend(answer.events.iter().filter_map(fact));
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    Ok(History::Kept(entries))
}

/// The history as entries of the order's timeline. Where there is none that there should be, one entry says so.
pub(super) fn entries(history: History, order: &Order) -> Vec<TimelineEntry> {
    let has_run = match order.state.status {
        OrderStatus::Completed | OrderStatus::Failed => true,
        // These may be from before an execution was started.
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Cancelled => false,
    };
    let is_missing = match history {
        History::Kept(entries) => return entries,
        History::NotFound => has_run,
        History::Unsupported => order.state.status != OrderStatus::Pending,
    };
    let summary = "The workflow's states are not told: an EXPRESS workflow has no history that can be asked for, and a \
                   STANDARD one keeps it for 90 days."
        .to_owned();
    let entry = entry(
        order.state.updated_at,
        "execution",
        "HistoryNotAvailable",
        summary,
        Value::Null,
    );
    is_missing.then_some(entry).into_iter().collect()
}

fn execution_arn(machine: &str, id: OrderId) -> Result<String, StoreError> {
    let (account, name) = machine
        .split_once(":stateMachine:")
        .ok_or_else(|| Damaged::new("STATE_MACHINE_ARN", "of the function"))?;
    Ok(format!("{account}:execution:{name}:{id}"))
}

fn fact(event: &HistoryEvent) -> Option<TimelineEntry> {
    let kind = event.r#type.as_str();
    let at = Timestamp::from_ms(event.timestamp.to_millis().ok()?);
    let mut detail = json!({ "id": event.id });
    let mut note = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            detail[name] = value.into();
        }
    };
    let entered = event
        .state_entered_event_details
        .as_ref()
        .map(|details| details.name.as_str());
    let left = event
        .state_exited_event_details
        .as_ref()
        .map(|details| details.name.as_str());
    note("name", entered.or(left));
    let scheduled = event.task_scheduled_event_details.as_ref();
    note("resourceType", scheduled.map(|task| task.resource_type.as_str()));
    note("resource", scheduled.map(|task| task.resource.as_str()));
    let (error, cause) = failure(event);
    note("error", error);
    note("cause", cause);
    let summary = summarise(kind, &detail)?;
    Some(entry(at, "execution", kind, summary, detail))
}

/// The error and cause of an event that tells of a failure.
fn failure(event: &HistoryEvent) -> (Option<&str>, Option<&str>) {
    if let Some(failed) = &event.task_failed_event_details {
        return (failed.error.as_deref(), failed.cause.as_deref());
    }
    if let Some(failed) = &event.task_timed_out_event_details {
        return (failed.error.as_deref(), failed.cause.as_deref());
    }
    if let Some(failed) = &event.lambda_function_failed_event_details {
        return (failed.error.as_deref(), failed.cause.as_deref());
    }
    if let Some(failed) = &event.execution_failed_event_details {
        return (failed.error.as_deref(), failed.cause.as_deref());
    }
    if let Some(aborted) = &event.execution_aborted_event_details {
        return (aborted.error.as_deref(), aborted.cause.as_deref());
    }
    (None, None)
}

/// The event in a sentence; `None` for one that says no more than its neighbours.
fn summarise(kind: &str, detail: &Value) -> Option<String> {
    let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
    let failed = || {
        let cause = text("cause");
        let because = if cause.is_empty() {
            String::new()
        } else {
            format!(": {cause}")
        };
        format!(
            "{}{because}",
            if text("error").is_empty() {
                "an error without a name"
            } else {
                text("error")
            }
        )
    };
    Some(match kind {
        "ExecutionStarted" => "The workflow started.".to_owned(),
        "ExecutionSucceeded" => "The workflow came to its end.".to_owned(),
        "ExecutionAborted" => "The workflow was stopped.".to_owned(),
        "ExecutionTimedOut" => "The workflow took too long and was stopped.".to_owned(),
        "ExecutionFailed" => format!("The workflow failed with {}.", failed()),
        "TaskStarted" | "TaskSubmitted" | "LambdaFunctionStarted" => return None,
        kind if kind.ends_with("StateEntered") => format!("Entered {}.", text("name")),
        kind if kind.ends_with("StateExited") => format!("Left {}.", text("name")),
        "TaskScheduled" => format!("The task called {}:{}.", text("resourceType"), text("resource")),
        kind if kind.ends_with("Succeeded") => "The task got its answer.".to_owned(),
        kind if kind.ends_with("TimedOut") => "The task got no answer in time.".to_owned(),
        kind if kind.ends_with("Failed") => format!("The task failed with {}.", failed()),
        other => format!("{other}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executions_arn_follows_from_its_machines() {
        let id = OrderId::from_parts(1, 2, 3);
        let machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:order-processing";
        assert_eq!(
            execution_arn(machine, id).unwrap(),
            format!("arn:aws:states:eu-central-1:123456789012:execution:order-processing:{id}")
        );
        assert!(execution_arn("order-processing", id).is_err());
    }
}
