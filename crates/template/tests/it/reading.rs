//! What the template says comes out of it: each change of a setting changes the system.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use template::{EventSource, LogicalId, MessageAttribute, Period, Schedule, Seconds, WorkflowType};

use crate::support::{changed, check_told, system, with_resources};

#[test]
fn another_receive_count() {
    let system = system(&changed("maxReceiveCount: 3", "maxReceiveCount: 5"));
    let queue = system.queue("OrderProcessingQueue").unwrap();
    assert_eq!(queue.redrive.as_ref().unwrap().max_receive_count, 5);
}

#[test]
fn another_usage_plan() {
    let yaml = changed("RateLimit: 100", "RateLimit: 0.25")
        .replace("Period: MONTH", "Period: DAY")
        .replace("Limit: 5000", "Limit: 7");
    let system = system(&yaml);
    let plan = system.apis[0].usage_plan.as_ref().unwrap();
    assert_eq!(plan.throttle.unwrap().rate_per_s.to_string(), "0.25");
    assert_eq!(
        plan.quota.map(|quota| (quota.limit, quota.period)),
        Some((7, Period::Day))
    );
}

#[test]
fn another_subscription_filter() {
    let filter = "status: [PROCESSING, COMPLETED, FAILED, CANCELLED, REFUNDED]";
    let status = |value: &str| [("status".to_owned(), MessageAttribute::Text(value.to_owned()))].into();
    for (yaml, processing) in [
        (changed(filter, "status: [COMPLETED]"), false),
        (changed(filter, "status: [{prefix: PRO}]"), true),
    ] {
        let system = system(&yaml);
        let (_, listener) = system.subscriptions().next().unwrap();
        let filter = listener.filter.as_ref().unwrap();
        assert_eq!(filter.matches_attributes(&status("PROCESSING")), processing);
        assert_eq!(filter.matches_attributes(&status("COMPLETED")), !processing);
    }
}

#[test]
fn another_timeout_for_all_functions_and_for_one() {
    let all = system(&changed("    Timeout: 30", "    Timeout: 60"));
    assert!(
        all.functions
            .iter()
            .all(|function| function.timeout == Seconds(60))
    );
    let one = system(&changed(
        "      FunctionName: order-query",
        "      FunctionName: order-query\n      Timeout: 5",
    ));
    assert_eq!(one.function("order-query").unwrap().timeout, Seconds(5));
    assert_eq!(one.function("order-creation").unwrap().timeout, Seconds(30));
}

#[test]
fn globals_are_merged_into_functions() {
    let system = system(
        "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    MemorySize: 256
    Environment: {Variables: {A: global, B: global}}
Resources:
  Own:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {B: own, C: own}}
  Bare: {Type: AWS::Serverless::Function}
",
    );
    let variables = |id: &str| system.function(id).unwrap().environment.clone();
    let texts = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    assert_eq!(
        variables("Own"),
        texts(&[("A", "global"), ("B", "own"), ("C", "own")])
    );
    assert_eq!(variables("Bare"), texts(&[("A", "global"), ("B", "global")]));
    assert_eq!(system.function("Bare").unwrap().memory.0, 256);
}

#[test]
fn subscriptions_stand_in_three_places() {
    let system = system(&with_resources(
        "
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Subscription: [{Protocol: lambda, Endpoint: !GetAtt InList.Arn}]
  InList: {Type: AWS::Serverless::Function}
  Separate:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      RawMessageDelivery: true
      FilterPolicy: {status: [FAILED]}
  Queue: {Type: AWS::SQS::Queue}
  Listening:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Told: {Type: SNS, Properties: {Topic: !Ref Topic}}
",
    ));
    let names: Vec<_> = system
        .subscriptions()
        .map(|(_, listener)| listener.name.as_str())
        .collect();
    assert_eq!(names, ["TopicInList", "Separate", "ListeningTold"]);
    let separate = &system.topics[0].subscriptions[1];
    assert_eq!(
        separate.endpoint,
        template::Endpoint::Sqs(LogicalId("Queue".to_owned()))
    );
    assert!(separate.raw_message_delivery && separate.filter.is_some());
}

#[test]
fn a_table_may_drop_items_in_time() {
    for (enabled, expected) in [("true", Some("expiresAt".to_owned())), ("false", None)] {
        let system = system(&with_resources(&format!(
            "
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      TimeToLiveSpecification: {{AttributeName: expiresAt, Enabled: {enabled}}}
"
        )));
        assert_eq!(system.tables[0].time_to_live, expected);
    }
}

