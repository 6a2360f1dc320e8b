//! The services that tasks call: functions, the tables, the topics.
//!
//! A read is answered at once. A write to the table or a topic is not called and then noted: it is made in the very
//! transaction that notes its outcome, so there's no moment in which one is there without the other.

use std::pin::pin;
use std::sync::{Arc, LazyLock};

use asl::value::Object;
use asl::{EventKind, Resource, TaskCall, TaskId, Value};
use domain::Timestamp;
use ports::function::{Context, Invocation, Reply};
use serde_json::{Map, json};

use super::run::{Identity, Run};
use crate::Engine;
use crate::expression::Projection;
use crate::faults::{INJECTED, TaskFault};
use crate::item;
use crate::lambda::request_id;
use crate::observe::spans::{self, Attempt};
use crate::orders::{OrderRow, UpdateItem, UpdateRefused, parse_key};
use crate::topic::{Attribute, Attributes, Publication, publish};
use crate::tx::Tx;

/// How a task is called.
pub(crate) enum Prepared {
    /// It has its answer.
    Answered(EventKind),
    /// It is written together with its outcome, which is this if the write is not refused.
    Write(Write, EventKind),
    /// A function has to be called.
    Function(FunctionCall),
}

/// A function to call for a task.
#[derive(Debug, Clone)]
pub(crate) struct FunctionCall {
    function: String,
    payload: Value,
    /// Whether the answer comes in the envelope of `lambda:invoke`.
    enveloped: bool,
    /// Fault injection: whatever it answers, the task fails.
    answer_lost: bool,
    /// Names the attempt's span.
    attempt: Attempt,
}

/// What a task writes.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Update(Box<UpdateItem>),
    Publish(Publication),
}

/// Why a write was not made, as the task's error and cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) cause: String,
}

impl Write {
    pub(crate) fn may_be_refused(&self) -> bool {
        match self {
            Self::Update(_) => true,
            Self::Publish(_) => false,
        }
    }

    pub(crate) fn apply(&self, tx: &mut Tx<'_>) -> rusqlite::Result<Result<(), Refusal>> {
        match self {
            Self::Update(update) => Ok(update.apply(tx)?.map_err(|refused| {
                let error = match refused {
                    UpdateRefused::ConditionFailed => "DynamoDB.ConditionalCheckFailedException",
                    UpdateRefused::Invalid(_) => "DynamoDB.AmazonDynamoDBException",
                };
                Refusal {
                    error: error.to_owned(),
                    cause: refused.to_string(),
                }
            })),
            Self::Publish(publication) => publish(tx, publication).map(Ok),
        }
    }
}

/// What a read sees instead of the table: an order as it will be once the transaction at hand commits.
pub(crate) type Overlay<'o> = Option<&'o OrderRow>;

/// Finds out how a task is called. Nothing is written yet.
pub(crate) fn prepare(
    engine: &Engine,
    run: &Run,
    call: TaskCall,
    attempt: &Attempt,
    overlay: Overlay<'_>,
    at: Timestamp,
) -> Prepared {
    let TaskCall {
        task,
        resource,
        input,
        ..
    } = call;
    let prepared = match &*resource {
        Resource::Lambda(function) => Ok(Prepared::Function(FunctionCall {
            function: function.clone(),
            payload: input,
            enveloped: false,
            answer_lost: false,
            attempt: attempt.clone(),
        })),
        Resource::Service { service, action, .. } => match (service.as_str(), action.as_str()) {
            ("lambda", "invoke") => Ok(Prepared::Function(invoke(&input, attempt))),
            ("dynamodb", "getItem") => get_item(engine, &input, overlay).map(|it| answered(task, it)),
            ("dynamodb", "updateItem") => update_item(engine, &input, at).map(|it| written(task, it)),
            ("sns", "publish") => publish_message(engine, run, &input, at).map(|it| written(task, it)),
            (service, action) => Err(unsupported(&format!("{service}:{action}"))),
        },
        Resource::Activity(arn) => Err(unsupported(arn)),
    };
    prepared.unwrap_or_else(|refusal| Prepared::Answered(failed(task, refusal)))
}

fn answered(task: TaskId, output: Value) -> Prepared {
    Prepared::Answered(EventKind::TaskSucceeded { task, output })
}

fn written(task: TaskId, (write, output): (Write, Value)) -> Prepared {
    Prepared::Write(write, EventKind::TaskSucceeded { task, output })
}

/// How a resource is called, as far as that can be told without its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// Something outside of the engine.
    Function,
    /// A write that is made together with its outcome.
    Write,
    /// All else is answered at once.
    Read,
}

impl CallKind {
    pub(crate) fn of(resource: &Resource) -> Self {
        match resource {
            Resource::Lambda(_) => Self::Function,
            Resource::Service { service, action, .. } => match (service.as_str(), action.as_str()) {
                ("lambda", "invoke") => Self::Function,
                ("dynamodb", "updateItem") | ("sns", "publish") => Self::Write,
                _ => Self::Read,
            },
            Resource::Activity(_) => Self::Read,
        }
    }
}

