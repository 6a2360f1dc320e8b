//! What the history of an order's execution tells.

use std::collections::HashMap;

use domain::Timestamp;
use serde_json::{Map, Value, json};

use super::words::{because, sentence};
use super::{Around, Facts, Place};
use crate::Settings;
use crate::executions::Story;
use crate::expression::Update;

/// What other facts are put beside.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The tasks that were called, in order.
    calls: Vec<Call>,
    /// The statuses that the execution gave the order.
    pub(super) statuses: Vec<String>,
    /// It marked the order as needing attention.
    pub(super) attention: bool,
}

/// A call of a task.
#[derive(Debug)]
struct Call {
    scheduled_at: Timestamp,
    /// When it ended, and the index of that event.
    ended: Option<(Timestamp, usize)>,
    /// What it was called with, as text.
    parameters: String,
}

impl Told {
    /// The place of something that a task did at `at`: just before the end of the call that had `action` among its
    /// parameters and was under way then.
    pub(super) fn place_of(&self, action: &str, at: Timestamp) -> Place {
        let did = |call: &&Call| {
            call.parameters.contains(action)
                && call.scheduled_at <= at
                && call.ended.is_none_or(|(end, _)| at <= end)
        };
        let end = self.calls.iter().find(did).and_then(|call| call.ended);
        end.map_or(Place::After(0), |(_, index)| {
            Place::History(index, Around::Before)
        })
    }
}

/// An event of the history.
struct Event<'e> {
    index: usize,
    id: u64,
    at: Timestamp,
    kind: &'e str,
    /// The details of its type.
    details: Option<&'e Map<String, Value>>,
    /// The state that it belongs to.
    state: String,
    /// Which call of the state's task it belongs to, from 1.
    attempt: u32,
}

impl Event<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.details?.get(name)?.as_str()
    }
}

/// Adds what the execution's history tells.
pub(super) fn of_execution(facts: &mut Facts, settings: &Settings, story: &Story) -> Told {
    super::facts::of_beginning(facts, settings, story.info.started_at);
    if story.events.is_empty() {
        without_history(facts, story);
        return Told::default();
    }
    let mut told = Told::default();
    let mut reader = Reader::default();
    for (index, event) in story.events.iter().enumerate() {
        if let Some(event) = reader.read(index, event) {
            note_call(&mut told, &mut reader, &event);
            add(facts, &event);
            if event.kind == "TaskSucceeded" {
                let parameters = reader
                    .calls
                    .get(&event.state)
                    .and_then(|call| told.calls.get(*call));
                let parameters = parameters.map(|call| call.parameters.clone()).unwrap_or_default();
                effects(facts, settings, &mut told, &event, &parameters);
            }
        }
    }
    told
}

/// The journal is gone or can't be replayed: what the execution's row tells.
fn without_history(facts: &mut Facts, story: &Story) {
    let info = &story.info;
    let started = format!("The workflow {} started.", info.state_machine);
    facts.add(
        info.started_at,
        Place::History(0, Around::At),
        "execution",
        "ExecutionStarted",
        started,
        Value::Null,
    );
    if let Some(stopped_at) = info.stopped_at {
        let summary = sentence(format!(
            "The workflow ended {}{}",
            info.status,
            because(info.cause.as_deref())
        ));
        facts.add(
            stopped_at,
            Place::History(1, Around::At),
            "execution",
            &info.status,
            summary,
            Value::Null,
        );
    }
}

/// Follows each event back to the state that it belongs to.
#[derive(Default)]
struct Reader {
    /// State and attempt by the id of the event.
    events: HashMap<u64, (String, u32)>,
    /// The newest call of each state, by its index.
    calls: HashMap<String, usize>,
}

impl Reader {
    fn read<'e>(&mut self, index: usize, event: &'e Value) -> Option<Event<'e>> {
        let kind = event.get("type")?.as_str()?;
        let id = event.get("id")?.as_u64()?;
        let at = event.get("timestamp")?.as_str()?.parse().ok()?;
        let members = event.as_object()?;
        let details = members
            .iter()
            .find(|(name, _)| name.ends_with("EventDetails"))
            .and_then(|(_, v)| v.as_object());
        let previous = event.get("previousEventId")?.as_u64()?;
        let (mut state, mut attempt) = self.events.get(&previous).cloned().unwrap_or_default();
        if kind.ends_with("StateEntered") {
            state = details?.get("name")?.as_str()?.to_owned();
            attempt = 0;
        } else if is_call(kind) {
            attempt += 1;
        }
        self.events.insert(id, (state.clone(), attempt));
        Some(Event {
            index,
            id,
            at,
            kind,
            details,
            state,
            attempt,
        })
    }
}

fn is_call(kind: &str) -> bool {
    matches!(
        kind,
        "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled"
    )
}

fn is_end_of_call(kind: &str) -> bool {
    let ends = ["Succeeded", "Failed", "TimedOut"]
        .into_iter()
        .any(|end| kind.ends_with(end));
    ends && ["Task", "LambdaFunction", "Activity"]
        .into_iter()
        .any(|start| kind.starts_with(start))
}

fn note_call(told: &mut Told, reader: &mut Reader, event: &Event<'_>) {
    if is_call(event.kind) {
        let parameters = event
            .text("parameters")
            .or(event.text("input"))
            .unwrap_or_default()
            .to_owned();
        reader.calls.insert(event.state.clone(), told.calls.len());
        told.calls.push(Call {
            scheduled_at: event.at,
            ended: None,
            parameters,
        });
    } else if is_end_of_call(event.kind)
        && let Some(call) = reader
            .calls
            .get(&event.state)
            .and_then(|call| told.calls.get_mut(*call))
    {
        call.ended = Some((event.at, event.index));
    }
}

