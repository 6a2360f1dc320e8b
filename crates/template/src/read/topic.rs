//! `AWS::SNS::Topic`, and who listens to it: its own list, `AWS::SNS::Subscription`, and functions' SNS events.

use super::Found;
use crate::fault::Problem;
use crate::filter_policy::{self, FilterPolicy, FilterScope};
use crate::kind::Kind;
use crate::model::{Endpoint, LogicalId, Subscription, Topic};
use crate::section::Section;
use crate::shape::Shape;

/// A subscription that stands elsewhere than in its topic, to be added to it when all topics are there.
pub(super) struct Listener {
    pub topic: LogicalId,
    pub subscription: Subscription,
}

/// The topic with the listeners of its own list.
pub(super) fn read(mut found: Found<'_, '_>) -> Topic {
    let (id, arn) = (found.id(), found.arn());
    let mut subscriptions = Vec::new();
    for mut section in found
        .properties
        .sections("Subscription", Shape::TopicSubscription)
    {
        let endpoint = endpoint(&mut section);
        section.finish();
        subscriptions.extend(endpoint.map(|endpoint| Subscription {
            name: format!("{}{}", found.id, label(&endpoint)),
            endpoint,
            filter: None,
            dead_letter_queue: None,
            raw_message_delivery: false,
        }));
    }
    found.properties.finish();
    Topic {
        id,
        name: found.name,
        arn,
        subscriptions,
    }
}

/// What tells the listeners of one topic's list apart: whom they tell.
fn label(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Lambda(id) | Endpoint::Sqs(id) => id.as_str().to_owned(),
        Endpoint::Email(whom) | Endpoint::EmailJson(whom) | Endpoint::Sms(whom) | Endpoint::Http(whom) => {
            format!(":{whom}")
        }
    }
}

/// An `AWS::SNS::Subscription`.
pub(super) fn read_subscription(mut found: Found<'_, '_>) -> Option<Listener> {
    let topic = found
        .properties
        .require("TopicArn")
        .reference("TopicArn", Kind::Topic);
    let endpoint = endpoint(&mut found.properties);
    let (filter, dead_letter_queue) = delivery(&mut found.properties);
    let raw_message_delivery = found.properties.flag("RawMessageDelivery").unwrap_or(false);
    let name = found.id.to_owned();
    found.properties.finish();
    let subscription = Subscription {
        name,
        endpoint: endpoint?,
        filter,
        dead_letter_queue,
        raw_message_delivery,
    };
    Some(Listener {
        topic: topic?,
        subscription,
    })
}

/// The properties of an SNS event called `event` of `function`.
pub(super) fn read_event(
    section: &mut Section<'_, '_>,
    function: &LogicalId,
    event: &str,
) -> Option<Listener> {
    let topic = section.require("Topic").reference("Topic", Kind::Topic);
    let (filter, dead_letter_queue) = delivery(section);
    let subscription = Subscription {
        name: format!("{function}{event}"),
        endpoint: Endpoint::Lambda(function.clone()),
        filter,
        dead_letter_queue,
        raw_message_delivery: false,
    };
    Some(Listener {
        topic: topic?,
        subscription,
    })
}

/// What a subscription says of its deliveries, wherever it stands.
fn delivery(section: &mut Section<'_, '_>) -> (Option<FilterPolicy>, Option<LogicalId>) {
    let scopes = [
        ("MessageAttributes", FilterScope::MessageAttributes),
        ("MessageBody", FilterScope::MessageBody),
    ];
    let scope = section
        .word("FilterPolicyScope", &scopes)
        .unwrap_or(FilterScope::MessageAttributes);
    let policy = section.value("FilterPolicy").and_then(|at| {
        let node = section.cx.resolve_deep(&at.node, &at.pointer).ok().flatten()?;
        match filter_policy::parse(&node, &at.pointer, scope) {
            Ok(policy) => Some(policy),
            Err(faults) => {
                section.cx.report.extend(faults);
                None
            }
        }
    });
    let redrive = section.section("RedrivePolicy", Shape::SubscriptionRedrive);
    let dead_letter_queue = redrive.and_then(|mut redrive| {
        let queue = redrive
            .require("deadLetterTargetArn")
            .reference("deadLetterTargetArn", Kind::Queue);
        redrive.finish();
        queue
    });
    (policy, dead_letter_queue)
}

fn endpoint(section: &mut Section<'_, '_>) -> Option<Endpoint> {
    section.require("Protocol").require("Endpoint");
    let protocol = section.text("Protocol");
    match protocol.as_deref()? {
        "lambda" => section
            .reference("Endpoint", Kind::Function)
            .map(Endpoint::Lambda),
        "sqs" => section.reference("Endpoint", Kind::Queue).map(Endpoint::Sqs),
        "email" => section.text("Endpoint").map(Endpoint::Email),
        "email-json" => section.text("Endpoint").map(Endpoint::EmailJson),
        "sms" => section.text("Endpoint").map(Endpoint::Sms),
        "http" | "https" => section.text("Endpoint").map(Endpoint::Http),
        other => {
            let reason = "it has lambda, sqs, email, email-json, sms, http and https; use one of those";
            section.fault_at(
                "Protocol",
                Problem::Refused {
                    what: format!("{other} subscriptions"),
                    reason,
                },
            );
            section.value("Endpoint");
            None
        }
    }
}