/// Makes the task go wrong in the way that was injected for it.
pub(crate) fn strike(prepared: Prepared, task: TaskId, fault: TaskFault) -> Prepared {
    let cause = format!("{fault:?}");
    let failure = failed(
        task,
        Refusal {
            error: INJECTED.into(),
            cause,
        },
    );
    match (fault, prepared) {
        (TaskFault::Fail, _) | (TaskFault::LoseAnswer, Prepared::Answered(_)) => Prepared::Answered(failure),
        (TaskFault::LoseAnswer, Prepared::Write(write, _)) => Prepared::Write(write, failure),
        (TaskFault::LoseAnswer, Prepared::Function(call)) => Prepared::Function(FunctionCall {
            answer_lost: true,
            ..call
        }),
    }
}

fn unsupported(what: &str) -> Refusal {
    Refusal {
        error: "States.Runtime".into(),
        cause: format!("{what} is not supported on one machine"),
    }
}

fn invalid(service: &str, cause: &dyn std::fmt::Display) -> Refusal {
    let error = if service == "SNS" {
        "SNS.InvalidParameterException"
    } else {
        "DynamoDB.AmazonDynamoDBException"
    };
    Refusal {
        error: error.into(),
        cause: cause.to_string(),
    }
}

fn failed(task: TaskId, refusal: Refusal) -> EventKind {
    EventKind::TaskFailed {
        task,
        error: refusal.error,
        cause: refusal.cause,
    }
}

fn invoke(input: &Value, attempt: &Attempt) -> FunctionCall {
    let payload = input.get("Payload").cloned();
    FunctionCall {
        function: input["FunctionName"].as_str().unwrap_or_default().to_owned(),
        payload: payload.unwrap_or_else(|| Object::default().into()),
        enveloped: true,
        answer_lost: false,
        attempt: attempt.clone(),
    }
}

fn get_item(engine: &Engine, input: &Value, overlay: Overlay<'_>) -> Result<Value, Refusal> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let names = input.get("ExpressionAttributeNames").and_then(Value::as_object);
    let key = &input["Key"];
    let settings = engine.settings();
    let projection = text("ProjectionExpression")
        .map(|text| engine.expressions().projection(text, names))
        .transpose()
        .map_err(|error| invalid("DynamoDB", &error))?;
    let item = match text("TableName").unwrap_or_default() {
        table if table == settings.inventory_table => product_item(engine, key)?,
        table if table == settings.orders_table => order_item(engine, key, projection.as_deref(), overlay)?,
        _ => return Err(invalid("DynamoDB", &"Requested resource not found")),
    };
    let item = match (item, &projection) {
        (Some(item), Some(projection)) => Some(projection.project(item)),
        (item, _) => item,
    };
    let item = item.map(|item| ("Item", item::to_attributes(item)));
    Ok(sdk_answer(item))
}

fn order_item(
    engine: &Engine,
    key: &Value,
    projection: Option<&Projection>,
    overlay: Overlay<'_>,
) -> Result<Option<Map<String, serde_json::Value>>, Refusal> {
    let (number, order_id, created_at) = parse_key(key)
        .ok_or_else(|| invalid("DynamoDB", &"The provided key element does not match the schema"))?;
    let stored;
    let row = match overlay.filter(|row| row.key == number) {
        Some(row) => Some(row),
        None => {
            let internal = |error: ports::StoreError| Refusal {
                error: "DynamoDB.InternalServerErrorException".into(),
                cause: error.to_string(),
            };
            stored = engine.order_row(number).map_err(internal)?;
            stored.as_deref()
        }
    };
    let row =
        row.filter(|row| row.id.to_string() == order_id && row.id.created_at().to_string() == created_at);
    row.map(|row| match projection {
        Some(projection) => {
            row.attributes_of(projection.placeholders().attributes.iter().map(String::as_str))
        }
        None => row.item(),
    })
    .transpose()
    .map_err(|error| invalid("DynamoDB", &error))
}

fn product_item(engine: &Engine, key: &Value) -> Result<Option<Map<String, serde_json::Value>>, Refusal> {
    let id = key
        .get("productId")
        .and_then(|id| item::text_of(id).map(String::from))
        .ok_or_else(|| invalid("DynamoDB", &"The provided key element does not match the schema"))?;
    let Ok(id) = domain::ProductId::new(id) else {
        return Ok(None);
    };
    let product = engine.catalogue().get(vec![id]).into_iter().next().flatten();
    let item = product
        .map(serde_json::to_value)
        .transpose()
        .map_err(|e| invalid("DynamoDB", &e))?;
    Ok(item.and_then(|item| match item {
        serde_json::Value::Object(item) => Some(item),
        _ => None,
    }))
}

