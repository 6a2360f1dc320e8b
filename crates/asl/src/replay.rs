//! Plays an execution through on a virtual clock, with the answers of its tasks given in a script.
//!
//! This is how a workflow is tested before it is deployed: waits take no time, every attempt gets the answer that the
//! script has for it, and the outcome and the history come out as Step Functions would give them.
//!
//! ```
//! let case = r#"{
//!     "id": "declined",
//!     "definition": {"StartAt": "Pay", "States": {
//!         "Pay": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
//!                 "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 30}]}}},
//!     "input": {"orderId": "o-1"},
//!     "script": [{"state": "Pay", "event": "TaskFailed", "error": "Busy", "cause": "later"},
//!                {"state": "Pay", "event": "TaskSucceeded", "output": {"Payload": "paid"}}]
//! }"#;
//! let replayed = asl::replay::run(case).unwrap();
//! assert_eq!(replayed.status, "SUCCEEDED");
//! assert_eq!(replayed.output.unwrap()["Payload"].as_str(), Some("paid"));
//! ```

use std::collections::VecDeque;

use crate::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Definition, Effect, Event, EventKind, HistoryEvent, Outcome, Resource, Snapshot, Start, Step, TaskCall,
    start, step,
};

/// When an execution starts, if a case does not say: the same moment each time, so that the result is the same too.
const DEFAULT_START: &str = "2026-11-22T00:00:00Z";

/// One execution to play.
#[derive(Debug, Clone, Deserialize)]
pub struct ReplayCase {
    /// Names the case; given back with its result.
    pub id: String,
    /// The state machine's definition, as JSON or as a string that holds it.
    pub definition: serde_json::Value,
    /// The execution's input.
    #[serde(default)]
    pub input: Value,
    /// What each attempt of a task got, in order for each state.
    #[serde(default)]
    pub script: Vec<Answer>,
    /// When the execution starts, on the virtual clock.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
}

/// What one attempt of a task got.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// The Task state.
    pub state: String,
    /// The history event that tells it: `TaskSucceeded`, `TaskFailed`, `TaskTimedOut` or their counterparts for
    /// functions (`LambdaFunction…`) and activities (`Activity…`). After a `…TimedOut` the attempt is left without an
    /// answer until its timer runs out.
    pub event: String,
    /// What it answered.
    #[serde(default)]
    pub output: Value,
    /// The error's name, when it failed.
    #[serde(default)]
    pub error: Option<String>,
    /// The error's cause, when it failed.
    #[serde(default)]
    pub cause: Option<String>,
}

/// How a case went, in the members that `ordermill workflow replay` writes.
#[derive(Debug, Clone, Serialize)]
pub struct Replayed {
    /// The case's id.
    pub id: String,
    /// `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`; `RUNNING` when the script has no answer for a task that waits for
    /// one; `INVALID` when the definition has faults.
    pub status: &'static str,
    /// The output, when it succeeded.
    pub output: Option<Value>,
    /// The error's name, when it failed and has one.
    pub error: Option<String>,
    /// The cause, when it failed and has one; the faults of an invalid definition.
    pub cause: Option<String>,
    /// The types of the history's events, in order.
    pub event_types: Vec<&'static str>,
}

/// Why a line holds no case.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The line is not JSON, or lacks a member.
    #[error("not a replay case")]
    Malformed(#[source] serde_json::Error),
    /// An answer's event says neither success nor failure nor time-out.
    #[error("the answer of state \"{state}\" has the event \"{event}\", which is no outcome of a task")]
    UnknownEvent {
        /// The answer's state.
        state: String,
        /// The event's name.
        event: String,
    },
}

/// Plays the case in one line of JSON.
///
/// # Errors
///
/// When the line holds no case. A definition with faults, a failed execution and a script that ends too early are
/// results and no errors.
pub fn run(line: &str) -> Result<Replayed, ReplayError> {
    let case: ReplayCase = serde_json::from_str(line).map_err(ReplayError::Malformed)?;
    let text = match &case.definition {
        serde_json::Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    let definition = match Definition::parse(&text) {
        Ok(definition) => definition,
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let cause = Some(faults.join("\n"));
            return Ok(Replayed {
                id: case.id,
                status: "INVALID",
                output: None,
                error: None,
                cause,
                event_types: vec![],
            });
        }
    };
    let at = case
        .started_at
        .or_else(|| DEFAULT_START.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let played = play(&definition, start_at(case.input, at), case.script)?;
    Ok(played.summary(case.id))
}

/// A start with the given input and time, and names for the rest that look like AWS's.
pub fn start_at(input: impl Into<Value>, at: Timestamp) -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:111111111111:execution:Replay:replay".into(),
        execution_name: "replay".into(),
        machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:Replay".into(),
        machine_name: "Replay".into(),
        role_arn: "arn:aws:iam::111111111111:role/Replay".into(),
        input: input.into(),
        at,
        seed: 0,
    }
}

/// An execution as far as its script took it.
#[derive(Debug)]
pub struct Played {
    /// The execution at its end, or where it waits for an answer that the script does not have.
    pub snapshot: Snapshot,
    /// Its whole history.
    pub history: Vec<HistoryEvent>,
    /// The attempts that wait for an answer; none when the execution is over.
    pub waiting: Vec<TaskCall>,
}

