//! The whole system that a template defines, and how to find things in it.

use std::collections::BTreeMap;

use crate::fault::{TemplateFault, Warning};
use crate::model::{
    Alarm, Api, EventSource, Function, LogGroup, Queue, Route, StateMachine, Subscription, Table, Topic,
    UsagePlan,
};
use crate::read::{Inputs, read_system};
use crate::report::Report;
use crate::yaml;

/// What a template defines: its resources by kind, each in the template's order.
///
/// Everything that refers to something refers to something that is here: a queue's dead-letter queue, an event's queue,
/// table, topic or interface, a subscription's function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    /// The template's `Description`.
    pub description: Option<String>,
    /// Every parameter with the value it has here.
    pub parameters: BTreeMap<String, String>,
    /// Functions, with `Globals` merged in.
    pub functions: Vec<Function>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Queues, dead-letter queues among them.
    pub queues: Vec<Queue>,
    /// Topics with their subscriptions.
    pub topics: Vec<Topic>,
    /// HTTP interfaces, with `Globals` merged in.
    pub apis: Vec<Api>,
    /// `AWS::ApiGateway::UsagePlan` resources: plans besides those of the interfaces themselves.
    pub usage_plans: Vec<UsagePlan>,
    /// State machines, their definitions ready to run.
    pub state_machines: Vec<StateMachine>,
    /// Log groups.
    pub log_groups: Vec<LogGroup>,
    /// Alarms.
    pub alarms: Vec<Alarm>,
}

/// A template read: the system, and what the local engine leaves aside of it.
pub type Read = (System, Vec<Warning>);

/// All that is wrong with a template, in the order of its lines. Never empty.
pub type Faults = Vec<TemplateFault>;

/// The template and the workflow that are built in: those at the root of the repository.
const BUILT_IN: &str = include_str!("../../../template.yaml");
const BUILT_IN_WORKFLOW: (&str, &str) = (
    "workflows/order.asl.json",
    include_str!("../../../workflows/order.asl.json"),
);

impl System {
    /// Reads a template. `workflows` gives the text of a workflow by its path, relative to the template.
    ///
    /// # Errors
    /// All that is wrong with it, when anything is.
    ///
    /// ```
    /// let template = "
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Orders: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 180}}
    /// ";
    /// let (system, warnings) = template::System::parse(template, &|_| None).expect("a good template");
    /// assert_eq!(system.queues[0].visibility_timeout, template::Seconds(180));
    /// assert!(warnings.is_empty());
    /// ```
    pub fn parse(yaml: &str, workflows: &dyn Fn(&str) -> Option<String>) -> Result<Read, Faults> {
        Self::parse_with(yaml, workflows, &BTreeMap::new())
    }

    /// [`Self::parse`] with values for some of the template's parameters, as `sam deploy --parameter-overrides`.
    ///
    /// # Errors
    /// All that is wrong with the template or the values, when anything is.
    pub fn parse_with(
        yaml: &str,
        workflows: &dyn Fn(&str) -> Option<String>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Read, Faults> {
        let root = yaml::parse(yaml)?;
        let report = Report::default();
        let system = read_system(
            &root,
            &Inputs {
                workflows,
                parameters,
            },
            &report,
        );
        Ok((system, report.finish()?))
    }

    /// The system of the template that is built in.
    ///
    /// # Errors
    /// Never in a released build: a test reads it.
    pub fn built_in() -> Result<Read, Faults> {
        Self::parse(BUILT_IN, &|path| Self::built_in_workflow(path).map(str::to_owned))
    }

    /// The text of the template that is built in.
    #[must_use]
    pub fn built_in_template() -> &'static str {
        BUILT_IN
    }

    /// The text of a workflow that is built in, by its path in the built-in template.
    #[must_use]
    pub fn built_in_workflow(path: &str) -> Option<&'static str> {
        (path == BUILT_IN_WORKFLOW.0).then_some(BUILT_IN_WORKFLOW.1)
    }

    /// The function with this logical id, function name or ARN.
    #[must_use]
    pub fn function(&self, key: &str) -> Option<&Function> {
        self.functions
            .iter()
            .find(|it| it.id.as_str() == key || it.name == key || it.arn.as_str() == key)
    }

    /// The table with this logical id, table name or ARN.
    #[must_use]
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|it| it.id.as_str() == key || it.name == key || it.arn.as_str() == key)
    }

    /// The queue with this logical id, queue name, ARN or URL.
    #[must_use]
    pub fn queue(&self, key: &str) -> Option<&Queue> {
        self.queues
            .iter()
            .find(|it| it.id.as_str() == key || it.name == key || it.arn.as_str() == key || it.url == key)
    }

    /// The topic with this logical id, topic name or ARN.
    #[must_use]
    pub fn topic(&self, key: &str) -> Option<&Topic> {
        self.topics
            .iter()
            .find(|it| it.id.as_str() == key || it.name == key || it.arn.as_str() == key)
    }

    /// The state machine with this logical id, name or ARN.
    #[must_use]
    pub fn state_machine(&self, key: &str) -> Option<&StateMachine> {
        self.state_machines
            .iter()
            .find(|it| it.id.as_str() == key || it.name == key || it.arn.as_str() == key)
    }

    /// The log group with this logical id or name.
    #[must_use]
    pub fn log_group(&self, key: &str) -> Option<&LogGroup> {
        self.log_groups
            .iter()
            .find(|it| it.id.as_str() == key || it.name == key)
    }

    /// Every route of every interface with the function that it goes to.
    pub fn routes(&self) -> impl Iterator<Item = (&Function, &Route)> {
        self.functions.iter().flat_map(|function| {
            function
                .events
                .iter()
                .filter_map(move |event| match &event.source {
                    EventSource::Api(route) => Some((function, route)),
                    EventSource::Sqs(_)
                    | EventSource::Sns { .. }
                    | EventSource::DynamoDbStream(_)
                    | EventSource::Schedule(_) => None,
                })
        })
    }

    /// Every subscription with its topic.
    pub fn subscriptions(&self) -> impl Iterator<Item = (&Topic, &Subscription)> {
        self.topics
            .iter()
            .flat_map(|topic| topic.subscriptions.iter().map(move |listener| (topic, listener)))
    }
}
