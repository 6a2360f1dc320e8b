//! Mails, through SES.

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent};
use ports::StoreError;
use ports::notify::Message;

use super::Failure;
use crate::error::{is_throttle, store_error};
use crate::sdk::no_retries;
use crate::store::call;

/// Sends mails from one address.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    client: aws_sdk_sesv2::Client,
    from: String,
}

impl Mail {
    pub(super) fn new(client: aws_sdk_sesv2::Client, from: String) -> Self {
        Self { client, from }
    }

    /// SES's id of the mail.
    pub(super) async fn send(&self, message: &Message) -> Result<String, Failure> {
        let destination = Destination::builder().to_addresses(&message.recipient).build();
        let content = text(message).map_err(Failure::Failed)?;
        let request = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(destination)
            .content(content)
            .customize()
            .config_override(aws_sdk_sesv2::Config::builder().retry_config(no_retries()));
        match call("ses", "SendEmail", request.send()).await {
            Ok(answer) => Ok(answer.message_id.unwrap_or_default()),
            Err(error) => Err(failure(error)),
        }
    }
}

fn text(message: &Message) -> Result<EmailContent, StoreError> {
    let utf8 = |text: &str| {
        let content = Content::builder().data(text).charset("UTF-8").build();
        content.map_err(StoreError::failed)
    };
    let body = Body::builder().text(utf8(&message.body)?).build();
    let simple = aws_sdk_sesv2::types::Message::builder()
        .subject(utf8(&message.subject)?)
        .body(body)
        .build();
    Ok(EmailContent::builder().simple(simple).build())
}

/// Whose fault it is. An unverified sender, a paused account and a spent limit are the operator's: the mail is tried
/// again, ends in the dead-letter queue, and is sent from there when that is mended. A wrong address stays wrong.
fn failure<R>(error: SdkError<SendEmailError, R>) -> Failure
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error() {
        Some(SendEmailError::BadRequestException(refused)) => {
            Failure::Refused(refused.message().unwrap_or("bad request").to_owned())
        }
        Some(_) if is_throttle(error.code()) => Failure::Throttled,
        Some(_) => Failure::Failed(store_error(error)),
        None => Failure::Unknown(store_error(error)),
    }
}