fn update_item(engine: &Engine, input: &Value, at: Timestamp) -> Result<(Write, Value), Refusal> {
    let values = input.get("ExpressionAttributeValues").and_then(Value::as_object);
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    if text("TableName") != Some(&engine.settings().orders_table) {
        return Err(invalid("DynamoDB", &"Requested resource not found"));
    }
    let names = input.get("ExpressionAttributeNames").and_then(Value::as_object);
    let (key, order_id, created_at) = parse_key(&input["Key"])
        .ok_or_else(|| invalid("DynamoDB", &"The provided key element does not match the schema"))?;
    let expressions = engine.expressions();
    let update = expressions.update(text("UpdateExpression").unwrap_or_default(), names);
    let condition = text("ConditionExpression")
        .map(|text| expressions.condition(text, names))
        .transpose();
    let mut update = UpdateItem {
        key,
        order_id,
        created_at,
        update: update.map_err(|e| invalid("DynamoDB", &e))?,
        condition: condition.map_err(|e| invalid("DynamoDB", &e))?,
        values: values.cloned().unwrap_or_default(),
        at,
        ahead: None,
    };
    update.look_ahead(engine.recent().row(key));
    Ok((Write::Update(Box::new(update)), sdk_answer(None)))
}

/// What a service answers when it succeeds: this member, if there is one, and what the SDK adds.
fn sdk_answer(member: Option<(&str, Value)>) -> Value {
    /// The same for all, so they share it: the metadata, and an answer that is nothing else.
    static SUCCEEDED: LazyLock<(Value, Value)> = LazyLock::new(|| {
        let metadata = Value::from([("HttpStatusCode", 200_u32.into())]);
        (metadata.clone(), [("SdkHttpMetadata", metadata)].into())
    });
    let (metadata, alone) = &*SUCCEEDED;
    match member {
        Some(member) => [member, ("SdkHttpMetadata", metadata.clone())].into(),
        None => alone.clone(),
    }
}

fn publish_message(
    engine: &Engine,
    run: &Run,
    input: &Value,
    at: Timestamp,
) -> Result<(Write, Value), Refusal> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let body = match input.get("Message") {
        Some(Value::String(message)) => message.to_string(),
        Some(message) => message.to_string(),
        None => return Err(invalid("SNS", &"Invalid parameter: Empty message")),
    };
    let attributes: Attributes = input
        .get("MessageAttributes")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let member = |name: &str| {
                value
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            (
                name.to_string(),
                Attribute {
                    data_type: member("DataType"),
                    string_value: member("StringValue"),
                },
            )
        })
        .collect();
    let topic = text("TopicArn").unwrap_or_default();
    let subject = text("Subject").map(str::to_owned);
    let publication = Publication::new(
        engine,
        topic,
        subject,
        body,
        attributes,
        Arc::clone(run.trace()),
        at,
    )
    .ok_or_else(|| Refusal {
        error: "SNS.NotFoundException".into(),
        cause: "Topic does not exist".into(),
    })?;
    let output = sdk_answer(Some(("MessageId", publication.message.id.as_str().into())));
    Ok((Write::Publish(publication), output))
}

/// Calls the function and tells what came of it.
pub(crate) async fn call_function(
    engine: Engine,
    identity: Arc<Identity>,
    task: TaskId,
    call: FunctionCall,
) -> EventKind {
    let Some(function) = engine.lambda().function(&call.function) else {
        return EventKind::TaskFailed {
            task,
            error: "Lambda.ResourceNotFoundException".into(),
            cause: format!("Function not found: {}", call.function),
        };
    };
    let request_id = request_id();
    let scope = spans::attempted(&engine, identity.trace_id, &call.attempt, &request_id);
    let context = Context {
        request_id: request_id.clone(),
        trace_id: Arc::clone(&identity.trace),
    };
    let invocation = Invocation::Direct(call.payload.into());
    match scope.run(pin!(function.invoke(invocation, context))).await {
        _ if call.answer_lost => EventKind::TaskFailed {
            task,
            error: INJECTED.into(),
            cause: "the answer was lost".into(),
        },
        Ok(reply) => {
            let payload = match reply {
                Reply::Value(value) => value.into(),
                Reply::Done | Reply::Api(_) | Reply::Batch(_) => Value::Null,
            };
            let output = if call.enveloped {
                let version = ("ExecutedVersion", "$LATEST".into());
                [version, ("Payload", payload), ("StatusCode", 200_u32.into())].into()
            } else {
                payload
            };
            EventKind::TaskSucceeded { task, output }
        }
        Err(failure) => {
            let cause = json!({"errorMessage": failure.message, "errorType": failure.error_type, "requestId": request_id});
            EventKind::TaskFailed {
                task,
                error: failure.error_type,
                cause: cause.to_string(),
            }
        }
    }
}
