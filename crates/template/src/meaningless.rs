//! What a template may say that has no effect on one machine, each with the reason; and what is refused, because
//! leaving it aside would break a promise.
//!
//! Everything else that the readers do not ask for is warned of by name. So this is the one list to look at, and to add
//! to, when the template grows.

use crate::shape::Shape;

/// Resource types that configure AWS and nothing else.
const RESOURCE_TYPES: &[(&str, &str)] = &[
    (
        "AWS::ApiGateway::Account",
        "lets API Gateway write to CloudWatch; the local interface writes its own log",
    ),
    (
        "AWS::ApiGateway::ApiKey",
        "local keys are made with `ordermill keys create`, and shown once",
    ),
    (
        "AWS::ApiGateway::UsagePlanKey",
        "a local key is given its plan when it is made",
    ),
    ("AWS::IAM::Role", "one process has nobody to grant rights to"),
    ("AWS::IAM::Policy", "one process has nobody to grant rights to"),
    (
        "AWS::IAM::ManagedPolicy",
        "one process has nobody to grant rights to",
    ),
    (
        "AWS::Lambda::Permission",
        "one process has nobody to grant rights to",
    ),
    (
        "AWS::SQS::QueuePolicy",
        "one process has nobody to grant rights to",
    ),
    (
        "AWS::SNS::TopicPolicy",
        "one process has nobody to grant rights to",
    ),
    (
        "AWS::Logs::ResourcePolicy",
        "one process has nobody to grant rights to",
    ),
    (
        "AWS::CloudWatch::Dashboard",
        "the local console has its own view of the same metrics",
    ),
    (
        "AWS::Logs::MetricFilter",
        "the engine counts FunctionFailures itself, and no filter of anybody else's",
    ),
    ("AWS::Budgets::Budget", "there is no bill"),
    (
        "AWS::Cognito::UserPool",
        "asked for tokens by DefaultAuthorizer alone, which is refused here",
    ),
    (
        "AWS::Cognito::UserPoolClient",
        "asked for tokens by DefaultAuthorizer alone, which is refused here",
    ),
];

