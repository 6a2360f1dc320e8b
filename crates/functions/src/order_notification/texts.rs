//! The words that customers read.

use super::message::{Notification, Status};

/// What is said of an order, by the way it goes.
pub(super) struct Texts<'n> {
    notification: &'n Notification,
    /// The order's.
    id: &'n str,
}

impl<'n> Texts<'n> {
    pub(super) fn new(notification: &'n Notification, id: &'n str) -> Self {
        Self { notification, id }
    }

    /// The order's id as customers see it: its first eight digits, as in the seed's section 9, with dots after them.
    fn short_id(&self) -> &str {
        self.id.get(..8).unwrap_or(self.id)
    }

    /// The subject of a mail: `Order 550e8400... - PROCESSING`.
    pub(super) fn subject(&self) -> String {
        [
            "Order ",
            self.short_id(),
            "... - ",
            self.notification.status.as_str(),
        ]
        .concat()
    }

    /// The text of a mail.
    pub(super) fn email(&self) -> String {
        let mut text = [self.sentence(), "\n\nOrder: ", self.id, "\n"].concat();
        if let Some((amount, currency)) = self.notification.total() {
            text.extend(["Total: ", amount, " ", currency, "\n"]);
        }
        if self.notification.status == Status::Failed
            && let Some(reason) = &self.notification.reason
        {
            text.extend(["Reason: ", reason, "\n"]);
        }
        text
    }

    /// The text of an SMS, in one line.
    pub(super) fn sms(&self) -> String {
        ["Order ", self.short_id(), "...: ", self.sentence()].concat()
    }

    /// What happened. The publisher's own words come first; it knows more than the status says.
    fn sentence(&self) -> &str {
        if let Some(message) = self.notification.message.as_deref().filter(|m| !m.is_empty()) {
            return message;
        }
        match self.notification.status {
            Status::Processing => "Your order is being processed!",
            Status::Completed => "Your order is complete.",
            Status::Failed => "Your order could not be completed. You have not been charged.",
            Status::Cancelled => "Your order is cancelled. If it was paid, your payment is given back.",
            Status::Refunded => "Your order will not be delivered. Your payment has been given back.",
        }
    }
}
