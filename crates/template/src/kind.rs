//! The resource types that the local engine runs, and what each is called there.

/// A resource type that the local engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Function,
    Api,
    StateMachine,
    Table,
    Queue,
    Topic,
    Subscription,
    UsagePlan,
    LogGroup,
    Alarm,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Function,
        Self::Api,
        Self::StateMachine,
        Self::Table,
        Self::Queue,
        Self::Topic,
        Self::Subscription,
        Self::UsagePlan,
        Self::LogGroup,
        Self::Alarm,
    ];

    pub fn of(type_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.type_name() == type_name)
    }

    pub fn type_name(self) -> &'static str {
        match self {
            Self::Function => "AWS::Serverless::Function",
            Self::Api => "AWS::Serverless::Api",
            Self::StateMachine => "AWS::Serverless::StateMachine",
            Self::Table => "AWS::DynamoDB::Table",
            Self::Queue => "AWS::SQS::Queue",
            Self::Topic => "AWS::SNS::Topic",
            Self::Subscription => "AWS::SNS::Subscription",
            Self::UsagePlan => "AWS::ApiGateway::UsagePlan",
            Self::LogGroup => "AWS::Logs::LogGroup",
            Self::Alarm => "AWS::CloudWatch::Alarm",
        }
    }

    /// What a message calls one of them.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Function => "a function",
            Self::Api => "an AWS::Serverless::Api",
            Self::StateMachine => "a state machine",
            Self::Table => "a table",
            Self::Queue => "a queue",
            Self::Topic => "a topic",
            Self::Subscription => "a subscription",
            Self::UsagePlan => "a usage plan",
            Self::LogGroup => "a log group",
            Self::Alarm => "an alarm",
        }
    }

    /// The property that names one; without it, its logical id does.
    pub fn name_property(self) -> Option<&'static str> {
        match self {
            Self::Function => Some("FunctionName"),
            Self::Api | Self::StateMachine => Some("Name"),
            Self::Table => Some("TableName"),
            Self::Queue => Some("QueueName"),
            Self::Topic => Some("TopicName"),
            Self::UsagePlan => Some("UsagePlanName"),
            Self::LogGroup => Some("LogGroupName"),
            Self::Alarm => Some("AlarmName"),
            Self::Subscription => None,
        }
    }

    /// What `!Ref` gives for one with this logical id and name.
    pub fn reference(self, id: &str, name: &str) -> String {
        match self {
            Self::Function | Self::Table | Self::LogGroup | Self::Alarm => name.to_owned(),
            Self::Queue => queue_url(name),
            Self::Topic | Self::StateMachine => self.arn(name),
            Self::Api | Self::UsagePlan | Self::Subscription => id.to_owned(),
        }
    }

    /// What `!Ref` gives for something that SAM makes of one with this name. One machine has one version of a function,
    /// so its alias is the function itself.
    pub fn made_by_sam(self, name: &str, made: &str) -> Option<String> {
        match (self, made) {
            (Self::Function, "Alias" | "Version") => Some(self.arn(name)),
            (
                Self::Function
                | Self::Api
                | Self::StateMachine
                | Self::Table
                | Self::Queue
                | Self::Topic
                | Self::Subscription
                | Self::UsagePlan
                | Self::LogGroup
                | Self::Alarm,
                _,
            ) => None,
        }
    }

    /// What `!GetAtt` gives for one with this name; `None` for what is not known on one machine.
    pub fn attribute(self, name: &str, attribute: &str) -> Option<String> {
        match (self, attribute) {
            (Self::Function | Self::StateMachine | Self::Table | Self::Queue | Self::Alarm, "Arn")
            | (Self::Topic, "TopicArn") => Some(self.arn(name)),
            // CloudFormation's has the streams of the group at its end.
            (Self::LogGroup, "Arn") => Some(format!("{}:*", self.arn(name))),
            (Self::StateMachine, "Name") | (Self::Queue, "QueueName") | (Self::Topic, "TopicName") => {
                Some(name.to_owned())
            }
            (Self::Queue, "QueueUrl") => Some(queue_url(name)),
            (Self::Table, "StreamArn") => Some(format!("{}/stream/local", self.arn(name))),
            (
                Self::Function
                | Self::Api
                | Self::StateMachine
                | Self::Table
                | Self::Queue
                | Self::Topic
                | Self::Subscription
                | Self::UsagePlan
                | Self::LogGroup
                | Self::Alarm,
                _,
            ) => None,
        }
    }

    /// The ARN of one with this name, in the local region.
    pub fn arn(self, name: &str) -> String {
        let (service, resource) = match self {
            Self::Function => ("lambda", "function:"),
            Self::Api => ("apigateway", "restapis/"),
            Self::StateMachine => ("states", "stateMachine:"),
            Self::Table => ("dynamodb", "table/"),
            Self::Queue => ("sqs", ""),
            Self::Topic => ("sns", ""),
            Self::Subscription => ("sns", "subscription/"),
            Self::UsagePlan => ("apigateway", "usageplans/"),
            Self::LogGroup => ("logs", "log-group:"),
            Self::Alarm => ("cloudwatch", "alarm:"),
        };
        format!("arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}{name}")
    }
}

const PARTITION: &str = "aws";
const REGION: &str = "local";
const ACCOUNT: &str = "000000000000";
const STACK: &str = "ordermill";

fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}/{ACCOUNT}/{name}")
}

/// What `!Ref` gives for CloudFormation's own parameters, but for `AWS::NoValue`.
pub(crate) fn pseudo_parameter(name: &str) -> Option<String> {
    Some(match name {
        "AWS::AccountId" => ACCOUNT.to_owned(),
        "AWS::Partition" => PARTITION.to_owned(),
        "AWS::Region" => REGION.to_owned(),
        "AWS::StackName" => STACK.to_owned(),
        "AWS::StackId" => format!("arn:{PARTITION}:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/local"),
        "AWS::URLSuffix" => REGION.to_owned(),
        _ => return None,
    })
}
