//! The state machine: read, checked against what this engine can run, and pinned by hash for each execution.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use asl::{Definition, Fault, Pattern, Resource};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Settings;
use crate::expression::{Condition, ExpressionError, Placeholders, Projection, Update, check_all_used};
use crate::open::Names;

/// Why a state machine can't be run here: the definition has faults, or asks for what this engine doesn't have.
#[derive(Debug, thiserror::Error)]
#[error("{}", list(.0))]
pub struct LoadError(Vec<String>);

fn list(faults: &[String]) -> String {
    faults.iter().map(|fault| format!("\n  - {fault}")).collect()
}

/// A definition as it is pinned.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) id: i64,
    /// SHA-256 in hexadecimal.
    pub(crate) hash: String,
    pub(crate) definition: Definition,
}

/// The state machine with the definitions that its executions run.
pub(crate) struct Machine {
    pub(crate) id: i64,
    pub(crate) name: Arc<str>,
    pub(crate) arn: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    /// What the ARN of each execution begins with.
    execution_arns: String,
    pub(crate) current: Arc<Pinned>,
    older: Mutex<HashMap<i64, Arc<Pinned>>>,
}

impl Machine {
    /// Reads the definition and checks that it can be run here.
    pub(crate) fn read(settings: &Settings) -> Result<Definition, LoadError> {
        let definition = Definition::parse(&settings.machine.definition)
            .map_err(|faults| LoadError(faults.iter().map(ToString::to_string).collect()))?;
        let faults = unsupported(definition.json(), settings);
        if faults.is_empty() {
            Ok(definition)
        } else {
            Err(LoadError(faults))
        }
    }

    /// Stores the definition that was read, if it is new.
    pub(crate) fn load(
        connection: &Connection,
        settings: &Settings,
        names: &Names,
        definition: Definition,
    ) -> rusqlite::Result<Self> {
        let text = &settings.machine.definition;
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        connection.execute(
            "INSERT INTO definitions (hash, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (&hash, text),
        )?;
        let id = connection.query_row("SELECT id FROM definitions WHERE hash = ?1", [&hash], |row| {
            row.get(0)
        })?;
        Ok(Self {
            id: names.id("machine", &settings.machine.name),
            name: settings.machine.name.as_str().into(),
            arn: settings.machine.arn.as_str().into(),
            execution_arns: settings.machine.arn.replace(":stateMachine:", ":execution:"),
            role_arn: settings
                .machine
                .arn
                .replace(":states:", ":iam:")
                .replace(":stateMachine:", ":role/")
                .into(),
            current: Arc::new(Pinned { id, hash, definition }),
            older: Mutex::default(),
        })
    }

    /// The ARN of an execution of this name.
    pub(crate) fn execution_arn(&self, name: &str) -> String {
        format!("{}:{name}", self.execution_arns)
    }

    /// The definition that an execution is pinned to; `None` when it is gone or can't be read any more.
    pub(crate) fn pinned(&self, connection: &Connection, id: i64) -> rusqlite::Result<Option<Arc<Pinned>>> {
        if id == self.current.id {
            return Ok(Some(Arc::clone(&self.current)));
        }
        if let Some(pinned) = self.older.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Some(Arc::clone(pinned)));
        }
        let row: Option<(String, String)> = connection
            .prepare_cached("SELECT hash, text FROM definitions WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let pinned = row.and_then(|(hash, text)| {
            let definition = Definition::parse(&text).ok()?;
            Some(Arc::new(Pinned { id, hash, definition }))
        });
        if let Some(pinned) = &pinned {
            self.older
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, Arc::clone(pinned));
        }
        Ok(pinned)
    }
}

/// What of the definition this engine can't run, each with its place.
fn unsupported(definition: &Value, settings: &Settings) -> Vec<String> {
    let mut faults = Vec::new();
    visit(definition, "", &mut |pointer, state| {
        if state.get("Type").and_then(Value::as_str) == Some("Task") {
            check_task(pointer, state, settings, &mut faults);
        }
    });
    faults.iter().map(ToString::to_string).collect()
}

/// Calls `check` for every state, those of Parallel and Map included.
fn visit(machine: &Value, pointer: &str, check: &mut impl FnMut(&str, &Map<String, Value>)) {
    let Some(states) = machine.get("States").and_then(Value::as_object) else {
        return;
    };
    for (name, state) in states {
        let pointer = format!("{pointer}/States/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(state) = state.as_object() else { continue };
        check(&pointer, state);
        for key in ["ItemProcessor", "Iterator"] {
            if let Some(inner) = state.get(key) {
                visit(inner, &format!("{pointer}/{key}"), check);
            }
        }
        for (at, branch) in state
            .get("Branches")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            visit(branch, &format!("{pointer}/Branches/{at}"), check);
        }
    }
}

