//! What the order's rows tell: in the orders table, the ledger, the holds, the queues, the topics and the outbox.

use domain::{OrderId, OrderStatus, PlacedOrder, Timestamp};
use ports::notify::Channel;
use ports::payment::ChargeOutcome;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

use super::history::Told;
use super::words::{because, lines, money, sentence, times};
use super::{Facts, Place};
use crate::ledger::Recorded;
use crate::orders::OrderRow;
use crate::{Engine, Settings, outbox};

/// The order's placing, and the message that was sent with it.
pub(super) fn of_placing(facts: &mut Facts, settings: &Settings, placed: &PlacedOrder) {
    let items = lines(
        placed
            .items
            .iter()
            .map(|line| (line.product_id.as_str(), line.quantity.get())),
    );
    let total = money(placed.total_amount, placed.currency);
    let at = placed.created_at;
    facts.add(
        at,
        Place::Before(0),
        "order",
        OrderStatus::Pending.as_str(),
        format!("{} ordered {items} for {total}.", placed.customer_id),
        json!({ "traceId": placed.trace_id, "totalAmount": placed.total_amount, "currency": placed.currency }),
    );
    let queue = &settings.order_queue;
    let summary = format!("The order's message was put on {queue}.");
    facts.add(
        at,
        Place::Before(1),
        "queue",
        "MessageSent",
        summary,
        json!({ "queue": queue }),
    );
}

/// The statuses that the execution didn't tell of: its own beginning, and what came from outside of it.
pub(super) fn of_status(facts: &mut Facts, row: &OrderRow, told: &Told) {
    let status = row.status.as_str();
    let known = told.statuses.iter().any(|told| told == status);
    // Whoever reads the order itself is told of damage; the other facts stand all the same.
    let attributes = row.attributes().unwrap_or_default();
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    if row.status.is_final() && !known {
        let summary = status_in_words(status, text("failureReason"));
        facts.add(
            row.updated_at,
            Place::After(1),
            "order",
            status,
            summary,
            Value::Null,
        );
    }
    if let (Some(why), false) = (text("attention"), told.attention) {
        let summary = sentence(format!("The order needs a person's attention: {why}"));
        facts.add(
            row.updated_at,
            Place::After(2),
            "order",
            "NEEDS_ATTENTION",
            summary,
            Value::Null,
        );
    }
}

/// The order's execution was started: its message was received, and the order marked and announced.
pub(super) fn of_beginning(facts: &mut Facts, settings: &Settings, at: Timestamp) {
    let queue = &settings.order_queue;
    let received = format!("Order processing received the message from {queue}.");
    facts.add(
        at,
        Place::Before(2),
        "queue",
        "MessageReceived",
        received,
        json!({ "queue": queue }),
    );
    let status = OrderStatus::Processing.as_str();
    facts.add(
        at,
        Place::Before(3),
        "order",
        status,
        status_in_words(status, None),
        Value::Null,
    );
    let topic = &settings.notification_topic;
    let published = format!("The news {status} was published on {topic}.");
    facts.add(
        at,
        Place::Before(4),
        "notification",
        "Published",
        published,
        json!({ "topic": topic }),
    );
}

/// A status that an order came to.
pub(super) fn status_in_words(status: &str, reason: Option<&str>) -> String {
    sentence(match status {
        "PROCESSING" => "The order is being processed".to_owned(),
        "COMPLETED" => "The order is complete".to_owned(),
        "FAILED" => format!("The order failed{}", because(reason)),
        "CANCELLED" => format!("The order was cancelled{}", because(reason)),
        other => format!("The order is {other}"),
    })
}

/// An entry of the gateway's ledger.
pub(super) fn of_payment(facts: &mut Facts, recorded: &Recorded, told: &Told) {
    let entry = &recorded.entry;
    let amount = money(entry.amount, entry.currency);
    let detail = json!({
        "paymentId": entry.payment_id, "idempotencyKey": entry.idempotency_key,
        "amount": entry.amount, "currency": entry.currency,
    });
    let (event, summary) = match &entry.outcome {
        ChargeOutcome::Declined(reason) => (
            "DECLINED",
            format!("The payment of {amount} was declined{}", because(Some(reason))),
        ),
        ChargeOutcome::Charged | ChargeOutcome::Refunded => {
            ("CHARGED", format!("{amount} were charged ({})", entry.payment_id))
        }
    };
    let place = told.place_of("processPayment", entry.at);
    facts.add(
        entry.at,
        place,
        "payment",
        event,
        sentence(summary),
        detail.clone(),
    );
    if let Some(at) = recorded.refunded_at {
        let summary = format!("{amount} were given back ({}).", entry.payment_id);
        facts.add(
            at,
            told.place_of("refundPayment", at),
            "payment",
            "REFUNDED",
            summary,
            detail,
        );
    }
}

