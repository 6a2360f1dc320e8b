//! The services that tasks call: functions, the tables, the topics.
//!
//! A read is answered at once. A write to the table or a topic is not called and then noted: it is made in the very
//! transaction that notes its outcome, so there's no moment in which one is there without the other.

use std::pin::pin;

use asl::{EventKind, Resource, TaskCall};
use domain::Timestamp;
use ports::function::{Context, Invocation, Reply};
use serde_json::{Map, Value, json};

use super::run::Run;
use crate::Engine;
use crate::expression::{Condition, Projection, Update};
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
    call: &TaskCall,
    overlay: Overlay<'_>,
    at: Timestamp,
) -> Prepared {
    let prepared = match &call.resource {
        Resource::Lambda(arn) => Ok(Prepared::Function(FunctionCall {
            function: arn.clone(),
            payload: call.input.clone(),
            enveloped: false,
            answer_lost: false,
            attempt: Attempt::of(call),
        })),
        Resource::Service { service, action, .. } => match (service.as_str(), action.as_str()) {
            ("lambda", "invoke") => invoke(call),
            ("dynamodb", "getItem") => get_item(engine, call, overlay),
            ("dynamodb", "updateItem") => update_item(engine, call, at),
            ("sns", "publish") => publish_message(engine, run, call, at),
            (service, action) => Err(unsupported(&format!("{service}:{action}"))),
        },
        Resource::Activity(arn) => Err(unsupported(arn)),
    };
    prepared.unwrap_or_else(|refusal| Prepared::Answered(failed(call, refusal)))
}

/// Makes the task go wrong if a fault was injected for it.
pub(crate) fn strike(engine: &Engine, prepared: Prepared, call: &TaskCall) -> Prepared {
    let Some(fault) = engine.settings().faults.strike(&call.state) else {
        return prepared;
    };
    let cause = format!("{fault:?}");
    let failure = failed(
        call,
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

fn failed(call: &TaskCall, refusal: Refusal) -> EventKind {
    EventKind::TaskFailed {
        task: call.task,
        error: refusal.error,
        cause: refusal.cause,
    }
}

fn invoke(call: &TaskCall) -> Result<Prepared, Refusal> {
    let function = call
        .input
        .get("FunctionName")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let payload = call.input.get("Payload").cloned().unwrap_or_else(|| json!({}));
    Ok(Prepared::Function(FunctionCall {
        function: function.to_owned(),
        payload,
        enveloped: true,
        answer_lost: false,
        attempt: Attempt::of(call),
    }))
}

fn get_item(engine: &Engine, call: &TaskCall, overlay: Overlay<'_>) -> Result<Prepared, Refusal> {
    let text = |name: &str| call.input.get(name).and_then(Value::as_str);
    let names = call
        .input
        .get("ExpressionAttributeNames")
        .and_then(Value::as_object);
    let key = call.input.get("Key").unwrap_or(&Value::Null);
    let settings = engine.settings();
    let item = match text("TableName").unwrap_or_default() {
        table if table == settings.inventory_table => product_item(engine, key)?,
        table if table == settings.orders_table => order_item(engine, key, overlay)?,
        _ => return Err(invalid("DynamoDB", &"Requested resource not found")),
    };
    let item = match (item, text("ProjectionExpression")) {
        (Some(item), Some(projection)) => {
            let projection = Projection::parse(projection, names).map_err(|e| invalid("DynamoDB", &e))?;
            Some(projection.project(&item))
        }
        (item, _) => item,
    };
    let mut output = Map::new();
    if let Some(item) = item {
        output.insert("Item".into(), item::to_attributes(item).into());
    }
    output.insert("SdkHttpMetadata".into(), json!({"HttpStatusCode": 200}));
    Ok(Prepared::Answered(EventKind::TaskSucceeded {
        task: call.task,
        output: output.into(),
    }))
}

fn order_item(
    engine: &Engine,
    key: &Value,
    overlay: Overlay<'_>,
) -> Result<Option<Map<String, Value>>, Refusal> {
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
            stored = engine
                .readers()
                .read(|c| OrderRow::find_key(c, number))
                .map_err(internal)?;
            stored.as_ref()
        }
    };
    let row =
        row.filter(|row| row.id.to_string() == order_id && row.id.created_at().to_string() == created_at);
    row.map(|row| row.item().map_err(|e| invalid("DynamoDB", &e)))
        .transpose()
}

fn product_item(engine: &Engine, key: &Value) -> Result<Option<Map<String, Value>>, Refusal> {
    let id = key
        .get("productId")
        .and_then(|id| item::from_attribute_value(id).ok())
        .and_then(|id| id.as_str().map(String::from))
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
        Value::Object(item) => Some(item),
        _ => None,
    }))
}

fn update_item(engine: &Engine, call: &TaskCall, at: Timestamp) -> Result<Prepared, Refusal> {
    let input = &call.input;
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    if text("TableName") != Some(&engine.settings().orders_table) {
        return Err(invalid("DynamoDB", &"Requested resource not found"));
    }
    let names = input.get("ExpressionAttributeNames").and_then(Value::as_object);
    let (key, order_id, created_at) = parse_key(input.get("Key").unwrap_or(&Value::Null))
        .ok_or_else(|| invalid("DynamoDB", &"The provided key element does not match the schema"))?;
    let update = Update::parse(text("UpdateExpression").unwrap_or_default(), names);
    let condition = text("ConditionExpression")
        .map(|text| Condition::parse(text, names))
        .transpose();
    let update = UpdateItem {
        key,
        order_id,
        created_at,
        update: update.map_err(|e| invalid("DynamoDB", &e))?,
        condition: condition.map_err(|e| invalid("DynamoDB", &e))?,
        values: input
            .get("ExpressionAttributeValues")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        at,
    };
    let output = json!({"SdkHttpMetadata": {"HttpStatusCode": 200}});
    let answer = EventKind::TaskSucceeded {
        task: call.task,
        output,
    };
    Ok(Prepared::Write(Write::Update(Box::new(update)), answer))
}

fn publish_message(engine: &Engine, run: &Run, call: &TaskCall, at: Timestamp) -> Result<Prepared, Refusal> {
    let input = &call.input;
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let body = match input.get("Message") {
        Some(Value::String(message)) => message.clone(),
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
                name.clone(),
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
        &attributes,
        run.trace().to_owned(),
        at,
    )
    .ok_or_else(|| Refusal {
        error: "SNS.NotFoundException".into(),
        cause: "Topic does not exist".into(),
    })?;
    let output = json!({"MessageId": publication.message_id, "SdkHttpMetadata": {"HttpStatusCode": 200}});
    let answer = EventKind::TaskSucceeded {
        task: call.task,
        output,
    };
    Ok(Prepared::Write(Write::Publish(publication), answer))
}

/// Calls the function and tells what came of it.
pub(crate) async fn call_function(
    engine: Engine,
    trace_id: String,
    task: asl::TaskId,
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
    let scope = spans::attempted(&engine, &trace_id, &call.attempt, &request_id);
    let context = Context {
        request_id: request_id.clone(),
        trace_id,
    };
    let invocation = Invocation::Direct(call.payload);
    match scope.run(pin!(function.invoke(invocation, context))).await {
        _ if call.answer_lost => EventKind::TaskFailed {
            task,
            error: INJECTED.into(),
            cause: "the answer was lost".into(),
        },
        Ok(reply) => {
            let payload = match reply {
                Reply::Value(value) => value,
                Reply::Done | Reply::Api(_) | Reply::Batch(_) => Value::Null,
            };
            let output = if call.enveloped {
                json!({"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200})
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
