//! The topic: what happens to orders, for whoever subscribed.
//!
//! SNS takes the trace that a message belongs to from the header of the call, and hands it on to its subscribers (Amazon
//! SNS Developer Guide, "Active tracing"). The SDK would name the invocation's own trace, which for a batch of the queue
//! is nobody's order.

use aws_sdk_sns::types::MessageAttributeValue;
use domain::{OrderStatus, PlacedOrder};
use ports::StoreError;
use serde_json::json;

use crate::environment::Variable;
use crate::error::store_error;
use crate::store::{Store, call};
use crate::xray::header::{TRACE_HEADER, order_header};

impl Store {
    /// Publishes that the order came to this status; `came_with` is the trace header of the message that led to it. When it returns the topic has the message on durable storage.
    pub(crate) async fn publish_status(
        &self,
        order: &PlacedOrder,
        status: OrderStatus,
        came_with: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut message = json!({
            "orderId": order.order_id,
            "createdAt": order.created_at,
            "status": status,
            "customerId": order.customer_id,
            "totalAmount": order.total_amount,
            "currency": order.currency,
            "traceId": order.trace_id,
        });
        if let Some(email) = &order.customer_email {
            message["customerEmail"] = json!(email);
        }
        if let Some(phone) = &order.customer_phone {
            message["customerPhone"] = json!(phone);
        }
        // What subscriptions filter on.
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(status.as_str())
            .build()
            .map_err(StoreError::failed)?;
        let request = self
            .sns()
            .publish()
            .topic_arn(self.name(Variable::OrderTopicArn)?)
            .message(message.to_string())
            .message_attributes("status", attribute);
        let trace = order_header(&order.trace_id, came_with);
        let request = request.customize().mutate_request(move |request| {
            if let Some(trace) = &trace {
                // It is made of hexadecimal digits, so it can't be refused.
                let _ = request.headers_mut().try_insert(TRACE_HEADER, trace.clone());
            }
        });
        call("sns", "Publish", request.send())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}
