//! Cancelling: the status on its condition, then the notification.
//!
//! The two are not one transaction on AWS. The write leaves a mark, `unpublished`, that is removed once the topic has the
//! message; if that never comes the sweep finds the mark and publishes. A message that goes out twice tells the
//! customer once. The mark is the call's own, so that a repeat by the SDK, after an answer that was lost, knows what
//! the first attempt wrote from what another call did.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{Order, OrderId, OrderStatus};
use ports::StoreError;
use ports::orders::{CancelOrder, CancelOrderError};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{order_key, read_order, text};
use crate::store::{Store, call};
use crate::time::now;
use crate::transact::s;

impl CancelOrder for Store {
    async fn cancel_order(&self, id: OrderId, reason: String) -> Result<Order, CancelOrderError> {
        let store = |source| CancelOrderError::Store { id, source };
        let mark = uuid::Uuid::now_v7().to_string();
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OrdersTable).map_err(store)?)
            .set_key(Some(order_key(id)))
            .update_expression(
                "SET #s = :cancelled, failureReason = :reason, updatedAt = :now, unpublished = :mark",
            )
            .condition_expression("#s IN (:pending, :processing)")
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":cancelled", s(OrderStatus::Cancelled.as_str()))
            .expression_attribute_values(":pending", s(OrderStatus::Pending.as_str()))
            .expression_attribute_values(":processing", s(OrderStatus::Processing.as_str()))
            .expression_attribute_values(":reason", s(reason))
            .expression_attribute_values(":now", s(now().to_string()))
            .expression_attribute_values(":mark", s(mark.as_str()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let damaged = |damaged: Damaged| store(damaged.into());
        match call("dynamodb", "UpdateItem", request.send()).await {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                let order = read_order(&item).map_err(damaged)?;
                self.announce_cancelled(&order).await;
                Ok(order)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => match refused.item() {
                    None => Err(CancelOrderError::NotFound(id)),
                    Some(item) => {
                        let order = read_order(item).map_err(damaged)?;
                        if text(item, "unpublished") != Some(mark.as_str()) {
                            return Err(CancelOrderError::Ended(order.state.status));
                        }
                        self.announce_cancelled(&order).await;
                        Ok(order)
                    }
                },
                Some(_) | None => Err(store(store_error(error))),
            },
        }
    }
}

impl Store {
    /// Publishes the cancellation and removes the mark. What fails here is left to the sweep.
    async fn announce_cancelled(&self, order: &Order) {
        if let Err(error) = self.publish_cancelled(order).await {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(
                event_type = "cancellation_not_published",
                orderId = %order.placed.order_id,
                traceId = order.placed.trace_id,
                error
            );
        }
    }

    /// Publishes the cancellation of an order, then removes its mark.
    pub(crate) async fn publish_cancelled(&self, order: &Order) -> Result<(), StoreError> {
        self.publish_status(&order.placed, OrderStatus::Cancelled, None)
            .await?;
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OrdersTable)?)
            .set_key(Some(order_key(order.placed.order_id)))
            .update_expression("REMOVE unpublished");
        call("dynamodb", "UpdateItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}
