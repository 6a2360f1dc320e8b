//! Updates of an order that a workflow asks for and doesn't get.

use serde_json::json;

use super::workflow;

/// What it was placed with is what the order is; to drop it in silence, or to keep it in silence, would both be wrong.
#[tokio::test]
async fn what_was_placed_can_be_neither_changed_nor_removed() {
    for (expression, problem) in [
        (
            "REMOVE customerId",
            "customerId can't change after an order was placed",
        ),
        (
            "REMOVE traceId",
            "traceId was placed with the order and can't be removed",
        ),
    ] {
        let update = json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:updateItem",
            "Parameters": {
                "TableName": "OrdersTable",
                "Key": {"orderId": {"S.$": "$.orderId"}, "createdAt": {"S.$": "$.createdAt"}},
                "UpdateExpression": expression,
            },
            "End": true,
        });
        let (running, _calls) = super::start(workflow(json!({"Work": update}))).await;
        let order = running.place().await;
        let ended = running.ended_execution(&order).await;
        assert_eq!(ended.info.status, "FAILED", "{expression}");
        let cause = ended.info.cause.unwrap_or_default();
        assert!(cause.contains(problem), "{expression}: {cause}");
    }
}