/// Properties that configure AWS and nothing else.
const PROPERTIES: &[(Shape, &str, &str)] = &[
    (Shape::Template, "AWSTemplateFormatVersion", "there is only one"),
    (Shape::Template, "Metadata", "for tools"),
    (
        Shape::Template,
        "Outputs",
        "tells whoever deployed a stack what AWS made of it",
    ),
    (
        Shape::Template,
        "Rules",
        "checked by CloudFormation before it deploys",
    ),
    (Shape::Parameter, "Description", "for people"),
    (Shape::Parameter, "ConstraintDescription", "for people"),
    (Shape::Parameter, "NoEcho", "local values are not echoed"),
    (
        Shape::Parameter,
        "AllowedPattern",
        "checked by CloudFormation before it deploys",
    ),
    (
        Shape::Parameter,
        "MinLength",
        "checked by CloudFormation before it deploys",
    ),
    (
        Shape::Parameter,
        "MaxLength",
        "checked by CloudFormation before it deploys",
    ),
    (
        Shape::Parameter,
        "MinValue",
        "checked by CloudFormation before it deploys",
    ),
    (
        Shape::Parameter,
        "MaxValue",
        "checked by CloudFormation before it deploys",
    ),
    (
        Shape::Resource,
        "DeletionPolicy",
        "says what becomes of it when a stack is deleted; there are no stacks here",
    ),
    (
        Shape::Resource,
        "UpdateReplacePolicy",
        "says what becomes of it when a stack replaces it",
    ),
    (Shape::Resource, "DependsOn", "orders the steps of a deployment"),
    (Shape::Resource, "Metadata", "for tools, such as the build method"),
    (
        Shape::Resource,
        "Connectors",
        "grants rights; one process has nobody to grant them to",
    ),
    (
        Shape::Function,
        "Architectures",
        "the local binary is built for the machine it runs on",
    ),
    (Shape::Function, "AutoPublishAlias", "one machine has one version"),
    (
        Shape::Function,
        "AutoPublishAliasAllProperties",
        "one machine has one version",
    ),
    (Shape::Function, "CodeUri", "the function's code is in the binary"),
    (
        Shape::Function,
        "DeploymentPreference",
        "one machine has one version",
    ),
    (Shape::Function, "Description", "for people"),
    (Shape::Function, "Handler", "the function's code is in the binary"),
    (Shape::Function, "Layers", "the function's code is in the binary"),
    (
        Shape::Function,
        "PackageType",
        "the function's code is in the binary",
    ),
    (
        Shape::Function,
        "Policies",
        "one process has nobody to grant rights to",
    ),
    (
        Shape::Function,
        "Role",
        "one process has nobody to grant rights to",
    ),
    (Shape::Function, "Runtime", "the function's code is in the binary"),
    (Shape::Function, "Tags", "for bills and people"),
    (Shape::Function, "Tracing", "the local engine always traces"),
    (
        Shape::LoggingConfig,
        "LogFormat",
        "the local engine always writes JSON lines",
    ),
    (
        Shape::LoggingConfig,
        "ApplicationLogLevel",
        "the local level is set when starting",
    ),
    (
        Shape::LoggingConfig,
        "SystemLogLevel",
        "the local level is set when starting",
    ),
    (
        Shape::ApiEvent,
        "RequestModel",
        "the functions check every body, whatever API Gateway checked before",
    ),
    (
        Shape::ApiEventAuth,
        "InvokeRole",
        "says whose rights API Gateway calls the function with",
    ),
    (
        Shape::ScheduleEvent,
        "DeadLetterConfig",
        "no schedule is run here, and the engine warns of each that would have to be",
    ),
    (Shape::Table, "BillingMode", "there is no bill"),
    (
        Shape::Table,
        "DeletionProtectionEnabled",
        "there are no stacks to delete a table with",
    ),
    (
        Shape::Table,
        "PointInTimeRecoverySpecification",
        "local backups are made with `ordermill backup`",
    ),
    (
        Shape::Table,
        "ProvisionedThroughput",
        "a local table has no capacity of its own",
    ),
    (
        Shape::Table,
        "SSESpecification",
        "how the disk is encrypted is the machine's business",
    ),
    (Shape::Table, "TableClass", "there is no bill"),
    (Shape::Table, "Tags", "for bills and people"),
    (
        Shape::SecondaryIndex,
        "ProvisionedThroughput",
        "a local table has no capacity of its own",
    ),
    (
        Shape::Queue,
        "KmsDataKeyReusePeriodSeconds",
        "how the disk is encrypted is the machine's business",
    ),
    (
        Shape::Queue,
        "KmsMasterKeyId",
        "how the disk is encrypted is the machine's business",
    ),
    (
        Shape::Queue,
        "ReceiveMessageWaitTimeSeconds",
        "nothing polls: a message wakes its consumer",
    ),
    (
        Shape::Queue,
        "RedriveAllowPolicy",
        "one process has nobody to grant rights to",
    ),
    (
        Shape::Queue,
        "SqsManagedSseEnabled",
        "how the disk is encrypted is the machine's business",
    ),
    (Shape::Queue, "Tags", "for bills and people"),
    (
        Shape::Topic,
        "DisplayName",
        "the sender's name of a text message from AWS",
    ),
    (
        Shape::Topic,
        "KmsMasterKeyId",
        "how the disk is encrypted is the machine's business",
    ),
    (Shape::Topic, "Tags", "for bills and people"),
    (Shape::Topic, "TracingConfig", "the local engine always traces"),
    (Shape::Subscription, "Region", "there is one region"),
    (Shape::SnsEvent, "Region", "there is one region"),
    (Shape::Api, "Description", "for people"),
    (
        Shape::Api,
        "EndpointConfiguration",
        "the local address is set when starting",
    ),
    (
        Shape::Api,
        "MethodSettings",
        "limits are the usage plan's; the local interface always logs and counts",
    ),
    (
        Shape::Api,
        "MinimumCompressionSize",
        "changes how many bytes an answer takes, not what it says",
    ),
    (
        Shape::Api,
        "OpenApiVersion",
        "the local interface describes itself",
    ),
    (
        Shape::Api,
        "GatewayResponses",
        "the local gateway's errors have this form without being told",
    ),
    (
        Shape::Api,
        "Models",
        "the functions check every body, whatever API Gateway checked before",
    ),
    (Shape::Api, "PropagateTags", "for bills and people"),
    (Shape::Api, "Tags", "for bills and people"),
    (Shape::Api, "TracingEnabled", "the local engine always traces"),
    (
        Shape::ApiAuth,
        "AddApiKeyRequiredToCorsPreflight",
        "a local preflight never needs a key",
    ),
    (
        Shape::ApiAuth,
        "AddDefaultAuthorizerToCorsPreflight",
        "a local preflight never needs a token",
    ),
    (
        Shape::ApiAuth,
        "Authorizers",
        "used by DefaultAuthorizer, which is refused here",
    ),
    (Shape::ApiUsagePlan, "Description", "for people"),
    (Shape::ApiUsagePlan, "Tags", "for bills and people"),
    (
        Shape::AccessLog,
        "Format",
        "the local log always has time, ids, key id, method, path, status, error, duration and length",
    ),
    (
        Shape::UsagePlan,
        "ApiStages",
        "a local plan holds for the whole interface",
    ),
    (Shape::UsagePlan, "Description", "for people"),
    (Shape::UsagePlan, "Tags", "for bills and people"),
    (
        Shape::StateMachine,
        "Policies",
        "one process has nobody to grant rights to",
    ),
    (Shape::StateMachine, "PropagateTags", "for bills and people"),
    (
        Shape::StateMachine,
        "Role",
        "one process has nobody to grant rights to",
    ),
    (Shape::StateMachine, "Tags", "for bills and people"),
    (Shape::StateMachine, "Tracing", "the local engine always traces"),
    (
        Shape::Logging,
        "IncludeExecutionData",
        "the local log never has payloads; the execution's history has them",
    ),
    (Shape::Logging, "Level", "the local history has every event"),
    (
        Shape::LogGroup,
        "KmsKeyId",
        "how the disk is encrypted is the machine's business",
    ),
    (Shape::LogGroup, "LogGroupClass", "there is no bill"),
    (Shape::LogGroup, "Tags", "for bills and people"),
    (Shape::Alarm, "Tags", "for bills and people"),
    (Shape::Alarm, "Unit", "a local metric has one unit"),
];

