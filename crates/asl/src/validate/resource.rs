//! What a Task state may call.

use serde_json::Value;

use super::Checker;
use super::nearest::suggestion;
use super::shape::Place;
use crate::path::decimal;
use crate::{Pattern, Resource};

/// The optimised integrations: service, actions, and whether `.sync` and `.waitForTaskToken` exist. `*` is any action.
const INTEGRATIONS: &[(&str, &[&str], bool, bool)] = &[
    ("apigateway", &["invoke"], false, true),
    (
        "athena",
        &[
            "startQueryExecution",
            "stopQueryExecution",
            "getQueryExecution",
            "getQueryResults",
        ],
        true,
        false,
    ),
    ("batch", &["submitJob"], true, true),
    (
        "bedrock",
        &["invokeModel", "createModelCustomizationJob"],
        true,
        true,
    ),
    (
        "codebuild",
        &[
            "startBuild",
            "stopBuild",
            "batchDeleteBuilds",
            "batchGetReports",
            "startBuildBatch",
            "stopBuildBatch",
            "retryBuildBatch",
            "deleteBuildBatch",
        ],
        true,
        false,
    ),
    ("databrew", &["startJobRun"], true, false),
    (
        "dynamodb",
        &["getItem", "putItem", "updateItem", "deleteItem"],
        false,
        false,
    ),
    ("ecs", &["runTask"], true, true),
    ("eks", &["*"], true, true),
    ("elasticmapreduce", &["*"], true, false),
    ("emr-containers", &["*"], true, false),
    ("emr-serverless", &["*"], true, false),
    ("events", &["putEvents"], false, true),
    ("glue", &["startJobRun"], true, false),
    ("http", &["invoke"], false, false),
    ("lambda", &["invoke"], false, true),
    ("mediaconvert", &["createJob"], true, false),
    ("sagemaker", &["*"], true, false),
    ("sns", &["publish"], false, true),
    ("sqs", &["sendMessage"], false, true),
    ("states", &["startExecution"], true, true),
];

impl Checker {
    pub(super) fn task(&mut self, place: Place<'_>) {
        self.one_at_most(place, &["TimeoutSeconds", "TimeoutSecondsPath"]);
        self.one_at_most(place, &["HeartbeatSeconds", "HeartbeatSecondsPath"]);
        if let (Some(Value::Number(heartbeat)), Some(Value::Number(timeout))) = (
            place.object.get("HeartbeatSeconds"),
            place.object.get("TimeoutSeconds"),
        ) && decimal::compare(heartbeat, timeout).is_ge()
        {
            let problem = format!("HeartbeatSeconds must be less than TimeoutSeconds, which is {timeout}");
            self.fault(
                place.at("HeartbeatSeconds"),
                problem,
                "lower it, or raise TimeoutSeconds",
            );
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
                self.integration(&service, &action, pattern, sdk, &pointer);
            }
            Some(Resource::Lambda(_) | Resource::Activity(_)) => {}
            None => {
                let remedy = "the ARN of a function, of an activity, or arn:aws:states:::service:action";
                self.fault(pointer, "Value is not a valid resource ARN", remedy);
            }
        }
    }

    fn integration(&mut self, service: &str, action: &str, pattern: Pattern, sdk: bool, pointer: &str) {
        if sdk {
            if matches!(pattern, Pattern::Sync | Pattern::Sync2) {
                let problem = "An AWS SDK integration does not support '.sync'";
                self.fault(
                    pointer,
                    problem,
                    "use the optimised integration of the service, or wait for a task token",
                );
            }
            return;
        }
        let Some((_, actions, sync, token)) = INTEGRATIONS.iter().find(|(name, ..)| *name == service) else {
            let problem =
                format!("The resource provided is not recognized: there is no integration '{service}'");
            let remedy = suggestion(service, INTEGRATIONS.iter().map(|(name, ..)| *name));
            return self.fault(
                pointer,
                problem,
                format!("{remedy} any service is there as arn:aws:states:::aws-sdk:…"),
            );
        };
        if !actions.contains(&"*") && !actions.contains(&action) {
            let problem =
                format!("The resource provided is not recognized: {service} has no integration '{action}'");
            self.fault(pointer, problem, suggestion(action, actions.iter().copied()));
        }
        let unsupported = match pattern {
            Pattern::RequestResponse => None,
            Pattern::Sync | Pattern::Sync2 => (!sync).then_some(".sync"),
            Pattern::WaitForTaskToken => (!token).then_some(".waitForTaskToken"),
        };
        if let Some(suffix) = unsupported {
            let problem = format!("The integration of {service} does not support '{suffix}'");
            self.fault(pointer, problem, format!("leave {suffix} off"));
        }
    }
}
