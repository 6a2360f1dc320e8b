//! From the template's description of the system to the engine's settings.
//!
//! The engine plays fixed parts with what the template defines: it finds its orders table, queue and topic by their
//! logical ids, which are the seed's, and everything else (names, limits, subscriptions, event sources) as it stands.

mod unserved;

use std::path::PathBuf;
use std::sync::Arc;

use ports::access::{QuotaPeriod, UsagePlan};
use ports::trace::NoRecorder;
use template::{Endpoint, EventSource, Function, LogicalId, Period, Queue, System};

use self::unserved::DONE_IN_TRANSACTIONS;
use crate::settings::{
    FunctionSettings, Limits, MachineSettings, QueueSettings, QueueSourceSettings, Settings,
    StreamSourceSettings, SubscriberSettings, SubscriptionSettings, TopicSettings,
};
use crate::time::Time;

/// What the template lacks for the engine to run it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A resource that plays a part isn't there.
    #[error("the template has no {kind} {id}: the engine needs it to play its part")]
    Missing {
        /// `table`, `queue`, `topic` or `state machine`.
        kind: &'static str,
        /// Its logical id.
        id: &'static str,
    },
    /// A subscription that the engine can't serve.
    #[error(
        "subscription {name}: only functions and mail addresses can be subscribed on one machine; {endpoint} can't"
    )]
    Endpoint {
        /// The subscription's name.
        name: String,
        /// What it delivers to.
        endpoint: String,
    },
}

impl Settings {
    /// The settings for the system, with its database in `data_dir`.
    ///
    /// # Errors
    /// All that the template lacks.
    pub fn from_system(system: &System, data_dir: PathBuf) -> Result<Self, Vec<SettingsError>> {
        let mut errors = Vec::new();
        let mut need = |found: Option<String>, kind: &'static str, id: &'static str| {
            found.unwrap_or_else(|| {
                errors.push(SettingsError::Missing { kind, id });
                String::new()
            })
        };
        let orders_table = need(
            system.table("OrdersTable").map(|t| t.name.clone()),
            "table",
            "OrdersTable",
        );
        let inventory_table = need(
            system.table("InventoryTable").map(|t| t.name.clone()),
            "table",
            "InventoryTable",
        );
        let order_queue = need(
            system.queue("OrderProcessingQueue").map(|q| q.name.clone()),
            "queue",
            "OrderProcessingQueue",
        );
        let notification_topic = need(
            system.topic("OrderNotificationTopic").map(|t| t.name.clone()),
            "topic",
            "OrderNotificationTopic",
        );
        let machine = system.state_machines.first().map(|machine| MachineSettings {
            name: machine.name.clone(),
            arn: machine.arn.as_str().to_owned(),
            definition: machine.definition.clone(),
        });
        if machine.is_none() {
            errors.push(SettingsError::Missing {
                kind: "state machine",
                id: "OrderProcessingStateMachine",
            });
        }
        let mut topics = Vec::new();
        for topic in &system.topics {
            let subscriptions = topic
                .subscriptions
                .iter()
                .filter_map(|s| subscription(system, s).map_err(|error| errors.push(error)).ok())
                .collect();
            topics.push(TopicSettings {
                name: topic.name.clone(),
                arn: topic.arn.as_str().to_owned(),
                subscriptions,
            });
        }
        let Some(machine) = machine.filter(|_| errors.is_empty()) else {
            return Err(errors);
        };
        Ok(Self {
            data_dir,
            must_exist: false,
            time: Time::System,
            queues: system
                .queues
                .iter()
                .map(|queue| queue_settings(system, queue))
                .collect(),
            order_queue,
            topics,
            notification_topic,
            functions: system
                .functions
                .iter()
                .filter(|function| !DONE_IN_TRANSACTIONS.contains(&function.name.as_str()))
                .map(|function| function_settings(system, function))
                .collect(),
            functions_dead_letter_queues: system
                .functions
                .iter()
                .filter_map(|function| queue_name(system, function.dead_letter_queue.as_ref()?))
                .collect(),
            machine,
            orders_table,
            inventory_table,
            usage_plan: usage_plan(system),
            alarms: system.alarms.clone(),
            limits: Limits::default(),
            faults: Arc::default(),
            recorder: Arc::new(NoRecorder),
        })
    }

    /// Whether everything that is named exists.
    pub(crate) fn check(&self) -> Result<(), String> {
        let queue = |name: &str| self.queues.iter().any(|queue| queue.name == name);
        if !queue(&self.order_queue) {
            return Err(format!("there is no queue {}", self.order_queue));
        }
        let unknown = self
            .queues
            .iter()
            .filter_map(|q| q.dead_letter_queue.as_deref())
            .find(|name| !queue(name));
        match unknown {
            Some(name) => Err(format!("there is no dead-letter queue {name}")),
            None => Ok(()),
        }
    }
}

