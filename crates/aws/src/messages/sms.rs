//! Text messages, through SNS.

use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use ports::StoreError;
use ports::notify::Message;

use super::Failure;
use crate::error::{is_throttle, store_error};
use crate::sdk::no_retries;
use crate::store::{Store, call};

/// SNS's id of the message.
pub(super) async fn send(store: &Store, message: &Message) -> Result<String, Failure> {
    // Delivered first and dearest, as one-time codes are (Amazon SNS Developer Guide, "Publishing SMS messages").
    let transactional = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("Transactional")
        .build()
        .map_err(|error| Failure::Failed(StoreError::failed(error)))?;
    let request = store
        .sns()
        .publish()
        .phone_number(&message.recipient)
        .message(&message.body)
        .message_attributes("AWS.SNS.SMS.SMSType", transactional)
        .customize()
        .config_override(aws_sdk_sns::Config::builder().retry_config(no_retries()));
    match call("sns", "Publish", request.send()).await {
        Ok(answer) => Ok(answer.message_id.unwrap_or_default()),
        Err(error) => Err(failure(error)),
    }
}

/// SNS refuses a number that is none, or whose owner has opted out, as an invalid parameter.
fn failure<R>(error: SdkError<PublishError, R>) -> Failure
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error() {
        Some(
            PublishError::InvalidParameterException(_) | PublishError::InvalidParameterValueException(_),
        ) => Failure::Refused("SNS does not send to this number".to_owned()),
        Some(_) if is_throttle(error.code()) => Failure::Throttled,
        Some(_) => Failure::Failed(store_error(error)),
        None => Failure::Unknown(store_error(error)),
    }
}