/// Properties that nobody should believe to be in effect.
const REFUSED: &[(Shape, &str, &str)] = &[
    (
        Shape::Function,
        "InlineCode",
        "its functions are those of the binary; leave InlineCode out",
    ),
    (
        Shape::Function,
        "ImageUri",
        "its functions are those of the binary; leave ImageUri out",
    ),
    (
        Shape::Queue,
        "FifoQueue",
        "its queues have no order; use a standard queue, and order by the orders' own times",
    ),
    (
        Shape::Queue,
        "ContentBasedDeduplication",
        "its queues have no order; use a standard queue",
    ),
    (
        Shape::Topic,
        "FifoTopic",
        "its topics have no order; use a standard topic",
    ),
    (
        Shape::Topic,
        "ContentBasedDeduplication",
        "its topics have no order; use a standard topic",
    ),
    (
        Shape::Table,
        "LocalSecondaryIndexes",
        "it has global indexes alone; use GlobalSecondaryIndexes",
    ),
    (
        Shape::SqsEvent,
        "FilterCriteria",
        "a message that is filtered out is deleted unseen; filter in the function",
    ),
    (
        Shape::StreamEvent,
        "FilterCriteria",
        "every change reaches the function; filter there",
    ),
    (
        Shape::Api,
        "DefinitionBody",
        "its routes are the functions' Api events; leave DefinitionBody out",
    ),
    (
        Shape::Api,
        "DefinitionUri",
        "its routes are the functions' Api events; leave DefinitionUri out",
    ),
    (
        Shape::ApiAuth,
        "DefaultAuthorizer",
        "it knows API keys and the operator's key alone; make it an !If",
    ),
    (
        Shape::ApiAuth,
        "ResourcePolicy",
        "it would let everybody in; limit who reaches the address instead",
    ),
    (Shape::Alarm, "Metrics", "it has no metric math; name one metric"),
    (
        Shape::Alarm,
        "ThresholdMetricId",
        "it has no anomaly detection; give a Threshold",
    ),
];

/// What is known of a property that no reader asked for.
pub(crate) enum Known {
    /// It has no effect on one machine.
    Meaningless,
    /// It is refused, for this reason.
    Refused(&'static str),
    /// Nothing is.
    Unknown,
}

pub(crate) fn property(shape: Shape, name: &str) -> Known {
    if let Some((.., reason)) = REFUSED
        .iter()
        .find(|(of, refused, _)| *of == shape && *refused == name)
    {
        return Known::Refused(reason);
    }
    if PROPERTIES
        .iter()
        .any(|(of, meaningless, _)| *of == shape && *meaningless == name)
    {
        return Known::Meaningless;
    }
    Known::Unknown
}

pub(crate) fn is_resource_type(type_name: &str) -> bool {
    RESOURCE_TYPES
        .iter()
        .any(|(meaningless, _)| *meaningless == type_name)
}
