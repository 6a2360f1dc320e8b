//! Which alarms look at something that there is on one machine, and what their numbers are of.

use ports::observability::Alarm;

use crate::view::chart::number;
use crate::view::duration_ms;

/// Functions whose work the engine does within its own transactions: nobody calls them here.
const NEVER_CALLED: [&str; 2] = ["order-feed", "order-sweep"];

/// Whether its metric is measured here. What only AWS has (`docs/observability.md`) can't ring here, so it is neither well nor
/// unwell; but what has a value is measured, whatever it is called.
pub(crate) fn is_measured(alarm: &Alarm) -> bool {
    let is_of_nobody = |(_, value): &(String, String)| NEVER_CALLED.contains(&value.as_str());
    let is_foreign = alarm.namespace == "AWS/DynamoDB"
        || alarm.metric == "IteratorAge"
        || (alarm.namespace == "AWS/Lambda" && alarm.dimensions.iter().any(is_of_nobody));
    !is_foreign || alarm.readings.iter().any(|reading| reading.value.is_some())
}

/// A value of the alarm's metric as a person reads it: `10 min` and not 600000.
pub(super) fn amount(metric: &str, value: f64) -> String {
    let ms_each = match metric {
        "Duration" | "IteratorAge" | "Latency" | "IntegrationLatency" | "ExecutionTime" => 1.0,
        "ApproximateAgeOfOldestMessage" => 1_000.0,
        _ => return number(value),
    };
    duration_ms((value * ms_each).round() as i64)
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use ports::observability::{Alarm, AlarmReading, AlarmState};

    use super::{amount, is_measured};

    fn alarm(namespace: &str, metric: &str, function: &str, value: Option<f64>) -> Alarm {
        let at = Timestamp::from_ms(0);
        Alarm {
            name: "A".to_owned(),
            description: None,
            state: AlarmState::Ok,
            reason: String::new(),
            since: at,
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            dimensions: vec![("FunctionName".to_owned(), function.to_owned())],
            statistic: "Sum".to_owned(),
            period_s: 60,
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            comparison: "GreaterThanThreshold".to_owned(),
            threshold: "0".to_owned(),
            missing_data: "notBreaching".to_owned(),
            readings: vec![AlarmReading {
                at,
                value,
                breaches: None,
            }],
            topics: Vec::new(),
        }
    }

    #[test]
    fn what_only_aws_has_is_not_measured_here() {
        for (namespace, metric, function, is) in [
            ("AWS/Lambda", "Errors", "order-processing", true),
            ("AWS/Lambda", "Errors", "order-feed", false),
            ("AWS/Lambda", "Errors", "order-sweep", false),
            ("AWS/Lambda", "IteratorAge", "order-analytics", false),
            ("AWS/DynamoDB", "WriteThrottleEvents", "x", false),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "x", true),
        ] {
            assert_eq!(
                is_measured(&alarm(namespace, metric, function, None)),
                is,
                "{metric} {function}"
            );
            assert!(is_measured(&alarm(namespace, metric, function, Some(0.0))));
        }
    }

    #[test]
    fn times_are_told_as_times() {
        assert_eq!(amount("IteratorAge", 600_000.0), "10 min");
        assert_eq!(amount("ApproximateAgeOfOldestMessage", 900.0), "15 min");
        assert_eq!(amount("Latency", 2_000.0), "2.0 s");
        assert_eq!(amount("Errors", 600_000.0), "600,000");
    }
}