fn queue_name(system: &System, id: &LogicalId) -> Option<String> {
    system.queue(id.as_str()).map(|queue| queue.name.clone())
}

fn subscription(
    system: &System,
    subscription: &template::Subscription,
) -> Result<SubscriptionSettings, SettingsError> {
    let refuse = |endpoint: String| {
        Err(SettingsError::Endpoint {
            name: subscription.name.clone(),
            endpoint,
        })
    };
    let mut dead_letter_queue = subscription.dead_letter_queue.as_ref();
    let subscriber = match &subscription.endpoint {
        Endpoint::Lambda(id) => {
            let function = system.function(id.as_str());
            // On AWS, what the function kept failing on goes to its own queue, and to the subscription's what could
            // not be handed to the function at all. Here one worker does both.
            dead_letter_queue = function
                .and_then(|function| function.dead_letter_queue.as_ref())
                .or(dead_letter_queue);
            SubscriberSettings::Function(function.map_or_else(String::new, |f| f.name.clone()))
        }
        Endpoint::Email(address) => SubscriberSettings::Mail(address.clone()),
        Endpoint::EmailJson(address) => SubscriberSettings::MailJson(address.clone()),
        Endpoint::Sqs(queue) => return refuse(format!("queue {queue}")),
        Endpoint::Sms(number) => return refuse(number.clone()),
        Endpoint::Http(url) => return refuse(url.clone()),
    };
    Ok(SubscriptionSettings {
        name: subscription.name.clone(),
        subscriber,
        filter: subscription.filter.clone(),
        dead_letter_queue: dead_letter_queue.and_then(|id| queue_name(system, id)),
    })
}

fn queue_settings(system: &System, queue: &Queue) -> QueueSettings {
    QueueSettings {
        name: queue.name.clone(),
        arn: queue.arn.as_str().to_owned(),
        visibility_timeout_ms: i64::from(queue.visibility_timeout.0) * 1000,
        retention_ms: i64::from(queue.retention.0) * 1000,
        max_receive_count: queue.redrive.as_ref().map(|redrive| redrive.max_receive_count),
        dead_letter_queue: queue
            .redrive
            .as_ref()
            .and_then(|r| queue_name(system, &r.dead_letter_queue)),
    }
}

fn function_settings(system: &System, function: &Function) -> FunctionSettings {
    let mut queue_sources = Vec::new();
    let mut stream_source = None;
    for event in &function.events {
        match &event.source {
            EventSource::Sqs(source) if source.enabled => queue_sources.push(QueueSourceSettings {
                queue: queue_name(system, &source.queue).unwrap_or_default(),
                batch_size: source.batch_size as usize,
                report_batch_item_failures: source.report_batch_item_failures,
                maximum_concurrency: source.maximum_concurrency.map(|maximum| maximum as usize),
            }),
            EventSource::DynamoDbStream(source) if source.enabled => {
                stream_source = Some(StreamSourceSettings {
                    batch_size: source.batch_size,
                    maximum_retry_attempts: source.maximum_retry_attempts,
                    bisect_on_error: source.bisect_on_error,
                    on_failure: source.on_failure.as_ref().and_then(|id| queue_name(system, id)),
                });
            }
            EventSource::Sqs(_)
            | EventSource::DynamoDbStream(_)
            | EventSource::Api(_)
            | EventSource::Sns { .. }
            | EventSource::Schedule(_) => {}
        }
    }
    FunctionSettings {
        name: function.name.clone(),
        arn: function.arn.as_str().to_owned(),
        timeout_ms: u64::from(function.timeout.0) * 1000,
        reserved_concurrency: function.reserved_concurrency.map(|count| count as usize),
        queue_sources,
        stream_source,
    }
}

/// The plan of the template's first interface that has one; without any, nothing is limited.
fn usage_plan(system: &System) -> UsagePlan {
    let plan = system
        .apis
        .iter()
        .find_map(|api| api.usage_plan.as_ref())
        .or(system.usage_plans.first());
    let throttle = plan.and_then(|plan| plan.throttle);
    let quota = plan.and_then(|plan| plan.quota);
    UsagePlan {
        // A rate below one a second is rounded up: a plan that lets nothing through says so by a quota of 0.
        rate_per_s: throttle.and_then(|t| u32::try_from(t.rate_per_s.ceil()).ok()),
        burst: throttle.map(|throttle| throttle.burst),
        quota: quota.map(|quota| quota.limit),
        period: match quota.map(|quota| quota.period) {
            Some(Period::Day) => QuotaPeriod::Day,
            Some(Period::Week) => QuotaPeriod::Week,
            Some(Period::Month) | None => QuotaPeriod::Month,
        },
    }
}
