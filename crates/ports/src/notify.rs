//! Messages to customers.

use std::future::Future;

use domain::OrderId;

use crate::StoreError;

/// How a message reaches the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By SMS.
    Sms,
}

impl Channel {
    /// `email` or `sms`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// Enough of a recipient to recognise, too little to write to: `c***@example.com`, `+49***21`. For logs and timelines.
    #[must_use]
    pub fn mask(self, recipient: &str) -> String {
        let first = |count| recipient.chars().take(count).collect::<String>();
        match self {
            Self::Email => match recipient.rsplit_once('@') {
                Some((_, host)) => [&first(1), "***@", host].concat(),
                None => "***".to_owned(),
            },
            Self::Sms => {
                let count = recipient.chars().count();
                let last: String = recipient.chars().skip(count.saturating_sub(2)).collect();
                if count < 8 {
                    "***".to_owned()
                } else {
                    [&first(3), "***", &last].concat()
                }
            }
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same for every repeat of this message: notification id and channel.
    pub key: String,
    /// The order it is about.
    pub order_id: OrderId,
    /// The way it goes.
    pub channel: Channel,
    /// An address or a phone number.
    pub recipient: String,
    /// One line; empty for SMS.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The trace that it belongs to.
    pub trace_id: String,
}

/// Sends messages.
pub trait Sender: Send + Sync {
    /// When it returns, every message is handed over: sent, or durable where a sender will take it up. A message
    /// whose key was handed over before is not sent again.
    fn send(&self, messages: Vec<Message>) -> impl Future<Output = Result<(), StoreError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::Channel;

    #[test]
    fn a_recipient_is_recognised_and_not_reached() {
        assert_eq!(Channel::Email.mask("customer@example.com"), "c***@example.com");
        assert_eq!(Channel::Email.mask("nobody"), "***");
        assert_eq!(Channel::Sms.mask("+4915112345621"), "+49***21");
        assert_eq!(Channel::Sms.mask("+49151"), "***");
    }
}
