//! Order notification: tells the customer by mail and SMS what became of the order (the seed's section 3).
//!
//! A topic's delivery comes in; what it says goes out through the [`Sender`]. A delivery that comes twice sends nothing
//! twice, for each message has a key made of order, status and channel.

mod message;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::Arc;

use domain::{Order, OrderId, OrderStatus};
use ports::function::aws_lambda_events::sns::{SnsEvent, SnsRecord};
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::notify::{Channel, Message, Sender};
use ports::orders::OrderQueries;
use ports::trace::{self, Segment, Service, ServiceKind};

use message::{Notification, Recipients, Status};
use texts::Texts;

/// The order notification function.
#[derive(Debug)]
pub struct OrderNotification<S, N, M> {
    store: Arc<S>,
    sender: Arc<N>,
    metrics: Arc<M>,
}

impl<S, N, M> OrderNotification<S, N, M> {
    /// The function over these ports.
    pub fn new(store: Arc<S>, sender: Arc<N>, metrics: Arc<M>) -> Self {
        Self {
            store,
            sender,
            metrics,
        }
    }
}

impl<S, N, M> OrderNotification<S, N, M>
where
    S: OrderQueries + 'static,
    N: Sender + 'static,
    M: Metrics + 'static,
{
    /// Sends what the deliveries of `event` call for.
    ///
    /// # Errors
    /// `InvalidMessage` for a delivery that says nothing we know, `OrderNotFound` for an unknown order, `StoreFailed` and
    /// `SendFailed` when a port fails. The topic delivers again then; nothing is sent twice.
    pub async fn handle(&self, event: &SnsEvent, context: &Context) -> Result<(), FunctionError> {
        let mut messages = Vec::new();
        for record in &event.records {
            messages.extend(self.messages(record, context).await?);
        }
        if messages.is_empty() {
            return Ok(());
        }
        let sent: Vec<Sent> = messages.iter().map(Sent::of).collect();
        let senders: Vec<Segment> = sent.iter().map(call_sender).collect();
        let outcome = self.sender.send(messages).await;
        senders.into_iter().for_each(|sender| sender.end(&outcome));
        outcome.map_err(|failure| FunctionError {
            error_type: "SendFailed".to_owned(),
            message: crate::with_causes(&failure),
        })?;
        for Sent {
            order,
            channel,
            recipient,
        } in sent
        {
            let channel = channel.as_str();
            self.metrics
                .count("NotificationsSent", &[("Channel", channel)], 1);
            tracing::info!(event_type = "notification_sent", orderId = %order, channel, recipient, traceId = &*context.trace_id);
        }
        Ok(())
    }

    async fn messages(&self, record: &SnsRecord, context: &Context) -> Result<Vec<Message>, FunctionError> {
        let notification = Notification::parse(&record.sns.message)?;
        let mut recipients = notification.recipients();
        let mut trace_id = notification
            .trace_id
            .clone()
            .unwrap_or_else(|| context.trace_id.as_ref().into());
        // The workflow's own messages name no recipients: they would be in every state's input otherwise.
        if recipients.is_empty() {
            let order = self.find_order(notification.order_id).await?;
            if is_told_already(&notification, &order) {
                return Ok(Vec::new());
            }
            recipients = Recipients {
                email: order.placed.customer_email.clone(),
                phone: order.placed.customer_phone.clone(),
            };
            trace_id.clone_from(&order.placed.trace_id);
        }
        Ok(compose(&notification, recipients, &trace_id))
    }

    async fn find_order(&self, id: OrderId) -> Result<Order, FunctionError> {
        let error = |error_type: &str, message| FunctionError {
            error_type: error_type.to_owned(),
            message,
        };
        let found = self.store.get_order(id).await;
        found
            .map_err(|failure| error("StoreFailed", crate::with_causes(&failure)))?
            .ok_or_else(|| error("OrderNotFound", format!("there is no order {id}")))
    }
}

/// What the log tells of a message.
struct Sent {
    order: OrderId,
    channel: Channel,
    /// Masked.
    recipient: String,
}

impl Sent {
    fn of(message: &Message) -> Self {
        Self {
            order: message.order_id,
            channel: message.channel,
            recipient: message.channel.mask(&message.recipient),
        }
    }
}

/// A call of a sender begins.
fn call_sender(sent: &Sent) -> Segment {
    let service = Service::new(sent.channel.as_str(), ServiceKind::External);
    let mut segment = trace::call(service, "Send");
    segment.order(sent.order);
    segment
}

/// The payment of an order that was cancelled meanwhile ends as failed. Its customer was told of the cancellation, and a
/// failure on top of it would only worry them.
fn is_told_already(notification: &Notification, order: &Order) -> bool {
    notification.status == Status::Failed && order.state.status == OrderStatus::Cancelled
}

fn compose(notification: &Notification, recipients: Recipients, trace_id: &str) -> Vec<Message> {
    let id = notification.order_id.to_string();
    let texts = Texts::new(notification, &id);
    let message = |channel: Channel, recipient: String| {
        let (subject, body) = match channel {
            Channel::Email => (texts.subject(), texts.email()),
            Channel::Sms => (String::new(), texts.sms()),
        };
        Message {
            key: [&id, ":", notification.status.as_str(), ":", channel.as_str()].concat(),
            order_id: notification.order_id,
            channel,
            recipient,
            subject,
            body,
            trace_id: trace_id.to_owned(),
        }
    };
    let email = recipients.email.map(|email| message(Channel::Email, email));
    let sms = recipients.phone.map(|phone| message(Channel::Sms, phone));
    email.into_iter().chain(sms).collect()
}

impl<S, N, M> Handler for OrderNotification<S, N, M>
where
    S: OrderQueries + 'static,
    N: Sender + 'static,
    M: Metrics + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move {
            match invocation {
                Invocation::Sns(event) => self.handle(&event, &context).await.map(|()| Reply::Done),
                Invocation::Api(_) | Invocation::Sqs(_) | Invocation::Stream(_) | Invocation::Direct(_) => {
                    Err(crate::wrong_event("order-notification", "a topic's delivery"))
                }
            }
        })
    }
}
