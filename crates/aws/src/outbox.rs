//! Messages to customers: an item each, written once, whatever is delivered twice.
//!
//! The item is the record that the message was handed over; the log says so too, with the recipient masked.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use domain::{OrderId, OrderStatus, Timestamp};
use ports::StoreError;
use ports::notify::{Channel, Message, Sender};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader};
use crate::store::{Store, call};
use crate::time::{epoch_s, now};
use crate::transact::{n, s};

/// For how long a message is kept: as long as a customer may ask about it.
const KEPT_S: i64 = 30 * 24 * 3_600;

impl Sender for Store {
    async fn send(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        for message in &messages {
            if self.hand_over(message).await? {
                tracing::info!(
                    event_type = "message_in_outbox",
                    orderId = %message.order_id,
                    channel = message.channel.as_str(),
                    recipient = message.channel.mask(&message.recipient),
                    traceId = message.trace_id,
                );
            }
        }
        Ok(())
    }
}

impl Store {
    /// `false` when it was handed over before.
    async fn hand_over(&self, message: &Message) -> Result<bool, StoreError> {
        let at = now();
        let request = self
            .dynamodb()
            .put_item()
            .table_name(self.name(Variable::OutboxTable)?)
            .item("messageKey", s(&message.key))
            .item("orderId", s(message.order_id.to_string()))
            .item("channel", s(message.channel.as_str()))
            .item("recipient", s(&message.recipient))
            .item("subject", s(&message.subject))
            .item("body", s(&message.body))
            .item("traceId", s(&message.trace_id))
            .item("at", s(at.to_string()))
            .item("expiresAt", n(epoch_s(at) + KEPT_S))
            .condition_expression("attribute_not_exists(messageKey)");
        match call("dynamodb", "PutItem", request.send()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                Some(_) | None => Err(store_error(error)),
            },
        }
    }

    /// What was sent about an order. The keys are known: one for each status and channel.
    pub(crate) async fn sent_messages(&self, order: OrderId) -> Result<Vec<SentMessage>, StoreError> {
        let statuses = OrderStatus::ALL
            .map(OrderStatus::as_str)
            .into_iter()
            .chain(["REFUNDED"]);
        let keys = statuses.flat_map(|status| {
            [Channel::Email, Channel::Sms].map(|channel| format!("{order}:{status}:{}", channel.as_str()))
        });
        let keys = keys
            .map(|key| Attributes::from([("messageKey".to_owned(), s(key))]))
            .collect();
        let read = self.batch_get(Variable::OutboxTable, keys).await?;
        Ok(read.iter().map(SentMessage::read).collect::<Result<_, _>>()?)
    }
}

/// A message that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentMessage {
    pub(crate) at: Timestamp,
    pub(crate) channel: Channel,
    /// Masked.
    pub(crate) recipient: String,
    pub(crate) subject: String,
}

impl SentMessage {
    fn read(item: &Attributes) -> Result<Self, Damaged> {
        let reader = Reader {
            item,
            of: "a message",
        };
        let channel = match reader.required("channel")? {
            "email" => Channel::Email,
            "sms" => Channel::Sms,
            _ => return Err(reader.damaged("channel")),
        };
        Ok(Self {
            at: reader.parsed("at")?,
            channel,
            recipient: channel.mask(reader.required("recipient")?),
            subject: reader.optional("subject").unwrap_or_default(),
        })
    }
}
