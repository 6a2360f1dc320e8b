//! The kinds of mapping that a template is made of, by the names that messages give them.

macro_rules! shapes {
    ($($shape:ident = $label:literal,)+) => {
        /// A kind of mapping, so that each of its keys is known, or said to be unknown.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Shape {
            $($shape,)+
        }

        impl Shape {
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$shape => $label,)+
                }
            }
        }
    };
}

shapes! {
    Template = "the template",
    Globals = "Globals",
    Parameter = "a parameter",
    Resource = "a resource",
    Function = "AWS::Serverless::Function",
    Environment = "a function's Environment",
    LoggingConfig = "a function's LoggingConfig",
    DeadLetterQueue = "a function's DeadLetterQueue",
    Event = "an event",
    ApiEvent = "an Api event",
    ApiEventAuth = "an Api event's Auth",
    SqsEvent = "an SQS event",
    ScalingConfig = "an event's ScalingConfig",
    SnsEvent = "an SNS event",
    StreamEvent = "a DynamoDB event",
    DestinationConfig = "an event's DestinationConfig",
    OnFailure = "an event's OnFailure",
    ScheduleEvent = "a Schedule event",
    Table = "AWS::DynamoDB::Table",
    AttributeDefinition = "an attribute definition",
    KeySchemaElement = "a key schema",
    SecondaryIndex = "a global secondary index",
    Projection = "an index's Projection",
    StreamSpecification = "a table's StreamSpecification",
    TimeToLive = "a table's TimeToLiveSpecification",
    Queue = "AWS::SQS::Queue",
    QueueRedrive = "a queue's RedrivePolicy",
    Topic = "AWS::SNS::Topic",
    TopicSubscription = "an entry of a topic's Subscription",
    Subscription = "AWS::SNS::Subscription",
    SubscriptionRedrive = "a subscription's RedrivePolicy",
    Api = "AWS::Serverless::Api",
    Cors = "an interface's Cors",
    ApiAuth = "an interface's Auth",
    ApiUsagePlan = "an interface's UsagePlan",
    AccessLog = "an interface's AccessLogSetting",
    UsagePlan = "AWS::ApiGateway::UsagePlan",
    Throttle = "a usage plan's Throttle",
    Quota = "a usage plan's Quota",
    StateMachine = "AWS::Serverless::StateMachine",
    Logging = "a state machine's Logging",
    LogDestination = "a state machine's log destination",
    LogGroupDestination = "a state machine's CloudWatchLogsLogGroup",
    LogGroup = "AWS::Logs::LogGroup",
    Alarm = "AWS::CloudWatch::Alarm",
    Dimension = "an alarm's dimension",
}
