//! The outbox: an item for each message to a customer, written once, whatever is delivered twice.
//!
//! The item is the record that the message was handed over, and the claim by which one delivery of it is told from
//! another. What is sent and how is [`crate::messages`]'.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::{OrderId, OrderStatus, Timestamp};
use ports::StoreError;
use ports::notify::{Channel, Message};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader, text};
use crate::store::{Store, call};
use crate::time::{epoch_s, now};
use crate::transact::{n, s};

/// For how long a message is kept: as long as a customer may ask about it.
const KEPT_S: i64 = 30 * 24 * 3_600;

/// For how long a message is one delivery's to send: longer than the function may take, so that none is sent by two at a
/// time, and shorter than the minute that Lambda waits before it tries an asynchronous call again.
const CLAIM_S: i64 = 45;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Written here and not sent.
    Kept,
    /// Being sent; or whoever sent it was killed before it could say so.
    Sending,
    /// Taken by the service that delivers it.
    Sent,
    /// Refused for good.
    Refused,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "KEPT",
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Refused => "REFUSED",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Kept, Self::Sending, Self::Sent, Self::Refused];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

/// What claiming a message came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is the caller's to send.
    Won,
    /// Another delivery has claimed it.
    Underway,
    /// There is nothing left to do.
    Done,
}

impl Store {
    /// Keeps a message that is not sent; `false` when it was kept or sent before.
    pub(crate) async fn keep_message(&self, message: &Message) -> Result<bool, StoreError> {
        let request = self
            .put_message(message, State::Kept)?
            .condition_expression("attribute_not_exists(messageKey)");
        match call("dynamodb", "PutItem", request.send()).await {
            Ok(_) => Ok(true),
            Err(error) if is_refused(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Claims a message for sending.
    pub(crate) async fn claim_message(&self, message: &Message) -> Result<Claim, StoreError> {
        let now_s = epoch_s(now());
        let request = self
            .put_message(message, State::Sending)?
            .item("claimedUntil", n(now_s + CLAIM_S))
            .condition_expression(
                "attribute_not_exists(messageKey) OR (#state = :sending AND claimedUntil < :now)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sending", s(State::Sending.as_str()))
            .expression_attribute_values(":now", n(now_s))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match call("dynamodb", "PutItem", request.send()).await {
            Ok(_) => return Ok(Claim::Won),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                let state = refused.item().and_then(|item| text(item, "state"));
                Ok(match state.and_then(State::parse) {
                    Some(State::Sending) => Claim::Underway,
                    Some(State::Kept | State::Sent | State::Refused) | None => Claim::Done,
                })
            }
            Some(_) | None => Err(store_error(error)),
        }
    }

    /// Writes what became of a claimed message: the service's id of it, or why it was refused.
    pub(crate) async fn end_message(
        &self,
        message: &Message,
        state: State,
        said: &str,
    ) -> Result<(), StoreError> {
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OutboxTable)?)
            .key("messageKey", s(&message.key))
            .update_expression("SET #state = :state, said = :said REMOVE claimedUntil")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", s(state.as_str()))
            .expression_attribute_values(":said", s(said));
        call("dynamodb", "UpdateItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    /// Gives a claim back, for the service certainly did not send it.
    pub(crate) async fn release_message(&self, message: &Message) -> Result<(), StoreError> {
        let request = self
            .dynamodb()
            .update_item()
            .table_name(self.name(Variable::OutboxTable)?)
            .key("messageKey", s(&message.key))
            .update_expression("SET claimedUntil = :never")
            .expression_attribute_values(":never", n(0));
        call("dynamodb", "UpdateItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    fn put_message(&self, message: &Message, state: State) -> Result<PutItemFluentBuilder, StoreError> {
        let at = now();
        Ok(self
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
            .item("state", s(state.as_str()))
            .item("at", s(at.to_string()))
            .item("expiresAt", n(epoch_s(at) + KEPT_S)))
    }

    /// What the outbox has of an order. The keys are known: one for each status and channel.
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

fn is_refused<R>(error: &SdkError<PutItemError, R>) -> bool {
    matches!(
        error.as_service_error(),
        Some(PutItemError::ConditionalCheckFailedException(_))
    )
}

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentMessage {
    pub(crate) at: Timestamp,
    pub(crate) channel: Channel,
    /// Masked.
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) state: State,
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
            state: State::parse(reader.required("state")?).ok_or_else(|| reader.damaged("state"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_outlives_the_function_and_not_the_wait_for_the_next_try() {
        let (system, _) = template::System::built_in().unwrap();
        let mut functions = system.functions.iter();
        let function = functions
            .find(|function| function.name == "order-notification")
            .unwrap();
        assert!(CLAIM_S > i64::from(function.timeout.0) && CLAIM_S < 60);
    }

    #[test]
    fn every_state_is_read_as_it_is_written() {
        for state in [State::Kept, State::Sending, State::Sent, State::Refused] {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("LOST"), None);
    }
}
