//! The words that customers read.

use super::message::{Notification, Status};

/// The order's id as customers see it: its first eight digits, as in the seed's section 9.
fn short_id(notification: &Notification) -> String {
    let id = notification.order_id.to_string();
    format!("{}...", id.get(..8).unwrap_or(&id))
}

/// The subject of a mail: `Order 550e8400... - PROCESSING`.
pub(super) fn subject(notification: &Notification) -> String {
    format!("Order {} - {}", short_id(notification), notification.status)
}

/// The text of a mail.
pub(super) fn email(notification: &Notification) -> String {
    let mut text = format!("{}\n\nOrder: {}\n", sentence(notification), notification.order_id);
    if let Some(total) = notification.total() {
        text += &format!("Total: {total}\n");
    }
    if notification.status == Status::Failed
        && let Some(reason) = &notification.reason
    {
        text += &format!("Reason: {reason}\n");
    }
    text
}

/// The text of an SMS, in one line.
pub(super) fn sms(notification: &Notification) -> String {
    format!("Order {}: {}", short_id(notification), sentence(notification))
}

/// What happened. The publisher's own words come first; it knows more than the status says.
fn sentence(notification: &Notification) -> &str {
    if let Some(message) = notification.message.as_deref().filter(|m| !m.is_empty()) {
        return message;
    }
    match notification.status {
        Status::Processing => "Your order is being processed!",
        Status::Completed => "Your order is complete.",
        Status::Failed => "Your order could not be completed. You have not been charged.",
        Status::Cancelled => "Your order is cancelled. If it was paid, your payment is given back.",
        Status::Refunded => "Your order will not be delivered. Your payment has been given back.",
    }
}
