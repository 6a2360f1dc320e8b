//! What a Task state may call, and what it must give to what it calls.

use serde_json::{Map, Value};

use super::nearest::suggestion;
use super::shape::Place;
use super::{Checker, Language};
use crate::path::decimal;
use crate::{Pattern, Resource};

/// An optimised integration of a service.
struct Integration {
    service: &'static str,
    /// Its actions, or nothing for any.
    actions: &'static [&'static str],
    /// Whether it can wait for a job to end.
    sync: bool,
    /// Whether it can wait for a task token.
    token: bool,
}

const fn integration(
    service: &'static str,
    actions: &'static [&'static str],
    sync: bool,
    token: bool,
) -> Integration {
    Integration {
        service,
        actions,
        sync,
        token,
    }
}

const ANY: &[&str] = &[];

const INTEGRATIONS: &[Integration] = &[
    integration("apigateway", &["invoke"], false, true),
    integration("athena", ANY, true, false),
    integration("batch", &["submitJob"], true, false),
    integration(
        "bedrock",
        &["invokeModel", "createModelCustomizationJob"],
        true,
        true,
    ),
    integration("codebuild", ANY, true, false),
    integration("databrew", &["startJobRun"], true, false),
    integration(
        "dynamodb",
        &["getItem", "putItem", "updateItem", "deleteItem"],
        false,
        false,
    ),
    integration("ecs", &["runTask"], true, true),
    integration("eks", ANY, true, true),
    integration("elasticmapreduce", ANY, true, false),
    integration("emr-containers", ANY, true, false),
    integration("emr-serverless", ANY, true, false),
    integration("events", &["putEvents"], false, true),
    integration("glue", &["startJobRun"], true, false),
    integration("http", &["invoke"], false, false),
    integration("lambda", &["invoke"], false, true),
    integration("mediaconvert", &["createJob"], true, false),
    integration("sagemaker", ANY, true, false),
    integration("sns", &["publish"], false, true),
    integration("sqs", &["sendMessage"], false, true),
    integration("states", &["startExecution"], true, true),
];

/// What an integration must be given: service, action, field.
const REQUIRED: &[(&str, &str, &str)] = &[
    ("dynamodb", "getItem", "Key"),
    ("dynamodb", "getItem", "TableName"),
    ("dynamodb", "putItem", "Item"),
    ("dynamodb", "putItem", "TableName"),
    ("ecs", "runTask", "TaskDefinition"),
    ("events", "putEvents", "Entries"),
    ("glue", "startJobRun", "JobName"),
    ("lambda", "invoke", "FunctionName"),
    ("sns", "publish", "Message"),
    ("sqs", "sendMessage", "MessageBody"),
    ("sqs", "sendMessage", "QueueUrl"),
    ("states", "startExecution", "StateMachineArn"),
];

/// Whether an object has a field, written there or as a path.
fn has(object: &Map<String, Value>, field: &str) -> bool {
    object.contains_key(field) || object.contains_key(&format!("{field}.$"))
}

impl Checker {
    pub(super) fn task(&mut self, place: Place<'_>) {
        self.one_at_most(place, &["TimeoutSeconds", "TimeoutSecondsPath"]);
        self.one_at_most(place, &["HeartbeatSeconds", "HeartbeatSecondsPath"]);
        self.heartbeat(place);
        if let Some(Value::Object(credentials)) = place.object.get("Credentials")
            && !has(credentials, "RoleArn")
        {
            let problem = "The field 'RoleArn' is required but was missing";
            self.fault(place.at("Credentials"), problem, "name the role to act as");
        }
        let pointer = place.at("Resource");
        let Some(text) = place
            .object
            .get("Resource")
            .and_then(|value| self.text(value, &pointer))
        else {
            return;
        };
        match Resource::parse(text) {
            Some(Resource::Service {
                service,
                action,
                pattern,
                sdk,
                ..
            }) => {
                self.integration(text, &service, &action, pattern, sdk, &pointer);
                self.parameters(place, text, &service, &action);
            }
            Some(Resource::Lambda(_) | Resource::Activity(_)) => {}
            None => {
                let remedy = "the ARN of a function, of an activity, or arn:aws:states:::service:action";
                self.fault(pointer, "Value is not a valid resource ARN", remedy);
            }
        }
    }

    fn heartbeat(&mut self, place: Place<'_>) {
        if let (Some(Value::Number(heartbeat)), Some(Value::Number(timeout))) = (
            place.object.get("HeartbeatSeconds"),
            place.object.get("TimeoutSeconds"),
        ) && decimal::compare(&heartbeat.into(), &timeout.into()).is_ge()
        {
            let problem = format!("HeartbeatSeconds must be less than TimeoutSeconds, which is {timeout}");
            self.fault(
                place.at("HeartbeatSeconds"),
                problem,
                "lower it, or raise TimeoutSeconds",
            );
        }
    }

    fn integration(
        &mut self,
        arn: &str,
        service: &str,
        action: &str,
        pattern: Pattern,
        sdk: bool,
        pointer: &str,
    ) {
        let known = INTEGRATIONS
            .iter()
            .find(|integration| integration.service == service);
        let remedy = match (known, pattern) {
            // Any service can be called through the SDK, but not waited for.
            _ if sdk => match pattern {
                Pattern::Sync | Pattern::Sync2 => {
                    Some("leave .sync off: the SDK does not wait for jobs".to_owned())
                }
                Pattern::RequestResponse | Pattern::WaitForTaskToken => None,
            },
            (None, _) => {
                let services = INTEGRATIONS.iter().map(|integration| integration.service);
                let nearest = suggestion(service, services);
                Some(format!(
                    "{nearest} any service can be called as arn:aws:states:::aws-sdk:service:action"
                ))
            }
            (Some(known), _) if !known.actions.is_empty() && !known.actions.contains(&action) => {
                Some(suggestion(action, known.actions.iter().copied()))
            }
            (Some(_), Pattern::Sync2) if service != "states" => {
                Some("only states:startExecution has .sync:2; use .sync".to_owned())
            }
            (Some(known), Pattern::Sync | Pattern::Sync2) if !known.sync => {
                Some(format!("leave .sync off: {service} does not support it"))
            }
            (Some(known), Pattern::WaitForTaskToken) if !known.token => Some(format!(
                "leave .waitForTaskToken off: {service} does not support it"
            )),
            (Some(_), _) => None,
        };
        if let Some(remedy) = remedy {
            let problem = format!(
                "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource \
                 is not available in this region."
            );
            self.fault(pointer, problem, remedy);
        }
    }

    /// Looks for what a service must be given.
    fn parameters(&mut self, place: Place<'_>, arn: &str, service: &str, action: &str) {
        let field = match place.language {
            Language::JsonPath => "Parameters",
            Language::Jsonata => "Arguments",
        };
        match place.object.get(field) {
            None => {
                let problem = format!("{field} field is required for resource ARN: {arn}");
                self.refusal(
                    place.pointer,
                    problem,
                    format!("add {field}, {{}} if there is nothing to give"),
                );
            }
            Some(Value::Object(given)) => {
                let wanted = REQUIRED
                    .iter()
                    .filter(|(of, call, _)| *of == service && *call == action);
                for (_, _, name) in wanted.filter(|(_, _, name)| !has(given, name)) {
                    let problem = format!("The field '{name}' is required but was missing");
                    self.refusal(place.at(field), problem, format!("add {name}"));
                }
            }
            Some(_) => {}
        }
    }
}
