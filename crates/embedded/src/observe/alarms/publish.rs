//! A change of an alarm's state: told to its topics, then remembered. In this order, so that what a crash cuts off is told
//! again and not forgotten.

use domain::Timestamp;
use ports::clock::Clock;
use ports::observability::{AlarmState, AlarmTransition};
use serde_json::json;

use super::Judged;
use super::judge::statistic_name;
use super::remembered::{Remembered, remember};
use crate::Engine;
use crate::error::Chain;
use crate::observe::store::Store;
use crate::topic::{Attributes, Publication, publish};
use crate::tx::Tx;
use crate::writer::Command;

/// Tells and remembers that the alarm changed at `at`; `false` when it could not be told, and nothing is remembered then.
pub(super) async fn change(
    engine: &Engine,
    store: &Store,
    before: &Remembered,
    judged: &Judged,
    at: Timestamp,
) -> bool {
    let name = &judged.alarm.name;
    let (from, to, reason) = (before.state, judged.state, &judged.reason);
    match to {
        AlarmState::Alarm => {
            tracing::error!(
                event_type = "alarm_raised",
                alarm = name,
                from = from.as_str(),
                reason
            );
        }
        AlarmState::Ok | AlarmState::InsufficientData => {
            tracing::info!(
                event_type = "alarm_changed",
                alarm = name,
                from = from.as_str(),
                to = to.as_str(),
                reason
            );
        }
    }
    // An alarm that is evaluated for the first time and finds all well has nothing to tell anybody.
    let is_news = to == AlarmState::Alarm || !before.is_first;
    if judged.alarm.actions_enabled && is_news {
        let command = PublishAlarm(publications(engine, before, judged, at));
        if let Err(error) = engine.writer().execute(command).await {
            tracing::error!(event_type = "alarm_not_published", alarm = name, error = %Chain(&error));
            return false;
        }
    }
    let change = AlarmTransition {
        alarm: name.clone(),
        at,
        from,
        to,
        reason: reason.clone(),
    };
    if let Err(error) = remember(store, change).await {
        tracing::error!(event_type = "alarm_not_remembered", alarm = name, error = %Chain(&error));
        return false;
    }
    true
}

/// The alarm's message to each of its topics, in CloudWatch's form.
fn publications(engine: &Engine, before: &Remembered, judged: &Judged, at: Timestamp) -> Vec<Publication> {
    let alarm = &judged.alarm;
    let topics = match judged.state {
        AlarmState::Alarm => alarm.alarm_actions.as_slice(),
        AlarmState::Ok => alarm.ok_actions.as_slice(),
        AlarmState::InsufficientData => &[],
    };
    let dimension = |d: &template::Dimension| json!({"name": d.name, "value": d.value});
    let body = json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "NewStateValue": judged.state.as_str(),
        "NewStateReason": judged.reason,
        "StateChangeTime": at,
        "OldStateValue": before.state.as_str(),
        "Trigger": {
            "MetricName": alarm.metric,
            "Namespace": alarm.namespace,
            "Statistic": statistic_name(alarm),
            "Dimensions": alarm.dimensions.iter().map(dimension).collect::<Vec<_>>(),
            "Period": alarm.period.0,
            "EvaluationPeriods": alarm.evaluation_periods,
            "DatapointsToAlarm": alarm.datapoints_to_alarm,
            "Threshold": alarm.threshold.to_string(),
        },
    });
    let subject = format!("{}: \"{}\"", judged.state.as_str(), alarm.name);
    let publication = |topic: &template::Arn| {
        Publication::new(
            engine,
            topic.as_str(),
            Some(subject.clone()),
            body.to_string(),
            Attributes::new(),
            "".into(),
            engine.time().now(),
        )
    };
    topics.iter().filter_map(publication).collect()
}

struct PublishAlarm(Vec<Publication>);

impl Command for PublishAlarm {
    type Output = ();

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        self.0.iter().try_for_each(|publication| publish(tx, publication))
    }
}
