//! Messages to customers: by mail through SES, by SMS through SNS, each once.
//!
//! Neither service knows a message again that it gets twice, so the outbox guards them: a message is claimed there under
//! its key, then sent, then marked as sent. A delivery that comes twice finds it claimed or sent. What was killed between
//! sending and marking is sent a second time when its claim has run out: a customer is rather told twice than never.
//! A channel that is not switched on keeps its messages in the outbox and sends nothing, as one machine does.

mod mail;
mod sms;

use std::sync::Arc;

use ports::StoreError;
use ports::notify::{Channel, Message, Sender};

use crate::backoff::Backoff;
use crate::outbox::{Claim, State};
use crate::store::Store;

use mail::Mail;

/// The waits of a message that a service throttles: 3.2 s on average, 6.4 s at most. A notification is two messages at most
/// and the function has 30 s.
const THROTTLED: Backoff = Backoff::new(6, 200, 1_600);

/// Which channels are switched on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The address that mails come from, which SES has verified; `None` keeps mails in the outbox.
    pub mail_from: Option<String>,
    /// Whether text messages are sent.
    pub sms: bool,
}

impl Delivery {
    /// Reads `MAIL_FROM` and `SMS_ENABLED`, as `template.yaml` sets them, with `read`. Both may be missing.
    pub fn read(read: impl Fn(&'static str) -> Option<String>) -> Self {
        Self {
            mail_from: read("MAIL_FROM").filter(|address| !address.is_empty()),
            sms: read("SMS_ENABLED").is_some_and(|value| value == "true"),
        }
    }
}

/// Sends messages to customers.
#[derive(Debug, Clone)]
pub struct CustomerMessages {
    store: Arc<Store>,
    mail: Option<Mail>,
    sms: bool,
}

/// Why a service did not take a message.
#[derive(Debug)]
enum Failure {
    /// It never will: there is no such recipient, or they want no messages.
    Refused(String),
    /// It takes no more at this rate.
    Throttled,
    /// It said no, and may say yes another time.
    Failed(StoreError),
    /// It said nothing, so the message may be on its way.
    Unknown(StoreError),
}

impl CustomerMessages {
    /// Over the outbox of this store.
    #[must_use]
    pub fn new(store: Arc<Store>, delivery: Delivery) -> Self {
        let mail = delivery.mail_from.map(|from| Mail::new(store.mail(), from));
        Self {
            mail,
            sms: delivery.sms,
            store,
        }
    }

    /// As the function's environment says.
    #[must_use]
    pub fn from_environment(store: Arc<Store>) -> Self {
        Self::new(store, Delivery::read(|name| std::env::var(name).ok()))
    }

    async fn hand_over(&self, message: &Message) -> Result<(), StoreError> {
        let is_on = match message.channel {
            Channel::Email => self.mail.is_some(),
            Channel::Sms => self.sms,
        };
        if !is_on {
            if self.store.keep_message(message).await? {
                log(message, "message_in_outbox");
            }
            return Ok(());
        }
        match self.store.claim_message(message).await? {
            Claim::Done => Ok(()),
            // Another delivery of it is being sent this moment, or was killed. It is asked for again when that is clear.
            Claim::Underway => Err(StoreError::Busy),
            Claim::Won => self.send_claimed(message).await,
        }
    }

    async fn send_claimed(&self, message: &Message) -> Result<(), StoreError> {
        match self.send_by_channel(message).await {
            Ok(receipt) => {
                log(message, "message_sent");
                self.store.end_message(message, State::Sent, &receipt).await
            }
            Err(Failure::Refused(why)) => {
                tracing::error!(
                    event_type = "message_refused",
                    orderId = %message.order_id,
                    channel = message.channel.as_str(),
                    recipient = message.channel.mask(&message.recipient),
                    why,
                    traceId = message.trace_id,
                );
                self.store.end_message(message, State::Refused, &why).await
            }
            Err(Failure::Throttled) => {
                self.store.release_message(message).await?;
                Err(StoreError::Busy)
            }
            Err(Failure::Failed(error)) => {
                self.store.release_message(message).await?;
                Err(error)
            }
            Err(Failure::Unknown(error)) => Err(error),
        }
    }

    /// One message through its service. A rate that is reached comes free again within a second or so; what was refused
    /// for it was certainly not sent, so it is tried again here.
    async fn send_by_channel(&self, message: &Message) -> Result<String, Failure> {
        let mut backoff = THROTTLED;
        loop {
            let sent = match (message.channel, &self.mail) {
                (Channel::Email, Some(mail)) => mail.send(message).await,
                (Channel::Email, None) => return Err(Failure::Failed(StoreError::Busy)),
                (Channel::Sms, _) => sms::send(&self.store, message).await,
            };
            match sent {
                Err(Failure::Throttled) if backoff.wait().await => {}
                Ok(_)
                | Err(Failure::Throttled | Failure::Refused(_) | Failure::Failed(_) | Failure::Unknown(_)) => {
                    return sent;
                }
            }
        }
    }
}

fn log(message: &Message, event_type: &'static str) {
    tracing::info!(
        event_type,
        orderId = %message.order_id,
        channel = message.channel.as_str(),
        recipient = message.channel.mask(&message.recipient),
        traceId = message.trace_id,
    );
}

impl Sender for CustomerMessages {
    /// All are tried, whatever becomes of one of them.
    async fn send(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for message in &messages {
            if let Err(error) = self.hand_over(message).await {
                outcome = Err(error);
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::Delivery;

    #[test]
    fn a_channel_is_off_unless_it_is_switched_on() {
        assert_eq!(Delivery::read(|_| None), Delivery::default());
        assert_eq!(Delivery::read(|_| Some(String::new())), Delivery::default());
        let read = |name| match name {
            "MAIL_FROM" => Some("shop@example.com".to_owned()),
            _ => Some("true".to_owned()),
        };
        let on = Delivery {
            mail_from: Some("shop@example.com".to_owned()),
            sms: true,
        };
        assert_eq!(Delivery::read(read), on);
    }
}
