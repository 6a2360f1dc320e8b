//! Placing: the order and its idempotency record in one transaction, then its message.
//!
//! The record is written with the order or not at all, so there is none of a request that never ended: nothing can stick.
//! What is killed between the transaction and the message leaves a PENDING order without a message; the client's repeat
//! with its key sends it, and so does the sweep.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use domain::{OrderId, OrderStatus, PlacedOrder, Placement, Timestamp};
use ports::StoreError;
use ports::orders::{Idempotency, OrderQueries, PlaceOrder, PlaceOrderError, Placed};
use serde_json::json;

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader, placed_item};
use crate::store::{Store, call};
use crate::time::{epoch_s, now};
use crate::transact::{Refusal, Transacted, n, s};
use crate::xray::header::order_header;

/// For how long a key is remembered.
const KEPT_S: i64 = 24 * 3_600;

impl PlaceOrder for Store {
    async fn place_order(
        &self,
        placement: Placement,
        idempotency: Option<Idempotency>,
    ) -> Result<Placed, PlaceOrderError> {
        let order = placement.order();
        let id = order.order_id;
        let store = |source| PlaceOrderError::Store { id, source };
        let mut writes = vec![self.insert_order(order).map_err(store)?];
        if let Some(idempotency) = &idempotency {
            writes.push(self.remember(idempotency, id, now()).map_err(store)?);
        }
        match self.transact(writes).await.map_err(store)? {
            Transacted::Done => {
                self.queue_order(order).await;
                Ok(Placed::Created(Arc::clone(order)))
            }
            Transacted::Refused(refusals) => match (idempotency, refusals.as_slice()) {
                // A key that was used says more than an id that was: the id is drawn anew with each request.
                (Some(idempotency), [_, Refusal::Condition(Some(record))]) => {
                    self.replay(record, &idempotency, id).await.map(Placed::Replayed)
                }
                // The record was there when the condition was looked at, and expired before it could be read.
                (Some(_), [_, Refusal::Condition(None)]) => Err(PlaceOrderError::InFlight),
                _ => Err(PlaceOrderError::DuplicateId(id)),
            },
        }
    }

    async fn find_placed(
        &self,
        id: OrderId,
        idempotency: Idempotency,
    ) -> Result<Option<Arc<PlacedOrder>>, PlaceOrderError> {
        let store = |source| PlaceOrderError::Store { id, source };
        let request = self
            .dynamodb()
            .get_item()
            .table_name(self.name(Variable::IdempotencyTable).map_err(store)?)
            .key("idempotencyKey", s(hex(&idempotency.key_hash)))
            .consistent_read(true);
        let answer = call("dynamodb", "GetItem", request.send()).await;
        let record = answer.map_err(|error| store(store_error(error)))?.item;
        match record.filter(|record| !has_expired(record, now())) {
            Some(record) => self.replay(&record, &idempotency, id).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Store {
    fn insert_order(&self, order: &PlacedOrder) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.name(Variable::OrdersTable)?)
            .set_item(Some(placed_item(order)))
            .condition_expression("attribute_not_exists(orderId)")
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// DynamoDB removes expired records within days, so a record that has expired counts as none.
    fn remember(
        &self,
        idempotency: &Idempotency,
        id: OrderId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.name(Variable::IdempotencyTable)?)
            .item("idempotencyKey", s(hex(&idempotency.key_hash)))
            .item("bodyHash", s(hex(&idempotency.body_hash)))
            .item("orderId", s(id.to_string()))
            .item("expiresAt", n(epoch_s(now) + KEPT_S))
            .condition_expression("attribute_not_exists(idempotencyKey) OR expiresAt <= :now")
            .expression_attribute_values(":now", n(epoch_s(now)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The order that the record is about. If nobody took it up yet, its message may never have been sent, so it is
    /// sent again: to begin an order twice changes nothing.
    async fn replay(
        &self,
        record: &Attributes,
        idempotency: &Idempotency,
        asked: OrderId,
    ) -> Result<Arc<PlacedOrder>, PlaceOrderError> {
        let store = |source| PlaceOrderError::Store { id: asked, source };
        let reader = Reader {
            item: record,
            of: "an idempotency record",
        };
        let damaged = |damaged: Damaged| store(damaged.into());
        if reader.required("bodyHash").map_err(damaged)? != hex(&idempotency.body_hash) {
            return Err(PlaceOrderError::KeyReused);
        }
        let id: OrderId = reader.parsed("orderId").map_err(damaged)?;
        let found = self.get_order(id).await.map_err(store)?;
        let order =
            found.ok_or_else(|| damaged(Damaged::new("order", format!("{id}, which was placed,"))))?;
        if order.state.status == OrderStatus::Pending {
            self.queue_order(&order.placed).await;
        }
        Ok(order.placed)
    }

    /// Sends the order's message. If that fails the order is stored all the same, and the sweep sends it later.
    async fn queue_order(&self, order: &PlacedOrder) {
        if let Err(error) = self.send_order(order).await {
            let error: &(dyn std::error::Error + 'static) = &error;
            self.metrics().count("OrdersNotQueued", &[], 1);
            tracing::error!(event_type = "order_not_queued", orderId = %order.order_id, traceId = order.trace_id, error);
        }
    }

    /// Puts the order's message on the queue.
    pub(crate) async fn send_order(&self, order: &PlacedOrder) -> Result<(), StoreError> {
        let body = json!({
            "orderId": order.order_id,
            "createdAt": order.created_at,
            "customerId": order.customer_id,
            "totalAmount": order.total_amount,
            "currency": order.currency,
            "traceId": order.trace_id,
        });
        let attribute = |value: String| {
            MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(StoreError::failed)
        };
        let mut request = self
            .sqs()
            .send_message()
            .queue_url(self.name(Variable::OrderQueueUrl)?)
            .message_body(body.to_string())
            .message_attributes("orderId", attribute(order.order_id.to_string())?)
            .message_attributes("eventType", attribute("ORDER_PLACED".to_owned())?);
        // Whoever sends it, a client's repeat or the sweep, it is of the trace that the order is of.
        if let Some(header) = order_header(&order.trace_id, None) {
            let header = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(header)
                .build()
                .map_err(StoreError::failed)?;
            request =
                request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header);
        }
        call("sqs", "SendMessage", request.send())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

fn has_expired(record: &Attributes, now: Timestamp) -> bool {
    let reader = Reader {
        item: record,
        of: "an idempotency record",
    };
    reader
        .number::<i64>("expiresAt")
        .is_ok_and(|at| at <= epoch_s(now))
}

fn hex(bytes: &[u8; 32]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
