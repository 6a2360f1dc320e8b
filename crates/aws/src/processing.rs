//! From the queue into the workflow: the status, the news of it, the execution, in this order.
//!
//! Whatever is killed on the way, the message comes again and finds the order PROCESSING. It can't be told then how far
//! the first attempt came, so the rest is done again: the execution has the order's id as its name and starts once, and
//! the news has a key and is told once.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use domain::{Order, OrderStatus};
use ports::StoreError;
use ports::processing::{BeginError, BeginOrder, BeginProcessing, Begun};
use serde_json::json;

use crate::environment::Variable;
use crate::error::store_error;
use crate::item::{order_key, read_order};
use crate::store::{Store, call};
use crate::time::now;
use crate::transact::s;
use crate::xray::header::order_header;

impl BeginProcessing for Store {
    async fn begin_processing(&self, orders: Vec<BeginOrder>) -> Vec<Result<Begun, BeginError>> {
        // A batch is at most ten messages. One after the other would take ten times as long.
        futures_util::future::join_all(orders.iter().map(|order| self.begin_order(order))).await
    }
}

impl Store {
    async fn begin_order(&self, begin: &BeginOrder) -> Result<Begun, BeginError> {
        let id = begin.order_id;
        let store = |source| BeginError::Store { id, source };
        if id.created_at() != begin.created_at {
            return Err(BeginError::WrongKey {
                id,
                created_at: begin.created_at,
            });
        }
        let came_with = begin.trace_header.as_deref();
        match self.mark_processing(begin).await.map_err(store)? {
            Marked::Now(order) => {
                self.start(&order, came_with).await.map_err(store)?;
                Ok(Begun::Started)
            }
            Marked::Before(order) => match order.state.status {
                OrderStatus::Pending | OrderStatus::Processing => {
                    self.start(&order, came_with).await.map_err(store)?;
                    Ok(Begun::AlreadyStarted)
                }
                OrderStatus::Completed | OrderStatus::Failed | OrderStatus::Cancelled => Ok(Begun::Ended),
            },
            Marked::NotFound => Err(BeginError::NotFound(id)),
        }
    }

    /// PENDING to PROCESSING, on its condition.
    async fn mark_processing(&self, begin: &BeginOrder) -> Result<Marked, StoreError> {
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OrdersTable)?)
            .set_key(Some(order_key(begin.order_id)))
            // A sweep may have called for a person meanwhile; there is nothing to do for one any more.
            .update_expression("SET #s = :processing, updatedAt = :now REMOVE attention")
            .condition_expression("#s = :pending")
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":processing", s(OrderStatus::Processing.as_str()))
            .expression_attribute_values(":pending", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":now", s(now().to_string()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call("dynamodb", "UpdateItem", request.send()).await {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                Ok(Marked::Now(Box::new(read_order(&item)?)))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => match refused.item() {
                    Some(item) => Ok(Marked::Before(Box::new(read_order(item)?))),
                    None => Ok(Marked::NotFound),
                },
                Some(_) | None => Err(store_error(error)),
            },
        }
    }

    async fn start(&self, order: &Order, came_with: Option<&str>) -> Result<(), StoreError> {
        self.publish_status(&order.placed, OrderStatus::Processing, came_with)
            .await?;
        let placed = &order.placed;
        let input = json!({
            "orderId": placed.order_id,
            "createdAt": placed.created_at,
            "traceId": placed.trace_id,
        });
        let request = self
            .states()
            .start_execution()
            .state_machine_arn(self.name(Variable::StateMachineArn)?)
            .name(placed.order_id.to_string())
            .input(input.to_string())
            .set_trace_header(order_header(&placed.trace_id, came_with));
        match call("states", "StartExecution", request.send()).await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(StartExecutionError::ExecutionAlreadyExists(_)) => Ok(()),
                Some(_) | None => Err(store_error(error)),
            },
        }
    }
}

/// What marking an order found.
enum Marked {
    /// It was PENDING and is PROCESSING now.
    Now(Box<Order>),
    /// It was not PENDING; as it stands.
    Before(Box<Order>),
    /// There is no such order.
    NotFound,
}
