//! What one machine can't run is refused when the directory is opened, with its place in the definition.

use serde_json::{Value, json};

use super::{work, workflow};
use crate::support::causes;

const NOBODY: &str = "arn:aws:lambda:eu-central-1:000000000000:function:nobody";

/// The faults that stand in the way, each `pointer: problem`; what would be right is left out.
async fn check(state: Value, expected: &[&str]) {
    let setup = workflow(json!({"Work": state}));
    let refused = setup.try_open().await.unwrap_err();
    let told = causes(&refused);
    let mut lines = told.lines();
    assert_eq!(
        lines.next(),
        Some("the state machine order-processing can't be run here")
    );
    let faults: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("  - "))
        .map(|fault| fault.rsplit_once(" (").unwrap().0)
        .collect();
    assert_eq!(faults, expected);
}

fn task(resource: &str, parameters: &Value) -> Value {
    json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters, "End": true})
}

#[tokio::test]
async fn a_service_that_one_machine_does_not_have() {
    for resource in [
        "sqs:sendMessage",
        "lambda:invoke.waitForTaskToken",
        "aws-sdk:s3:getObject",
        "dynamodb:putItem",
    ] {
        let fault =
            format!("/States/Work/Resource: arn:aws:states:::{resource} is not supported on one machine");
        check(task(resource, &json!({})), &[&fault]).await;
    }
}

#[tokio::test]
async fn a_function_that_the_template_does_not_have() {
    let mut unknown = work();
    unknown["Parameters"]["FunctionName"] = NOBODY.into();
    let fault = format!("/States/Work/Parameters/FunctionName: there is no function {NOBODY}");
    check(unknown, &[&fault]).await;
    let fault = format!("/States/Work/Resource: no function of the template has the ARN {NOBODY}");
    check(
        json!({"Type": "Task", "Resource": NOBODY, "End": true}),
        &[&fault],
    )
    .await;
}

#[tokio::test]
async fn a_table_or_topic_that_is_not_there() {
    let update = json!({"TableName": "Customers", "Key": {}, "UpdateExpression": "SET a = b"});
    let fault = "/States/Work/Parameters/TableName: updateItem on Customers is not supported on one machine";
    check(task("dynamodb:updateItem", &update), &[fault]).await;
    let publish = json!({"TopicArn": "arn:aws:sns:::nothing", "Message": "m"});
    let fault = "/States/Work/Parameters/TopicArn: there is no topic arn:aws:sns:::nothing";
    check(task("sns:publish", &publish), &[fault]).await;
}

#[tokio::test]
async fn every_expression_that_cannot_be_read() {
    let update = json!({
        "TableName": "OrdersTable",
        "Key": {"orderId": {"S.$": "$.orderId"}, "createdAt": {"S.$": "$.createdAt"}},
        "UpdateExpression": "SET #s == :done",
        "ConditionExpression": "attribute_exists(",
        "ExpressionAttributeNames": {"#s": "status"},
        "ExpressionAttributeValues": {":done": {"S": "COMPLETED"}},
    });
    let faults = [
        r#"/States/Work/Parameters/UpdateExpression: Invalid UpdateExpression: Syntax error; token: "=", near: "== :done""#,
        r#"/States/Work/Parameters/ConditionExpression: Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "(""#,
    ];
    check(task("dynamodb:updateItem", &update), &faults).await;
}

#[tokio::test]
async fn a_state_deep_inside_is_found_too() {
    let send = task("sqs:sendMessage", &json!({}));
    let problem = "arn:aws:states:::sqs:sendMessage is not supported on one machine";
    let branch = json!({"StartAt": "In", "States": {"In": send}});
    let fault = format!("/States/Work/Branches/0/States/In/Resource: {problem}");
    check(
        json!({"Type": "Parallel", "Branches": [branch], "End": true}),
        &[&fault],
    )
    .await;
    let items = json!({"StartAt": "In/out", "States": {"In/out": send}});
    let fault = format!("/States/Work/ItemProcessor/States/In~1out/Resource: {problem}");
    check(
        json!({"Type": "Map", "ItemProcessor": items, "End": true}),
        &[&fault],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_definition_at_all() {
    check(
        json!({"Type": "Task", "End": true}),
        &["/States/Work: These fields are required: [Resource]"],
    )
    .await;
}

#[tokio::test]
async fn a_refused_definition_leaves_the_directory_as_it_was_for_the_one_before() {
    let (running, _calls) = super::start(workflow(json!({"Work": {"Type": "Succeed"}}))).await;
    let order = running.place().await;
    running.ended_execution(&order).await;
    let setup = running.close().await;
    let refused = setup.with(|settings| settings.machine.definition = "{}".into());
    refused.try_open().await.unwrap_err();
    let mended = refused.with(|settings| {
        settings.machine.definition =
            json!({"StartAt": "Work", "States": {"Work": {"Type": "Succeed"}}}).to_string();
    });
    let running = mended.open().await;
    assert_eq!(running.execution(&order).await.info.status, "SUCCEEDED");
}
