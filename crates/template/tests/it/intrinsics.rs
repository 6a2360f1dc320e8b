//! CloudFormation's functions, seen through the environment of a function.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use template::System;

/// `value` as a variable of a function, in a template that has something of everything to refer to.
fn template_with(value: &str) -> String {
    format!(
        "
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {{Type: String, Default: dev}}
  Zones: {{Type: CommaDelimitedList, Default: 'a, b,c'}}
  Size: {{Type: Number, Default: 1.50}}
Mappings:
  Sizes:
    dev: {{memory: 128, names: [x, y]}}
    prod: {{memory: 1024, names: [z]}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, {{Condition: IsDev}}]
  Either: !Or [!Condition IsProd, !Condition IsDev]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub orders-${{Stage}}
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      StreamSpecification: {{StreamViewType: NEW_IMAGE}}
  Queue: {{Type: AWS::SQS::Queue}}
  Topic: {{Type: AWS::SNS::Topic}}
  OnlyProd: {{Type: AWS::SQS::Queue, Condition: IsProd}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: f
      Environment:
        Variables:
          V: {value}
"
    )
}

fn told(value: &str, given: &[(&str, &str)]) -> String {
    let given: BTreeMap<_, _> = given
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    match System::parse_with(&template_with(value), &|_| None, &given) {
        Ok((system, _)) => match system.functions[0].environment.get("V") {
            Some(value) => value.clone(),
            None => "(nothing)".to_owned(),
        },
        Err(faults) => faults
            .iter()
            .map(|fault| format!("{}\n", fault.problem))
            .collect(),
    }
}

fn check(value: &str, expected: &Expect) {
    expected.assert_eq(&told(value, &[]));
}

#[test]
fn references() {
    check("!Ref Stage", &expect!["dev"]);
    check("!Ref Size", &expect!["1.50"]);
    check("!Ref Table", &expect!["orders-dev"]);
    check("!Ref Queue", &expect!["https://sqs.local/000000000000/Queue"]);
    check("!Ref Topic", &expect!["arn:aws:sns:local:000000000000:Topic"]);
    check("!Ref AWS::Region", &expect!["local"]);
    check("!Ref AWS::NoValue", &expect!["(nothing)"]);
    check("{Ref: Stage}", &expect!["dev"]);
    check(
        "!Ref Nobody",
        &expect![[r#"
        nothing here is called `Nobody`; refer to a parameter, or to a resource whose condition holds
    "#]],
    );
    check(
        "!Ref OnlyProd",
        &expect![[r#"
        nothing here is called `OnlyProd`; refer to a parameter, or to a resource whose condition holds
    "#]],
    );
    check(
        "!Ref Zones",
        &expect![[r#"
        this must be a single value, not a list
    "#]],
    );
}

#[test]
fn attributes() {
    check(
        "!GetAtt Table.Arn",
        &expect!["arn:aws:dynamodb:local:000000000000:table/orders-dev"],
    );
    check(
        "!GetAtt Table.StreamArn",
        &expect!["arn:aws:dynamodb:local:000000000000:table/orders-dev/stream/local"],
    );
    check("!GetAtt [Queue, QueueName]", &expect!["Queue"]);
    check("{'Fn::GetAtt': [Topic, TopicName]}", &expect!["Topic"]);
    check(
        "!GetAtt Queue",
        &expect![[r#"
        Fn::GetAtt takes a resource and its attribute, such as OrdersTable.Arn
    "#]],
    );
    check(
        "!GetAtt Queue.Colour",
        &expect![[r#"
        `Queue` of type AWS::SQS::Queue has no attribute `Colour` that is known on one machine
    "#]],
    );
}

#[test]
fn texts() {
    check(
        "!Sub '${Stage}/${Table.Arn}/${!Literal}'",
        &expect!["dev/arn:aws:dynamodb:local:000000000000:table/orders-dev/${Literal}"],
    );
    check(
        "!Sub ['${Own}-${Stage}', {Own: !Ref Queue}]",
        &expect!["https://sqs.local/000000000000/Queue-dev"],
    );
    check(
        "!Sub '${Stage'",
        &expect![[r#"
        Fn::Sub takes a closing brace for each `${`
    "#]],
    );
    check(
        "!Join ['-', [a, !Ref Stage, !Ref AWS::NoValue, c]]",
        &expect!["a-dev-c"],
    );
    check("!Join ['+', !Ref Zones]", &expect!["a+b+c"]);
    check(
        "!Join [a]",
        &expect![[r#"
        Fn::Join takes a list: a delimiter, and a list of values
    "#]],
    );
    check("!Select [1, !Ref Zones]", &expect!["b"]);
    check(
        "!Select [3, !Ref Zones]",
        &expect![[r#"
        Fn::Select takes a list: an index from 0, and a list that has it
    "#]],
    );
    check("!Join ['+', !Split ['.', a.b.c]]", &expect!["a+b+c"]);
}

#[test]
fn mappings() {
    check("!FindInMap [Sizes, !Ref Stage, memory]", &expect!["128"]);
    check("!Select [1, !FindInMap [Sizes, dev, names]]", &expect!["y"]);
    check(
        "!FindInMap [Sizes, test, memory]",
        &expect![[r#"
        there is no entry /Sizes/test/memory; define it under Mappings
    "#]],
    );
}

#[test]
fn conditions() {
    check("!If [IsProd, yes, no]", &expect!["no"]);
    check("!If [IsDev, !Ref Stage, no]", &expect!["dev"]);
    check("!If [Both, yes, !Ref AWS::NoValue]", &expect!["(nothing)"]);
    check("!If [Either, yes, no]", &expect!["yes"]);
    check(
        "!If [Nowhere, yes, no]",
        &expect![[r#"
        there is no condition `Nowhere`; define it under Conditions
    "#]],
    );
    check(
        "!Equals [a, a]",
        &expect![[r#"
        Fn::Equals takes its place under Conditions; here, use Fn::If with the name of a condition
    "#]],
    );
    expect!["https://sqs.local/000000000000/OnlyProd"]
        .assert_eq(&told("!If [IsProd, !Ref OnlyProd, no]", &[("Stage", "prod")]));
}

#[test]
fn what_only_aws_can_compute() {
    check(
        "!ImportValue other-stack",
        &expect![[r#"
        Fn::ImportValue can't be computed on one machine; give the value itself, or a parameter
    "#]],
    );
    check(
        "!Base64 text",
        &expect![[r#"
        Fn::Base64 can't be computed on one machine; give the value itself, or a parameter
    "#]],
    );
    check(
        "!Unheard of",
        &expect![[r#"
        CloudFormation has no function !Unheard
    "#]],
    );
}

#[test]
fn names_that_come_down_to_themselves() {
    let yaml = "
Transform: AWS::Serverless-2016-10-31
Conditions:
  Hen: !Not [!Condition Egg]
  Egg: !Not [!Condition Hen]
Resources:
  One: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'q-${Two}'}}
  Two: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt One.QueueName}}
";
    crate::support::check_told(
        yaml,
        &expect![[r#"
        line 4, column 14, /Conditions/Hen/0: `/Conditions/Egg` refers to itself in the end; break the circle
        line 5, column 14, /Conditions/Egg/0: `/Conditions/Hen` refers to itself in the end; break the circle
        line 7, column 56, /Resources/One/Properties/QueueName: `One` refers to itself in the end; break the circle
        line 8, column 56, /Resources/Two/Properties/QueueName: `Two` refers to itself in the end; break the circle
    "#]],
    );
}

#[test]
fn texts_that_multiply_end() {
    let doubling: String = (0..40)
        .map(|at| {
            let next = at + 1;
            format!("  Q{at}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Sub '${{Q{next}.QueueName}}${{Q{next}.QueueName}}'}}}}\n")
        })
        .collect();
    let yaml = crate::support::with_resources(&format!("{doubling}  Q40: {{Type: AWS::SQS::Queue}}\n"));
    let faults = System::parse(&yaml, &|_| None).unwrap_err();
    let told = faults[0].to_string();
    assert!(told.contains("more than 16777216 bytes of text"), "{told}");
}