fn add(facts: &mut Facts, event: &Event<'_>) {
    let Some(summary) = summarise(event) else { return };
    // Payloads stay out: they hold what the order's own facts tell, addresses included.
    let mut detail = json!({ "id": event.id });
    for name in ["name", "resourceType", "resource", "error", "cause"] {
        if let Some(text) = event.text(name) {
            detail[name] = text.into();
        }
    }
    if event.attempt > 0 {
        detail["attempt"] = event.attempt.into();
    }
    let place = Place::History(event.index, Around::At);
    facts.add(
        event.at,
        place,
        "execution",
        event.kind,
        sentence(summary),
        detail,
    );
}

/// The event in a sentence; `None` for one that says no more than its neighbours.
fn summarise(event: &Event<'_>) -> Option<String> {
    let Event {
        kind, state, attempt, ..
    } = event;
    let failure = || {
        let error = event.text("error").unwrap_or("an error without a name");
        format!(
            "{error}{}",
            because(cause_in_words(event.text("cause")).as_deref())
        )
    };
    Some(match *kind {
        "ExecutionStarted" => "The workflow started".to_owned(),
        "ExecutionSucceeded" => "The workflow came to its end".to_owned(),
        "ExecutionAborted" => format!("The workflow was stopped{}", because(event.text("cause"))),
        "ExecutionTimedOut" => "The workflow took too long and was stopped".to_owned(),
        "ExecutionFailed" => format!("The workflow failed with {}", failure()),
        "TaskStarted" | "TaskSubmitted" | "LambdaFunctionStarted" | "ActivityStarted" => return None,
        kind if kind.ends_with("StateEntered") => format!("Entered {state}"),
        kind if kind.ends_with("StateExited") => format!("Left {state}"),
        kind if is_call(kind) => {
            let what = match (event.text("resourceType"), event.text("resource")) {
                (Some(service), Some(action)) => format!("{service}:{action}"),
                (None, Some(resource)) => resource.to_owned(),
                (_, None) => "its task".to_owned(),
            };
            let again = if *attempt > 1 {
                format!(", attempt {attempt}")
            } else {
                String::new()
            };
            format!("{state} called {what}{again}")
        }
        kind if is_end_of_call(kind) && kind.ends_with("Succeeded") => format!("{state} got its answer"),
        kind if is_end_of_call(kind) && kind.ends_with("TimedOut") => {
            format!("{state} got no answer in time")
        }
        kind if is_end_of_call(kind) => format!("{state} failed with {}", failure()),
        other => format!("{state}: {other}"),
    })
}

/// The message of a function's error, which comes as JSON; any other cause as it is.
fn cause_in_words(cause: Option<&str>) -> Option<String> {
    let cause = cause?;
    let parsed = serde_json::from_str::<Value>(cause).ok();
    let message = parsed
        .as_ref()
        .and_then(|error| error.get("errorMessage")?.as_str());
    Some(message.unwrap_or(cause).to_owned())
}

/// What a successful call did to the order and told the world.
fn effects(facts: &mut Facts, settings: &Settings, told: &mut Told, event: &Event<'_>, parameters: &str) {
    let Ok(Value::Object(parameters)) = serde_json::from_str::<Value>(parameters) else {
        return;
    };
    let place = Place::History(event.index, Around::After);
    match (event.text("resourceType"), event.text("resource")) {
        (Some("dynamodb"), Some("updateItem")) => {
            let set = attributes_set(&parameters);
            let text = |name: &str| set.get(name).and_then(Value::as_str).map(str::to_owned);
            if let Some(status) = text("status") {
                let summary = super::facts::status_in_words(&status, text("failureReason").as_deref());
                facts.add(
                    event.at,
                    place,
                    "order",
                    &status,
                    summary,
                    Value::Object(set.clone()),
                );
                told.statuses.push(status);
            }
            if let Some(why) = text("attention") {
                let summary = sentence(format!("The order needs a person's attention: {why}"));
                facts.add(
                    event.at,
                    place,
                    "order",
                    "NEEDS_ATTENTION",
                    summary,
                    Value::Object(set),
                );
                told.attention = true;
            }
        }
        (Some("sns"), Some("publish")) => {
            let arn = parameters
                .get("TopicArn")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let topic = settings
                .topics
                .iter()
                .find(|topic| topic.arn == arn || topic.name == arn);
            let topic = topic.map_or(arn, |topic| topic.name.as_str());
            let attributes = parameters.get("MessageAttributes");
            let status = attributes.and_then(|all| all.get("status")?.get("StringValue")?.as_str());
            let what = status.map_or("A message".to_owned(), |status| format!("The news {status}"));
            let summary = format!("{what} was published on {topic}.");
            facts.add(
                event.at,
                place,
                "notification",
                "Published",
                summary,
                json!({ "topic": topic }),
            );
        }
        _ => {}
    }
}

/// The attributes that an UpdateItem set, as far as they don't depend on the item.
fn attributes_set(parameters: &Map<String, Value>) -> Map<String, Value> {
    let member = |name: &str| parameters.get(name).and_then(Value::as_object);
    let mut set = Map::new();
    let expression = parameters
        .get("UpdateExpression")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if let Ok(update) = Update::parse(expression, member("ExpressionAttributeNames")) {
        let values = parameters.get("ExpressionAttributeValues").map(asl::Value::from);
        let values = values.as_ref().and_then(asl::Value::as_object).cloned();
        // An update that reads the item leaves `set` empty, and so tells nothing.
        let _ = update.apply(&mut set, &values.unwrap_or_default());
    }
    set
}