fn check_task(pointer: &str, state: &Map<String, Value>, settings: &Settings, faults: &mut Vec<Fault>) {
    let resource = state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    let mut fault = |place: &str, problem: String, remedy: &str| {
        faults.push(Fault::new(format!("{pointer}{place}"), problem, remedy));
    };
    let parameters = state.get("Parameters").or_else(|| state.get("Arguments"));
    let parameters = parameters.and_then(Value::as_object).cloned().unwrap_or_default();
    let is_function = |name: &str| settings.functions.iter().any(|f| f.name == name || f.arn == name);
    let known = |name: &str, known: &dyn Fn(&str) -> bool| {
        parameters
            .get(name)
            .and_then(Value::as_str)
            .filter(|value| !known(value))
            .map(str::to_owned)
    };
    match Resource::parse(resource) {
        Some(Resource::Lambda(arn)) if is_function(&arn) => {}
        Some(Resource::Lambda(arn)) => {
            fault(
                "/Resource",
                format!("no function of the template has the ARN {arn}"),
                "name one that it has",
            );
        }
        Some(Resource::Service {
            service,
            action,
            pattern: Pattern::RequestResponse,
            sdk: false,
            ..
        }) => match (service.as_str(), action.as_str()) {
            ("lambda", "invoke") => {
                if let Some(name) = known("FunctionName", &is_function) {
                    fault(
                        "/Parameters/FunctionName",
                        format!("there is no function {name}"),
                        "name one that the template has",
                    );
                }
            }
            ("dynamodb", "getItem" | "updateItem") => {
                let is_orders = |name: &str| name == settings.orders_table;
                let readable =
                    |name: &str| is_orders(name) || (action == "getItem" && name == settings.inventory_table);
                if let Some(name) = known("TableName", &readable) {
                    fault(
                        "/Parameters/TableName",
                        format!("{action} on {name} is not supported on one machine"),
                        "getItem reads the orders and inventory tables, updateItem writes the orders table",
                    );
                }
                for problem in expression_faults(&parameters) {
                    fault(
                        &format!("/Parameters/{}", problem.0),
                        problem.1,
                        "see docs/local-engine.md for what is supported",
                    );
                }
            }
            ("sns", "publish") => {
                let is_topic = |name: &str| settings.topics.iter().any(|t| t.arn == name || t.name == name);
                if let Some(name) = known("TopicArn", &is_topic) {
                    fault(
                        "/Parameters/TopicArn",
                        format!("there is no topic {name}"),
                        "name one that the template has",
                    );
                }
            }
            _ => fault(
                "/Resource",
                format!("{resource} is not supported on one machine"),
                SUPPORTED,
            ),
        },
        Some(Resource::Service { .. } | Resource::Activity(_)) | None => {
            fault(
                "/Resource",
                format!("{resource} is not supported on one machine"),
                SUPPORTED,
            );
        }
    }
}

const SUPPORTED: &str = "use a function's ARN, lambda:invoke, dynamodb:getItem, dynamodb:updateItem or sns:publish, each without a suffix";

/// What DynamoDB would refuse of a call's expressions, and the parameter that it stands in.
fn expression_faults(parameters: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let object = |name: &str| parameters.get(name).and_then(Value::as_object);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let names = object("ExpressionAttributeNames");
    let update = text("UpdateExpression").map(|text| Update::parse(text, names));
    let condition = text("ConditionExpression").map(|text| Condition::parse(text, names));
    let projection = text("ProjectionExpression").map(|text| Projection::parse(text, names));
    let parsed: [(_, Option<Result<&Placeholders, &ExpressionError>>); 3] = [
        (
            "UpdateExpression",
            update.as_ref().map(|it| it.as_ref().map(Update::placeholders)),
        ),
        (
            "ConditionExpression",
            condition
                .as_ref()
                .map(|it| it.as_ref().map(Condition::placeholders)),
        ),
        (
            "ProjectionExpression",
            projection
                .as_ref()
                .map(|it| it.as_ref().map(Projection::placeholders)),
        ),
    ];
    let mut faults = Vec::new();
    let mut used = Vec::new();
    for (name, result) in parsed {
        match result {
            Some(Ok(placeholders)) => used.push(placeholders),
            Some(Err(error)) => faults.push((name, error.to_string())),
            None => {}
        }
    }
    let values = object("ExpressionAttributeValues").map(plain_keys);
    if faults.is_empty()
        && let Err(error) = check_all_used(&used, names, values.as_ref())
    {
        faults.push(("ExpressionAttributeNames", error.to_string()));
    }
    if parameters
        .get("ReturnValues")
        .is_some_and(|value| value != "NONE")
    {
        faults.push(("ReturnValues", "only NONE is supported on one machine".into()));
    }
    faults
}

/// The members as they are once the payload template is evaluated: without `.$` at the end of their names.
fn plain_keys(members: &Map<String, Value>) -> Map<String, Value> {
    let plain = |name: &String| name.strip_suffix(".$").unwrap_or(name).to_owned();
    members
        .iter()
        .map(|(name, value)| (plain(name), value.clone()))
        .collect()
}
