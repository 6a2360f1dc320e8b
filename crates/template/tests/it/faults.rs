//! Templates that can't be run: what is said of them, and that everything is said at once.

use expect_test::{Expect, expect};

use crate::support::{changed, check_told, with_resources};

fn check(resources: &str, expected: &Expect) {
    check_told(&with_resources(resources), expected);
}

#[test]
fn every_fault_at_once() {
    check(
        "
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 50000
      MessageRetentionPeriod: two weeks
      FifoQueue: true
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Nowhere.Arn
        maxReceiveCount: 0
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: T}]
      KeySchema: [{AttributeName: orderId, KeyType: HASH}]
      StreamSpecification: {StreamViewType: EVERYTHING}
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: 0}
  Typeless: {Properties: {}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: Age
      ExtendedStatistic: p101
      EvaluationPeriods: 1
      DatapointsToAlarm: 2
      ComparisonOperator: MoreThan
      Period: 90
",
        &expect![[r#"
            line 7, column 26, /Resources/Queue/Properties/VisibilityTimeout: `50000` must be a whole number from 0 to 43200
            line 8, column 31, /Resources/Queue/Properties/MessageRetentionPeriod: `two weeks` must be a whole number from 60 to 1209600
            line 9, column 7, /Resources/Queue/Properties/FifoQueue: the local engine does not run FifoQueue of AWS::SQS::Queue: its queues have no order; use a standard queue, and order by the orders' own times
            line 11, column 30, /Resources/Queue/Properties/RedrivePolicy/deadLetterTargetArn: nothing here is called `Nowhere`; refer to a parameter, or to a resource whose condition holds
            line 12, column 26, /Resources/Queue/Properties/RedrivePolicy/maxReceiveCount: `0` must be a whole number from 1 to 1000
            line 16, column 65, /Resources/Table/Properties/AttributeDefinitions/0/AttributeType: `T` must be one of S, N, B
            line 17, column 18, /Resources/Table/Properties/KeySchema: this must be a key with a HASH attribute, not one without
            line 17, column 19, /Resources/Table/Properties/KeySchema/0: key attribute `orderId` has no type; add it to AttributeDefinitions
            line 18, column 45, /Resources/Table/Properties/StreamSpecification/StreamViewType: `EVERYTHING` must be one of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES
            line 21, column 35, /Resources/Group/Properties/RetentionInDays: `0` must be a whole number from 1 to 3653
            line 22, column 13, /Resources/Typeless: `Type` is missing here
            line 26, column 7, /Resources/Alarm/Properties: `Threshold` is missing here
            line 28, column 26, /Resources/Alarm/Properties/ExtendedStatistic: `p101` must be a percentile from p0 to p100, such as p99 or p99.9
            line 30, column 26, /Resources/Alarm/Properties/DatapointsToAlarm: DatapointsToAlarm is 2, more than the 1 EvaluationPeriods
            line 31, column 27, /Resources/Alarm/Properties/ComparisonOperator: `MoreThan` must be one of GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanOrEqualToThreshold, LessThanThreshold
            line 32, column 15, /Resources/Alarm/Properties/Period: `90` must be a multiple of 60 s: metrics have one value a minute, so a shorter period would have none
        "#]],
    );
}

#[test]
fn texts_that_are_no_template() {
    check_told(
        "",
        &expect![[r#"
        line 1, column 1: this is not YAML: it is empty
    "#]],
    );
    check_told(
        "a: [b",
        &expect![[r#"
        line 2, column 1, /a: this is not YAML: while parsing a flow sequence, expected ',' or ']'
    "#]],
    );
    check_told(
        "just text",
        &expect![[r#"
        line 1, column 1: this must be a mapping, not a single value
    "#]],
    );
    check_told(
        "Resources: {}",
        &expect![[r#"
        line 1, column 1: a SAM template says `Transform: AWS::Serverless-2016-10-31`; add that line
    "#]],
    );
    check_told(
        "a: 1\na: 2\n? [b]\n: 3",
        &expect![[r#"
        line 2, column 1, /a: `a` stands here twice; keep one
        line 3, column 3: a key must be a text
    "#]],
    );
    check_told(
        "Transform: AWS::Serverless-2016-10-31\nResources: &all {}\nOutputs: *all",
        &expect![[r#"
            line 3, column 10, /Outputs: CloudFormation takes no YAML aliases; write the value out
        "#]],
    );
    check_told(
        &format!("a: {}", "[".repeat(100)),
        &expect![[r#"
        line 1, column 67, /a/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0: nested more than 64 levels deep; flatten it
    "#]],
    );
    check_told(
        &format!("# {}", "x".repeat(1_000_000)),
        &expect![[r#"
        line 1, column 1: the template has 1000002 bytes; CloudFormation takes 1000000 at most
    "#]],
    );
}

#[test]
fn events() {
    check(
        "
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: prod}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 10}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 30
      Events:
        Implicit: {Type: Api, Properties: {Path: /a, Method: GET}}
        BadPath: {Type: Api, Properties: {RestApiId: !Ref Api, Path: 'orders/{id', Method: FETCH}}
        One: {Type: Api, Properties: {RestApiId: !Ref Api, Path: '/orders/{id}', Method: get}}
        Same: {Type: Api, Properties: {RestApiId: !Ref Api, Path: '/orders/{orderId}', Method: GET}}
        Short: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 11}}
        NotAQueue: {Type: SQS, Properties: {Queue: !GetAtt Table.Arn}}
        NoStream: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST}}
        Unheard: {Type: S3, Properties: {Bucket: b}}
        When: {Type: Schedule, Properties: {Schedule: every morning}}
",
        &expect![[r#"
            line 16, column 43, /Resources/F/Properties/Events/Implicit/Properties: `RestApiId` is missing here
            line 17, column 70, /Resources/F/Properties/Events/BadPath/Properties/Path: `orders/{id` must be a path such as /orders/{orderId}, or /files/{rest+} with the plus at its end only
            line 17, column 92, /Resources/F/Properties/Events/BadPath/Properties/Method: `FETCH` must be one of ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT
            line 19, column 15, /Resources/F/Properties/Events/Same: GET /orders/{orderId} goes to F already; remove one of the two
            line 20, column 16, /Resources/F/Properties/Events/Short: queue Queue hides a message for 10 s, but the function may take 30 s; set VisibilityTimeout to 30 or more
            line 20, column 78, /Resources/F/Properties/Events/Short/Properties/BatchSize: more than 10 messages a batch need a MaximumBatchingWindowInSeconds of 1 or more
            line 21, column 52, /Resources/F/Properties/Events/NotAQueue/Properties/Queue: this must refer to a queue of this template; `arn:aws:dynamodb:local:000000000000:table/Table` is none
            line 22, column 19, /Resources/F/Properties/Events/NoStream: table Table has no stream; give it a StreamSpecification
            line 23, column 25, /Resources/F/Properties/Events/Unheard/Type: the local engine does not run S3 events: it has Api, SQS, SNS, DynamoDB and Schedule events; use one of those
            line 24, column 55, /Resources/F/Properties/Events/When/Properties/Schedule: `every morning` must be a schedule such as rate(5 minutes), or cron(0 3 * * ? *) with six fields
        "#]],
    );
}

#[test]
fn interfaces() {
    check(
        "
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Cors: {AllowOrigin: '*', MaxAge: \"'ten'\"}
      Auth:
        DefaultAuthorizer: Users
        UsagePlan:
          Throttle: {RateLimit: -1}
          Quota: {Limit: 10, Period: YEAR, Offset: 11}
",
        &expect![[r#"
            line 7, column 7, /Resources/Api/Properties: `StageName` is missing here
            line 7, column 27, /Resources/Api/Properties/Cors/AllowOrigin: `*` must be in single quotes within the YAML quotes, such as "'*'"
            line 7, column 40, /Resources/Api/Properties/Cors/MaxAge: `ten` must be a whole number from 0 to 4294967295
            line 9, column 9, /Resources/Api/Properties/Auth/DefaultAuthorizer: the local engine does not run DefaultAuthorizer of an interface's Auth: it knows API keys and the operator's key alone; make it an !If
            line 11, column 11, /Resources/Api/Properties/Auth/UsagePlan: `CreateUsagePlan` is missing here
            line 11, column 21, /Resources/Api/Properties/Auth/UsagePlan/Throttle: `BurstLimit` is missing here
            line 11, column 33, /Resources/Api/Properties/Auth/UsagePlan/Throttle/RateLimit: `-1` must be a number of 0 or more, with at most 28 digits
            line 12, column 38, /Resources/Api/Properties/Auth/UsagePlan/Quota/Period: `YEAR` must be one of DAY, WEEK, MONTH
            line 12, column 52, /Resources/Api/Properties/Auth/UsagePlan/Quota/Offset: `11` must be a whole number from 0 to 10
        "#]],
    );
}

#[test]
fn filter_policies() {
    check(
        "
  Topic: {Type: AWS::SNS::Topic}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        E:
          Type: SNS
          Properties:
            Topic: !Ref Topic
            FilterPolicy:
              status: COMPLETED
              shop: {country: [CH]}
              total: [{numeric: ['>', 10, '<', 5]}]
              kind: [{wildcard: a*}]
              size: [{exists: maybe}]
              weight: [1.234567]
",
        &expect![[r#"
            line 14, column 23, /Resources/F/Properties/Events/E/Properties/FilterPolicy/status: `status` takes a list of values, such as [COMPLETED]; in a policy on the body, also an object
            line 15, column 21, /Resources/F/Properties/Events/E/Properties/FilterPolicy/shop: `shop` is an object, but attributes are flat; set FilterPolicyScope to MessageBody
            line 16, column 33, /Resources/F/Properties/Events/E/Properties/FilterPolicy/total/0/numeric: `numeric` takes one bound or a range, such as ["=", 1], [">", 0] or [">=", 0, "<", 150]
            line 17, column 22, /Resources/F/Properties/Events/E/Properties/FilterPolicy/kind/0: no operator `wildcard`; there are prefix, suffix, equals-ignore-case, anything-but, numeric, exists, and $or in place of a key
            line 18, column 31, /Resources/F/Properties/Events/E/Properties/FilterPolicy/size/0/exists: `exists` takes true or false
            line 19, column 24, /Resources/F/Properties/Events/E/Properties/FilterPolicy/weight/0: `1.234567` is out of bounds: a filter's numbers lie within ±1,000,000,000, with 5 decimal places at most
        "#]],
    );
}

#[test]
fn filter_policies_have_snss_limits() {
    let with_policy = |policy: &str| {
        format!(
            "
  Topic: {{Type: AWS::SNS::Topic}}
  Queue: {{Type: AWS::SQS::Queue}}
  Listener:
    Type: AWS::SNS::Subscription
    Properties: {{TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn, FilterPolicy: {policy}}}
"
        )
    };
    let values = |count: usize| vec!["x"; count].join(", ");
    check(
        &with_policy("{a: [x], b: [x], c: [x], d: [x], e: [x]}"),
        &expect![[r#"
            warnings:
        "#]],
    );
    check(
        &with_policy("{a: [x], b: [x], c: [x], d: [x], $or: [{e: [x]}, {f: [x]}]}"),
        &expect![[r#"
            line 8, column 98, /Resources/Listener/Properties/FilterPolicy: a filter policy has 5 keys at most, not 6
        "#]],
    );
    check(
        &with_policy(&format!("{{a: [{}], b: [{}]}}", values(15), values(10))),
        &expect![[r#"
            warnings:
        "#]],
    );
    check(
        &with_policy(&format!("{{a: [{}], b: [{}]}}", values(15), values(11))),
        &expect![[r#"
            line 8, column 98, /Resources/Listener/Properties/FilterPolicy: the lengths of the lists, multiplied, make 150 at most; shorten the lists
        "#]],
    );
    check(
        &with_policy("{}"),
        &expect![[r#"
        line 8, column 98, /Resources/Listener/Properties/FilterPolicy: a filter policy names at least one key; leave it out to get every message
    "#]],
    );
    check(
        &with_policy("{a: []}"),
        &expect![[r#"
        line 8, column 102, /Resources/Listener/Properties/FilterPolicy/a: `a` has an empty list, which nothing passes; give at least one value
    "#]],
    );
    check(
        &with_policy("{$or: [{a: [x]}]}"),
        &expect![[r#"
        line 8, column 104, /Resources/Listener/Properties/FilterPolicy/$or: `$or` takes a list of two or more mappings, each like a policy
    "#]],
    );
}

#[test]
fn workflows() {
    let uri = "DefinitionUri: workflows/order.asl.json";
    check_told(
        &changed(uri, "DefinitionUri: workflows/nowhere.json"),
        &expect![[r#"
            line 1567, column 22, /Resources/OrderProcessingStateMachine/Properties/DefinitionUri: there is no workflow file `workflows/nowhere.json`; the path is relative to the template
        "#]],
    );
    check_told(
        &changed(uri, "DefinitionUri: s3://bucket/key"),
        &expect![[r#"
            line 1567, column 22, /Resources/OrderProcessingStateMachine/Properties/DefinitionUri: the local engine does not run a workflow in S3: give the path of a file beside the template
        "#]],
    );
    check_told(
        &changed(
            "        OperationsTopic: !Ref OperationsTopic\n",
            "        Unused: text\n",
        ),
        &expect![[r#"
            line 1569, column 9, /Resources/OrderProcessingStateMachine/Properties/DefinitionSubstitutions: the workflow has `${OperationsTopic}` (line 329); give its value under DefinitionSubstitutions
        "#]],
    );
}

#[test]
fn a_substitution_without_a_place() {
    let last = "        OperationsTopic: !Ref OperationsTopic\n";
    check_told(
        &changed(last, &format!("{last}        Unused: text\n")),
        &expect![[r#"
            warnings:
            line 1569, column 9, /Resources/OrderProcessingStateMachine/Properties/DefinitionSubstitutions: the workflow does not use ${Unused}
        "#]],
    );
}

#[test]
fn a_value_that_is_not_there_in_the_end_is_missing() {
    check_told(
        "
Transform: AWS::Serverless-2016-10-31
Conditions: {Never: !Equals [a, b]}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: !If [Never, [{AttributeName: id, KeyType: HASH}], !Ref AWS::NoValue]
",
        &expect![[r#"
            line 8, column 7, /Resources/Table/Properties: `KeySchema` is missing here
            line 9, column 18, /Resources/Table/Properties/KeySchema: this must be a key with a HASH attribute, not one without
        "#]],
    );
}

#[test]
fn parameters() {
    check_told(
        "
Transform: AWS::Serverless-2016-10-31
Parameters:
  Open: {Type: String}
  Size: {Type: String, Default: huge, AllowedValues: [small, large]}
Resources: {}
",
        &expect![[r#"
            line 4, column 9, /Parameters/Open: parameter `Open` has no value; give it a Default, or a value when starting
            line 5, column 33, /Parameters/Size/Default: `huge` must be one of small, large
        "#]],
    );
}

#[test]
fn two_of_a_name() {
    check(
        "
  One: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
  Two: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: orders}}
",
        &expect![[r#"
            line 5, column 8, /Resources/Two: the name `orders` is taken by One already; choose another
        "#]],
    );
}