#[test]
fn a_usage_plan_may_stand_apart() {
    let system = system(&with_resources(
        "
  Bench:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      UsagePlanName: bench
      Throttle: {RateLimit: 1000000, BurstLimit: 1000000}
",
    ));
    assert_eq!(system.usage_plans[0].name, "bench");
    assert_eq!(system.usage_plans[0].quota, None);
}

#[test]
fn a_workflow_may_stand_in_the_template() {
    let system = system(&with_resources(
        "
  Small:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      DefinitionSubstitutions: {Result: done}
      Definition:
        StartAt: Only
        States:
          Only: {Type: Pass, Result: [\"${Result}\", 1.50, true, null, \"1.50\"], End: true}
",
    ));
    let workflow = &system.state_machines[0];
    assert_eq!(workflow.workflow_type, WorkflowType::Express);
    expect![[r#"{"StartAt":"Only","States":{"Only":{"Type":"Pass","Result":["done",1.50,true,null,"1.50"],"End":true}}}"#]]
        .assert_eq(&workflow.definition);
}

#[test]
fn schedules() {
    let schedule = |text: &str| {
        let event = format!("{{Type: Schedule, Properties: {{Schedule: {text}}}}}");
        let function =
            format!("  F: {{Type: AWS::Serverless::Function, Properties: {{Events: {{E: {event}}}}}}}\n");
        let system = system(&with_resources(&function));
        match &system.functions[0].events[0].source {
            EventSource::Schedule(source) => source.schedule.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(schedule("rate(5 minutes)"), Schedule::Every(Seconds(300)));
    assert_eq!(schedule("rate(1 day)"), Schedule::Every(Seconds(86_400)));
    assert_eq!(
        schedule("'cron(0 3 * * ? *)'"),
        Schedule::Cron("0 3 * * ? *".to_owned())
    );
}

#[test]
fn json_is_read_as_well() {
    let system = system(
        r#"{"Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "q-${AWS::Region}"}}}}}"#,
    );
    assert_eq!(system.queues[0].name, "q-local");
}

fn check_ignored(resources: &str, expected: &Expect) {
    check_told(&with_resources(resources), expected);
}

#[test]
fn what_is_left_aside_is_named() {
    check_ignored(
        "
  Bucket: {Type: AWS::S3::Bucket}
  Queue:
    Type: AWS::SQS::Queue
    CreationPolicy: {}
    Properties:
      VisibilityTimeOut: 180
      Tags: [{Key: a, Value: b}]
",
        &expect![[r#"
            warnings:
            line 4, column 3, /Resources/Bucket: Bucket is AWS::S3::Bucket, which the local engine does not know; it has no effect here
            line 7, column 5, /Resources/Queue/CreationPolicy: the local engine does not know CreationPolicy of a resource; it has no effect here
            line 9, column 7, /Resources/Queue/Properties/VisibilityTimeOut: the local engine does not know VisibilityTimeOut of AWS::SQS::Queue; it has no effect here
        "#]],
    );
}

#[test]
fn what_means_nothing_here_is_not_even_computed() {
    check_ignored(
        "
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Role: !ImportValue SomeRole
      Policies: [!Sub '${Nowhere}']
",
        &expect![[r#"
            warnings:
        "#]],
    );
}

proptest! {
    /// Every number that the queue takes comes out as it went in, quoted or not.
    #[test]
    fn numbers_are_exact(visibility in 0_u32..=43_200, receives in 1_u32..=1000, quoted: bool) {
        let quote = if quoted { "'" } else { "" };
        let system = system(&with_resources(&format!(
            "
  Dead: {{Type: AWS::SQS::Queue}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: {quote}{visibility}{quote}
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: {quote}{receives}{quote}}}
"
        )));
        let queue = system.queue("Queue").unwrap();
        prop_assert_eq!(queue.visibility_timeout, Seconds(visibility));
        prop_assert_eq!(queue.redrive.as_ref().unwrap().max_receive_count, receives);
    }

    /// A rate keeps every digit: it is never a float.
    #[test]
    fn rates_are_exact(whole in 0_u32.., fraction in "[0-9]{0,12}") {
        let rate = if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") };
        let system = system(&changed("RateLimit: 100", &format!("RateLimit: {rate}")));
        let throttle = system.apis[0].usage_plan.as_ref().unwrap().throttle.unwrap();
        prop_assert_eq!(throttle.rate_per_s.to_string(), rate);
    }
}