impl Played {
    fn summary(self, id: String) -> Replayed {
        let event_types = self.history.iter().map(HistoryEvent::type_name).collect();
        let status = self.snapshot.outcome().map_or("RUNNING", Outcome::status);
        let present = |text: &String| (!text.is_empty()).then(|| text.clone());
        let (output, error, cause) = match self.snapshot.outcome() {
            Some(Outcome::Succeeded { output }) => (Some(output.clone()), None, None),
            Some(
                Outcome::Failed { error, cause }
                | Outcome::TimedOut { error, cause }
                | Outcome::Aborted { error, cause },
            ) => (None, present(error), present(cause)),
            None => {
                let states: Vec<&str> = self.waiting.iter().map(|call| &*call.state).collect();
                (
                    None,
                    None,
                    Some(format!("the script has no answer for: {}", states.join(", "))),
                )
            }
        };
        Replayed {
            id,
            status,
            output,
            error,
            cause,
            event_types,
        }
    }
}

/// Plays an execution until it is over, or waits for a task that the script has no answer for.
///
/// # Errors
///
/// When an answer's event is no outcome of a task.
pub fn play(definition: &Definition, start_with: Start, script: Vec<Answer>) -> Result<Played, ReplayError> {
    let mut player = Player {
        now: start_with.at,
        seed: start_with.seed,
        script,
        answers: VecDeque::new(),
        history: vec![],
    };
    let mut snapshot = player.take(start(definition, start_with))?;
    while let Some(kind) = player.next_event(&snapshot) {
        player.seed = player.seed.wrapping_add(1);
        let event = Event {
            at: player.now,
            seed: player.seed,
            kind,
        };
        snapshot = player.take(step(definition, snapshot, event))?;
    }
    Ok(Played {
        waiting: snapshot.open_calls(definition),
        snapshot,
        history: player.history,
    })
}

struct Player {
    now: Timestamp,
    seed: u64,
    script: Vec<Answer>,
    /// Answers to calls that were made, not yet given.
    answers: VecDeque<EventKind>,
    history: Vec<HistoryEvent>,
}

impl Player {
    /// Keeps a step's history and finds the answers to its calls.
    fn take(&mut self, step: Step) -> Result<Snapshot, ReplayError> {
        self.history.extend(step.history);
        for effect in step.effects {
            match effect {
                Effect::Call(call) => self.answer(&call)?,
                Effect::Cancel(_) | Effect::Finished(_) => {}
            }
        }
        Ok(step.snapshot)
    }

    /// The next thing that happens: an answer, or else a timer.
    fn next_event(&mut self, snapshot: &Snapshot) -> Option<EventKind> {
        if snapshot.outcome().is_some() {
            return None;
        }
        self.answers.pop_front().or_else(|| {
            self.now = self.now.max(snapshot.wake_at()?);
            Some(EventKind::Woken)
        })
    }

    fn answer(&mut self, call: &TaskCall) -> Result<(), ReplayError> {
        let Some(at) = self.script.iter().position(|answer| *answer.state == *call.state) else {
            return Ok(());
        };
        let answer = self.script.remove(at);
        let (task, has_timer) = (call.task, call.timeout_at.is_some() || call.heartbeat_s.is_some());
        let kind = match Verdict::of(&answer)? {
            Verdict::Succeeded => EventKind::TaskSucceeded {
                task,
                output: answer.output,
            },
            Verdict::Failed => EventKind::TaskFailed {
                task,
                error: answer.error.unwrap_or_default(),
                cause: answer.cause.unwrap_or_default(),
            },
            // A service was asked; whether a worker ever took an activity's task is not known, so none did.
            Verdict::TimedOut if has_timer => {
                if !matches!(*call.resource, Resource::Activity(_)) {
                    self.accepted(call);
                }
                return Ok(());
            }
            Verdict::TimedOut => {
                let error = answer.error.unwrap_or_else(|| "States.Timeout".to_owned());
                EventKind::TaskFailed {
                    task,
                    error,
                    cause: answer.cause.unwrap_or_default(),
                }
            }
        };
        let refused = matches!(&kind, EventKind::TaskFailed { error, .. } if refuses_request(call, error));
        if !refused {
            self.accepted(call);
        }
        self.answers.push_back(kind);
        Ok(())
    }

    /// A request whose result comes later was accepted first.
    fn accepted(&mut self, call: &TaskCall) {
        if call.resource.is_accepted_first() {
            self.answers.push_back(EventKind::TaskSubmitted {
                task: call.task,
                output: Value::Null,
            });
        }
    }
}

enum Verdict {
    Succeeded,
    Failed,
    TimedOut,
}

impl Verdict {
    fn of(answer: &Answer) -> Result<Verdict, ReplayError> {
        let outcome = ["LambdaFunction", "Task", "Activity"]
            .iter()
            .find_map(|of| answer.event.strip_prefix(of));
        match outcome {
            Some("Succeeded") => Ok(Verdict::Succeeded),
            Some("Failed" | "ScheduleFailed" | "StartFailed" | "SubmitFailed") => Ok(Verdict::Failed),
            Some("TimedOut") => Ok(Verdict::TimedOut),
            Some(_) | None => Err(ReplayError::UnknownEvent {
                state: answer.state.clone(),
                event: answer.event.clone(),
            }),
        }
    }
}

/// Whether an error is the called service's own, which it gives instead of accepting a request: such errors carry the
/// service's name in front, as `SQS.QueueDoesNotExistException`.
fn refuses_request(call: &TaskCall, error: &str) -> bool {
    let resource_type = call.resource.resource_type();
    let service = resource_type.trim_start_matches("aws-sdk:");
    let service = if matches!(service, "states" | "sfn") {
        "stepfunctions"
    } else {
        service
    };
    error
        .split_once('.')
        .is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(service))
}