/// The stock that the order took and gave back.
pub(super) fn of_stock(
    facts: &mut Facts,
    connection: &Connection,
    order_key: i64,
    told: &Told,
) -> rusqlite::Result<()> {
    let hold: Option<(String, i64, Option<i64>)> = connection
        .prepare_cached("SELECT lines, at, released_at FROM holds WHERE order_key = ?1")?
        .query_row([order_key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((held, at, released_at)) = hold else {
        return Ok(());
    };
    let held: Vec<(String, u32)> = serde_json::from_str(&held).unwrap_or_default();
    let items = lines(
        held.iter()
            .map(|(product, quantity)| (product.as_str(), *quantity)),
    );
    let detail = json!({ "lines": held });
    if !held.is_empty() {
        let at = Timestamp::from_ms(at);
        let summary = format!("{items} were taken from stock.");
        facts.add(
            at,
            told.place_of("updateInventory", at),
            "stock",
            "TAKEN",
            summary,
            detail.clone(),
        );
    }
    if let Some(at) = released_at.map(Timestamp::from_ms) {
        let summary = match held.is_empty() {
            false => format!("{items} were put back into stock."),
            true => "No stock had been taken; from now on none can be.".to_owned(),
        };
        facts.add(
            at,
            told.place_of("refundPayment", at),
            "stock",
            "RELEASED",
            summary,
            detail,
        );
    }
    Ok(())
}

/// Messages about the order that were not handled yet, or never.
pub(super) fn of_messages(
    facts: &mut Facts,
    engine: &Engine,
    connection: &Connection,
    order: &OrderRow,
    trace: &str,
) -> rusqlite::Result<()> {
    if order.status == OrderStatus::Pending {
        let mut waiting = connection.prepare_cached(
            "SELECT queue, receives, visible_at, last_error FROM messages
             WHERE source IS NULL AND trace = ?1 AND receives > 0",
        )?;
        let mut rows = waiting.query([trace])?;
        while let Some(row) = rows.next()? {
            let queue = queue_name(engine, row.get(0)?);
            let receives: u32 = row.get(1)?;
            let error: Option<String> = row.get(3)?;
            let hidden_ms = engine
                .queues()
                .get(queue)
                .map_or(0, |queue| queue.settings.visibility_timeout_ms);
            let at = Timestamp::from_ms(row.get::<_, i64>(2)?.saturating_sub(hidden_ms));
            let summary = sentence(format!(
                "The message was received {}{}",
                times(receives),
                because(error.as_deref())
            ));
            let detail = json!({ "queue": queue, "receiveCount": receives });
            facts.add(
                at.max(order.id.created_at()),
                Place::Before(2),
                "queue",
                "MessageReceived",
                summary,
                detail,
            );
        }
    }
    of_deliveries(facts, engine, connection, trace)?;
    let mut dead = connection.prepare_cached(
        "SELECT seq, queue, receives, visible_at, last_error, source FROM messages
         WHERE source IS NOT NULL AND trace = ?1",
    )?;
    let mut rows = dead.query([trace])?;
    while let Some(row) = rows.next()? {
        let queue = queue_name(engine, row.get(1)?);
        let receives: u32 = row.get(2)?;
        let error: Option<String> = row.get(4)?;
        let source: String = row.get(5)?;
        let (kind, from) = source.split_once(':').unwrap_or(("queue", &source));
        let (source, what) = if kind == "queue" {
            ("queue", "message")
        } else {
            ("notification", "notification")
        };
        let summary = sentence(format!(
            "The {what} of {from} failed {} and waits in {queue}{}",
            times(receives),
            because(error.as_deref())
        ));
        let detail = json!({ "queue": queue, "messageId": row.get::<_, i64>(0)?.to_string(), "receiveCount": receives });
        let at = Timestamp::from_ms(row.get(3)?);
        facts.add(
            at,
            Place::After(3),
            source,
            "MessageDeadLettered",
            summary,
            detail,
        );
    }
    Ok(())
}

/// Deliveries that failed and will be tried again.
fn of_deliveries(
    facts: &mut Facts,
    engine: &Engine,
    connection: &Connection,
    trace: &str,
) -> rusqlite::Result<()> {
    let mut failing = connection.prepare_cached(
        "SELECT subscription, attempts, published_at, last_error FROM deliveries
         WHERE trace = ?1 AND attempts > 0 AND last_error IS NOT NULL",
    )?;
    let mut rows = failing.query([trace])?;
    while let Some(row) = rows.next()? {
        let subscription = engine
            .names()
            .name("subscription", row.get(0)?)
            .unwrap_or("a subscription");
        let attempts: u32 = row.get(1)?;
        let error: Option<String> = row.get(3)?;
        let summary = sentence(format!(
            "The notification to {subscription} failed {} and will be tried again{}",
            times(attempts),
            because(error.as_deref())
        ));
        let detail = json!({ "subscription": subscription, "attempts": attempts });
        let at = Timestamp::from_ms(row.get(2)?);
        facts.add(
            at,
            Place::After(3),
            "notification",
            "DeliveryFailed",
            summary,
            detail,
        );
    }
    Ok(())
}

fn queue_name(engine: &Engine, id: i64) -> &str {
    engine.names().name("queue", id).unwrap_or("a queue")
}

/// What was sent to the customer. Recipients are masked: a timeline is copied into tickets and chats.
pub(super) fn of_outbox(facts: &mut Facts, connection: &Connection, id: OrderId) -> rusqlite::Result<()> {
    for entry in outbox::list_of(connection, id)? {
        let (channel, what) = match entry.channel.as_str() {
            "sms" => (Channel::Sms, "An SMS"),
            _ => (Channel::Email, "An e-mail"),
        };
        let recipient = channel.mask(&entry.recipient);
        let text = if entry.subject.is_empty() {
            &entry.body
        } else {
            &entry.subject
        };
        let summary = sentence(format!("{what} was sent to {recipient}: {text}"));
        let detail = json!({ "channel": entry.channel, "recipient": recipient });
        facts.add(entry.at, Place::After(0), "notification", "Sent", summary, detail);
    }
    Ok(())
}
