//! Small executions, played in one line.

use asl::replay::{Answer, Played, play, start_at};
use asl::{Definition, Effect, Event, EventKind, Outcome, Step, TaskCall};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A definition that must be without faults.
pub fn definition(json: &Value) -> Definition {
    match Definition::parse(&json.to_string()) {
        Ok(definition) => definition,
        Err(faults) => panic!("faults in {json}: {faults:?}"),
    }
}

/// The states as a machine that starts at the first.
pub fn machine(states: Value) -> Definition {
    let first = states.as_object().unwrap().keys().next().unwrap().clone();
    definition(&json!({"StartAt": first, "States": states}))
}

pub fn ok(state: &str, output: Value) -> Answer {
    Answer {
        state: state.into(),
        event: "TaskSucceeded".into(),
        output: output.into(),
        error: None,
        cause: None,
    }
}

pub fn error(state: &str, error: &str) -> Answer {
    let (error, cause) = (Some(error.into()), Some("why".into()));
    Answer {
        state: state.into(),
        event: "TaskFailed".into(),
        output: Value::Null.into(),
        error,
        cause,
    }
}

/// Plays a machine of these states to its end.
pub fn run(states: Value, input: Value, script: Vec<Answer>) -> Played {
    play(&machine(states), start_at(input, Timestamp::UNIX_EPOCH), script).unwrap()
}

/// What came out, as JSON: the output, or `[error, cause]`.
pub fn outcome(played: &Played) -> Value {
    match played.snapshot.outcome() {
        Some(Outcome::Succeeded { output }) => output.into(),
        Some(
            Outcome::Failed { error, cause }
            | Outcome::TimedOut { error, cause }
            | Outcome::Aborted { error, cause },
        ) => json!([error, cause]),
        None => json!("RUNNING"),
    }
}

/// A machine that goes through one state over and over. It could end, as every machine must, but never does.
pub fn endless(round: Value) -> Value {
    let mut round = round;
    round["Next"] = json!("Again");
    json!({
        "Round": round,
        "Again": {
            "Type": "Choice", "Default": "Round",
            "Choices": [{"Variable": "$$.Execution.Name", "StringEquals": "end", "Next": "End"}]
        },
        "End": {"Type": "Succeed"}
    })
}

/// The history's event types, joined by spaces, without the execution's own.
pub fn events(played: &Played) -> String {
    let types = played.history.iter().map(asl::HistoryEvent::type_name);
    types
        .filter(|name| !name.starts_with("Execution"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Seconds since the virtual clock began.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// Starts a machine of these states.
pub fn begin(definition: &Definition, input: Value) -> Step {
    asl::start(definition, start_at(input, at(0)))
}

pub fn next(definition: &Definition, step: &Step, seconds: i64, kind: EventKind) -> Step {
    asl::step(
        definition,
        step.snapshot.clone(),
        Event {
            at: at(seconds),
            seed: 1,
            kind,
        },
    )
}

/// The only call among a step's effects.
pub fn only_call(step: &Step) -> TaskCall {
    let calls: Vec<&TaskCall> = step
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Call(call) => Some(call),
            Effect::Cancel(_) | Effect::Finished(_) => None,
        })
        .collect();
    assert_eq!(calls.len(), 1, "{:?}", step.effects);
    calls[0].clone()
}
