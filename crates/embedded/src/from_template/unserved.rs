//! What a template asks for that this engine reads and does not do. Everything that is read and not done is named here, so
//! that nobody relies on it; what the reader itself leaves aside is in `template`'s `meaningless.rs`.

use template::{EventSource, StartingPosition, System, WorkflowType};

use crate::Settings;

impl Settings {
    /// What the template asks for that this engine reads and does not do, a sentence each, for the log at start.
    #[must_use]
    pub fn unserved(system: &System) -> Vec<String> {
        let mut unserved = Vec::new();
        for queue in system.queues.iter().filter(|queue| queue.delay.0 > 0) {
            unserved.push(format!(
                "DelaySeconds of queue {} has no effect on one machine",
                queue.name
            ));
        }
        unserved.extend(unserved_machines(system));
        unserved.extend(unserved_api(system));
        unserved.extend(unserved_tables(system));
        unserved.extend(unserved_subscriptions(system));
        for function in system
            .functions
            .iter()
            .filter(|f| !DONE_IN_TRANSACTIONS.contains(&f.name.as_str()))
        {
            for event in &function.events {
                for what in unserved_of(&event.source) {
                    unserved.push(format!(
                        "{what} of event {} of {} has no effect on one machine",
                        event.name, function.name
                    ));
                }
            }
        }
        unserved
    }
}

/// Functions that do on AWS what this engine does in its own transactions: an order and its message are one, and the stream
/// is the feed. They have no handler here and are not called.
pub(super) const DONE_IN_TRANSACTIONS: [&str; 2] = ["order-sweep", "order-feed"];

fn unserved_machines(system: &System) -> Vec<String> {
    let others = system.state_machines.iter().skip(1).map(|machine| {
        format!(
            "state machine {} is not run: the first one of the template is",
            machine.name
        )
    });
    let express = system.state_machines.iter().take(1);
    let express = express.filter(|machine| machine.workflow_type == WorkflowType::Express);
    let express = express.map(|machine| {
        format!(
            "Type EXPRESS of state machine {} has no effect on one machine: its executions are journalled as STANDARD's are",
            machine.name
        )
    });
    express.chain(others).collect()
}

fn unserved_api(system: &System) -> Vec<String> {
    let mut unserved = Vec::new();
    for api in &system.apis {
        if api.cors.as_ref().is_some_and(|cors| cors.allow_credentials) {
            unserved.push(format!(
                "AllowCredentials of {} has no effect on one machine: its answers set no cookies",
                api.id
            ));
        }
        let plan = api.usage_plan.as_ref();
        if plan
            .and_then(|plan| plan.quota)
            .is_some_and(|quota| quota.offset > 0)
        {
            unserved.push(format!(
                "Offset of the quota of {} has no effect on one machine: the first period has its whole quota",
                api.id
            ));
        }
    }
    unserved
}

/// Items expire in the engine's own tables after times of its own, which are those of the built-in template's functions.
fn unserved_tables(system: &System) -> Vec<String> {
    const EXPIRING: [&str; 4] = ["HoldsTable", "IdempotencyTable", "OutboxTable", "AnalyticsTable"];
    let unserved = system
        .tables
        .iter()
        .filter(|table| table.time_to_live.is_some() && !EXPIRING.contains(&table.id.as_str()));
    unserved
        .map(|table| {
            format!(
                "TimeToLiveSpecification of table {} has no effect on one machine",
                table.name
            )
        })
        .collect()
}

fn unserved_subscriptions(system: &System) -> Vec<String> {
    let raw = system.subscriptions().filter(|(_, it)| it.raw_message_delivery);
    raw.map(|(topic, it)| {
        format!(
            "RawMessageDelivery of subscription {} to {} has no effect: a function always gets SNS's own event",
            it.name, topic.name
        )
    })
    .collect()
}

/// What of an event source is read and not done.
fn unserved_of(source: &EventSource) -> Vec<&'static str> {
    let asked = match source {
        EventSource::Api(_) | EventSource::Sns { .. } => Vec::new(),
        EventSource::Schedule(_) => vec![(true, "the schedule")],
        EventSource::Sqs(source) => {
            vec![(source.batching_window.0 > 0, "MaximumBatchingWindowInSeconds")]
        }
        EventSource::DynamoDbStream(source) => vec![
            (source.batching_window.0 > 0, "MaximumBatchingWindowInSeconds"),
            (
                source.starting_position == StartingPosition::Latest,
                "StartingPosition LATEST",
            ),
            (source.report_batch_item_failures, "ReportBatchItemFailures"),
        ],
    };
    let asked = asked.into_iter().filter(|(asked, _)| *asked);
    asked.map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::from_template::SettingsError;

    #[test]
    fn what_is_read_and_not_done_is_said() {
        let template = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Slow: {Type: AWS::SQS::Queue, Properties: {QueueName: slow, DelaySeconds: 5}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Events:
        Work: {Type: SQS, Properties: {Queue: !GetAtt Slow.Arn, MaximumBatchingWindowInSeconds: 2}}
        Sweep: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
";
        let (system, _) = System::parse(template, &|_| None).unwrap();
        assert_eq!(
            Settings::unserved(&system),
            [
                "DelaySeconds of queue slow has no effect on one machine",
                "MaximumBatchingWindowInSeconds of event Work of worker has no effect on one machine",
                "the schedule of event Sweep of worker has no effect on one machine",
            ]
        );
        let missing = Settings::from_system(&system, PathBuf::new()).unwrap_err();
        assert!(
            missing.contains(&SettingsError::Missing {
                kind: "table",
                id: "OrdersTable"
            }),
            "{missing:?}"
        );
    }
    #[test]
    fn of_the_built_in_template_only_what_watches_it_is_left_to_say() {
        let (system, _) = System::built_in().unwrap();
        let unserved = Settings::unserved(&system);
        let watching = |what: &String| what.contains("alarms") || what.contains("log groups");
        assert!(unserved.iter().all(watching), "{unserved:?}");
    }

    #[test]
    fn settings_without_effect_are_named_wherever_they_stand() {
        let template = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors: {AllowOrigin: "'https://shop.example.com'", AllowCredentials: true}
      Auth: {UsagePlan: {CreateUsagePlan: PER_API, Quota: {Limit: 10, Period: DAY, Offset: 2}}}
  Carts:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: until, Enabled: true}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {Type: EXPRESS, Definition: {StartAt: A, States: {A: {Type: Succeed}}}}
  Follower:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: follower
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Carts.StreamArn
            StartingPosition: LATEST
            FunctionResponseTypes: [ReportBatchItemFailures]
"#;
        let (system, _) = System::parse(template, &|_| None).unwrap();
        assert_eq!(
            Settings::unserved(&system),
            [
                "Type EXPRESS of state machine Machine has no effect on one machine: its executions are journalled as STANDARD's are",
                "AllowCredentials of Api has no effect on one machine: its answers set no cookies",
                "Offset of the quota of Api has no effect on one machine: the first period has its whole quota",
                "TimeToLiveSpecification of table Carts has no effect on one machine",
                "StartingPosition LATEST of event Changes of follower has no effect on one machine",
                "ReportBatchItemFailures of event Changes of follower has no effect on one machine",
            ]
        );
    }
}
